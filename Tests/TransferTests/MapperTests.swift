import JSON
import Model
import TestSupport
import Testing

@testable import Transfer

@Suite struct MapperTests {
    private let shape = Collection(
        name: "c", key: KeyField(type: .text(maxLength: nil)),
        vectors: [VectorField(name: "v", dimension: 2), VectorField(name: "w", dimension: 2, isNullable: true)],
        fields: [Field(name: "a", type: .int64), Field(name: "b", type: .text(maxLength: nil))], isOpen: true)
    private let line = #"{"key":"k","vectors":{"v":[1,2]},"fields":{"a":5,"b":null,"x":1,"tenant":"old"}}"#

    private func mapped(_ mapping: Mapping) throws -> [String] {
        let target = try mapping.shape(of: shape, named: "t")
        let mapper = try Mapper(mapping, from: shape, to: target)
        let batch = try Sample.batch([line], of: shape).projected(mapping.projection, shape)
        return try mapper.map(batch).lines(of: target)
    }

    @Test func nothingChangesNothing() throws { #expect(try mapped(.identity) == [line]) }

    @Test func fieldsPicksColumnsAndPayload() throws {
        #expect(
            try mapped(Mapping(fields: ["v", "b", "x"]))
                == [#"{"key":"k","vectors":{"v":[1,2]},"fields":{"b":null,"x":1}}"#])
    }

    @Test func renameReachesVectorsColumnsAndPayload() throws {
        #expect(
            try mapped(Mapping(rename: ["v": "w2", "a": "b", "b": "a", "x": "y"]))
                == [#"{"key":"k","vectors":{"w2":[1,2]},"fields":{"b":5,"a":null,"y":1,"tenant":"old"}}"#])
    }

    @Test func setReplacesColumnAndPayloadOnceForAll() throws {
        #expect(
            try mapped(Mapping(set: ["a": true, "tenant": "new"]))
                == [#"{"key":"k","vectors":{"v":[1,2]},"fields":{"b":null,"a":true,"tenant":"new","x":1}}"#])
    }

    @Test func uuid5KeepsTheKeyWhereItIsAskedTo() throws {
        let lines = try mapped(Mapping(fields: [], keys: .uuid5, keepKeyAs: "tenant"))
        #expect(lines == [#"{"key":"\#(UUID(urlName: "k"))","vectors":{},"fields":{"tenant":"k"}}"#])
    }

    @Test func newKeysAreTheSameWhereverTheyAreMade() {
        let keys: [Key] = [.text(Text("doc-1")), .integer(7), .natural(.max)]
        // As Python's uuid.uuid5(uuid.NAMESPACE_URL, "doc-1") and hashlib.sha256(b"doc-1") have them.
        #expect(Mapping(keys: .uuid5).newKeys(keys)[0].description == "3f622591-baa6-5888-8a4f-6b3813e16a44")
        #expect(Mapping(keys: .hash).newKeys(keys)[0] == .integer(6_739_398_955_431_086_700))
        #expect(Mapping(keys: .uuid5, keyPrefix: "a/").newKeys(keys) != Mapping(keys: .uuid5).newKeys(keys))
        #expect(Mapping(keys: .hash).newKeys(keys).allSatisfy { KeyType.id.accepts($0) && KeyType.int64.accepts($0) })
        #expect(Mapping(keys: .auto).newKeys(keys) == keys)
    }

    @Test func lengthsAreKept() throws {
        #expect(
            try mapped(Mapping(fields: ["v"], norms: "length"))
                == [#"{"key":"k","vectors":{"v":[1,2]},"fields":{"length":2.23606797749979}}"#])
        let both = try mapped(Mapping(fields: ["v", "w"], rename: ["v": "x"], norms: "length"))
        #expect(both == [#"{"key":"k","vectors":{"x":[1,2]},"fields":{"length":{"x":2.23606797749979}}}"#])
        #expect(throws: JobError.self) { try Mapping(fields: ["a"], norms: "length").shape(of: shape, named: "t") }
    }

    @Test func columnsComeInTheTargetsOrder() throws {
        var target = try Mapping.identity.shape(of: shape, named: "t")
        target.vectors.reverse()
        target.fields.reverse()
        let batch = try Mapper(.identity, from: shape, to: target).map(Sample.batch([line], of: shape))
        #expect(
            batch.lines(of: target) == [
                #"{"key":"k","vectors":{"v":[1,2]},"fields":{"b":null,"a":5,"x":1,"tenant":"old"}}"#
            ])
    }

    @Test func namesThatAreTakenAreRefused() {
        for mapping in [
            Mapping(rename: ["a": "b"]), Mapping(keepKeyAs: "a"), Mapping(rename: ["a": "z", "b": "z"]),
            Mapping(rename: ["v": "w"]),
        ] { #expect(throws: JobError.self) { try mapping.shape(of: shape, named: "t") } }
    }

    // MARK: Other types

    private func arriving(_ line: String, _ mapping: Mapping = .identity, _ change: (inout Collection) -> Void) throws
        -> [String]
    {
        let source = Sample.everyType("c")
        var target = try mapping.shape(of: source, named: "t")
        change(&target)
        let batch = try Sample.batch([line], of: source).projected(mapping.projection, source)
        return try Mapper(mapping, from: source, to: target).map(batch).lines(of: target)
    }

    @Test func whatHasNoColumnGoesIntoTheOpenPayload() throws {
        let line =
            #"{"key":"k","vectors":{},"fields":{"f_int64":5,"f_timestamp":"2025-12-19T21:38:14.5Z","f_text":null,"x":1.0}}"#
        #expect(try arriving(line) { $0.fields = [] } == [line])
        #expect(
            try arriving(#"{"key":"k","vectors":{},"fields":{"f_int64":5}}"#) { $0.fields = [] }
                == [#"{"key":"k","vectors":{},"fields":{"f_int64":5}}"#])
        let mapping = Mapping(rename: ["f_int64": "n"], set: ["t": "x"], keepKeyAs: "was")
        #expect(
            try arriving(#"{"key":"k","vectors":{},"fields":{"f_int64":5,"x":1}}"#, mapping) { $0.fields = [] }
                == [#"{"key":"k","vectors":{},"fields":{"n":5,"t":"x","was":"k","x":1}}"#])
        #expect(try arriving(#"{"key":"k","vectors":{},"fields":{}}"#) { $0.fields = [] }.count == 1)
    }

    @Test func valuesAreMadeIntoTheTargetsTypes() throws {
        func field(_ name: String, _ type: FieldType) -> (inout Collection) -> Void {
            { shape in shape.fields = [Field(name: name, type: type)] }
        }
        let line =
            #"{"key":"k","vectors":{},"fields":{"f_int64":5,"f_text":"a\"b","f_timestamp":"2025-12-19T21:38:14.5Z"}}"#
        func fields(_ name: String, _ type: FieldType) throws -> String {
            try arriving(line) {
                field(name, type)(&$0)
                $0.isOpen = false
            }[0].replacing(#"{"key":"k","vectors":{},"fields":"#, with: "")
        }
        #expect(try fields("f_timestamp", .text(maxLength: nil)) == #"{"f_timestamp":"2025-12-19T21:38:14.5Z"}}"#)
        #expect(try fields("f_int64", .double) == #"{"f_int64":5}}"#)
        #expect(try fields("f_text", .json) == #"{"f_text":"a\"b"}}"#)
        #expect(throws: JobError.self) { try fields("f_text", .int64) }
        let large = #"{"key":"k","vectors":{},"fields":{"f_int64":9007199254740993}}"#
        #expect(throws: StoreError.self) { try arriving(large, .identity, field("f_int64", .double)) }
    }

    @Test func vectorsAreMadeIntoTheTargetsElement() throws {
        let line = #"{"key":"k","vectors":{"v_float32":[0.1,2,3,4,5,6,7,8],"v_multi":[[0.1,1]]},"fields":{}}"#
        let lines = try arriving(line) { shape in
            for place in shape.vectors.indices { shape.vectors[place].element = .float16 }
            shape.vectors.removeAll { $0.name != "v_float32" && $0.name != "v_multi" }
        }
        #expect(
            lines == [
                #"{"key":"k","vectors":{"v_float32":[0.099975586,2,3,4,5,6,7,8],"v_multi":[[0.099975586,1]]},"fields":{}}"#
            ])
    }
}
