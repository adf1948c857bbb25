import JSON
import Model
import TestSupport
import Testing

@testable import Transfer

@Suite struct ShapeCheckTests {
    private func words(_ change: (inout Collection) -> Void) -> [String] {
        var shape = Sample.everyType("c")
        change(&shape)
        return ShapeCheck.columns(of: shape, wanted: Sample.everyType("c"))
            .flatMap { check in check.differences.map { "\(check.name) \($0)" } }
    }

    @Test func whatDiffersIsNamed() {
        #expect(words { $0.fields.append(Field(name: "more", type: .bool)) } == [])
        #expect(words { $0.key.type = .uuid } == ["key expected type text(64), found uuid"])
        #expect(words { $0.vectors.removeLast() } == ["vectors v_multi: missing"])
        #expect(words { $0.vectors[0].dimension = 9 } == ["vectors v_float32: expected dimension 8, found 9"])
        #expect(words { $0.vectors[0].metric = nil } == ["vectors v_float32: expected metric cosine, found none"])
        #expect(words { $0.fields[4].type = .double } == ["fields f_int64: expected type int64, found double"])
        #expect(words { $0.fields.remove(at: 4) } == [])
        #expect(
            words {
                $0.fields.remove(at: 4)
                $0.isOpen = false
            } == ["fields f_int64: missing", "fields no open payload"])
    }

    @Test func indexesAreComparedByWhatTheyDo() {
        let wanted = Index(name: "i", field: "v", type: "hnsw", metric: .l2, params: ["m": 16])
        func words(_ indexes: [Index], _ states: [String: IndexState] = [:]) -> [String] {
            var shape = Sample.plain("c")
            shape.indexes = indexes
            let description = Description(collection: shape, identity: Identity("x"), states: states)
            return ShapeCheck.indexes(of: description, wanted: [wanted]).differences
        }
        var other = wanted
        other.name = "another"
        other.params["ef"] = 5
        #expect(words([wanted]) == [] && words([other]) == [])
        #expect(words([]) == ["i: missing"])
        other.params["m"] = 32
        #expect(words([other]) == ["i: expected m 16, found 32"])
        other.metric = .ip
        #expect(words([other]) == ["i: expected metric l2, found ip"])
        other.type = "ivf"
        #expect(words([other]) == ["i: expected type hnsw, found ivf"])
        #expect(words([wanted], ["i": IndexState(.failed, indexed: 0)]) == ["i: it could not be built"])
    }
}
