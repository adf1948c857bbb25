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
}
