import Foundation
import JSON
import Model
import Stores
import TestSupport
import Testing

/// The program is killed again and again in the middle of a copy between two servers, and the server that it writes to as
/// well; what is there in the end is equal, each record once.
///
/// `VECSH_PROOF=whole` takes two whole Milvus servers, 200,000 records and ten kills.
@Suite(.serialized) struct MilvusKillTests {
    private static let isLarge = Environment.text("VECSH_PROOF") == "whole"

    /// Keys that the target makes up: a record that was written twice would have two.
    @Test(.needs(isLarge ? .whole : .nativeLite)) func recordsWithKeysOfTheServersOwnAreThereOnce() async throws {
        let size: (records: Int, dimension: Int, kills: Int) = Self.isLarge ? (200_000, 128, 10) : (4_000, 16, 3)
        let place = try MilvusKillPlace(Self.isLarge ? .whole : .nativeLite)
        var shape = Collection(
            name: "pages", key: KeyField(name: "pk", type: .int64, isInvented: true),
            vectors: [VectorField(name: "vector", dimension: size.dimension, metric: .ip, isNullable: false)],
            fields: [
                Field(name: "image_id", type: .text(maxLength: 64), isNullable: false),
                Field(name: "page_number", type: .int64, isNullable: false),
            ], isOpen: true)
        shape.indexes = [
            Self.isLarge
                ? Index(
                    name: "vector_index", field: "vector", type: "hnsw", metric: .ip,
                    params: ["M": 32, "efConstruction": 500])
                : Index(name: "vector_index", field: "vector", type: "ivf_flat", metric: .ip, params: ["nlist": 16])
        ]
        try await place.fill(shape, size.records) { Self.pages($0, size.dimension) }
        try place.copy("pages", kills: size.kills, rate: size.records / 4)
        try await place.check("pages", size.records)
    }

    /// Answers are lost on the way, and the program is not asked to begin again.
    @Test(.needs(.nativeLite)) func aCopyOutlivesItsServer() async throws {
        let place = try MilvusKillPlace(.nativeLite, number: 7)
        let shape = Collection(
            name: "pages", key: KeyField(name: "pk", type: .int64, isInvented: true),
            vectors: [VectorField(name: "vector", dimension: 16, metric: .ip, isNullable: false)],
            fields: [
                Field(name: "image_id", type: .text(maxLength: 64), isNullable: false),
                Field(name: "page_number", type: .int64, isNullable: false),
            ], isOpen: true)
        try await place.fill(shape, 6_000) { Self.pages($0, 16) }
        try place.copyAcrossDeaths("pages", deaths: 3, rate: 1_000)
        try await place.check("pages", 6_000)
    }

    @Test(.needs(.lite)) func sparseRecordsWithAliasesAreThereOnce() async throws {
        let size: (records: Int, kills: Int) = Self.isLarge ? (20_000, 10) : (2_000, 2)
        let place = try MilvusKillPlace(.lite)
        var shape = Collection(
            name: "words", key: KeyField(name: "page_id", type: .text(maxLength: 64)),
            vectors: [VectorField(name: "v", layout: .sparse, dimension: nil, metric: .ip, isNullable: false)],
            fields: [Field(name: "text_preview", type: .text(maxLength: 200), isNullable: false)])
        shape.indexes = [Index(name: "v", field: "v", type: "sparse_inverted_index", metric: .ip)]
        try await place.fill(shape, size.records, Self.words, aliases: ["live", "words_of_all"])
        try place.copy(
            "words", kills: size.kills, rate: size.records / 4)
        try await place.check("words", size.records)
        let there = try await place.opened(place.target).describe("words")
        #expect(there.aliases == ["live", "words_of_all"])
    }

    private static func pages(_ keys: Range<Int>, _ dimension: Int) -> Batch {
        var (vectors, images, rest): ([UInt8], Ragged<UInt8>, Ragged<UInt8>) = ([], Ragged(), Ragged())
        for key in keys {
            for place in 0..<dimension { vectors.append(littleEndian: Float((key &* 31 &+ place) % 997).bitPattern) }
            images.append("image-\(key)".utf8)
            rest.append(#"{"file":"f\#(key % 7)","more":{"of":[\#(key)]}}"#.utf8)
        }
        return Batch(
            keys: keys.map { .integer(Int64($0)) }, vectors: [Column(.dense(vectors))],
            fields: [Column(.bytes(images)), Column(.integers(keys.map { Int64($0 / 10) }))],
            rest: Column(.bytes(rest)))
    }

    private static func words(_ keys: Range<Int>) -> Batch {
        var (indices, weights, texts): (Ragged<UInt32>, [Float], Ragged<UInt8>) = (Ragged(), [], Ragged())
        for key in keys {
            indices.append([UInt32(key % 50), UInt32(100 + key)])
            weights += [0.5, Float(1 + key % 13)]
            texts.append("Größe \(key)".utf8)
        }
        return Batch(
            keys: keys.map { .text(Text("page-\($0)")) }, vectors: [Column(.sparse(indices, weights))],
            fields: [Column(.bytes(texts))])
    }
}

/// Two servers and the program between them.
private final class MilvusKillPlace {
    let (source, target): (MilvusService, MilvusService)
    private let place: KillPlace

    /// Servers of the same number are the same.
    init(_ kind: MilvusService.Kind, number: Int = 3) throws {
        (source, target) = (try MilvusService(kind, number: number), try MilvusService(kind, number: number + 1))
        place = try KillPlace()
    }

    func opened(_ service: MilvusService) async throws -> any Store {
        try await Milvus.kind.open(#require(Endpoint(service.address)), [:])
    }

    func fill(
        _ shape: Model.Collection, _ count: Int, _ records: (Range<Int>) -> Batch, aliases: [String] = []
    ) async throws {
        let store = try await opened(source)
        try await store.create(store.fit(shape, into: nil).collection)
        for start in stride(from: 0, to: count, by: 5_000) {
            try await store.write(records(start..<min(count, start + 5_000)), to: shape.name, .first)
        }
        for alias in aliases { try await store.aliasing?.point(alias, to: shape.name) }
        try await store.flushing?.flush(shape.name)
        await store.close()
    }

    private func start(_ statements: String) throws -> ChildProgram {
        let folder = place.folder + "/run"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let connections =
            "connect src to \(source.address) quiet readonly\nconnect dst to \(target.address) quiet\n"
        return try ChildProgram(place.program, ["-y", "-c", connections + statements], in: folder)
    }

    private func line(_ name: String) -> String {
        "copy src:\(name) to dst:\(name) including schema, data, indexes, aliases accepting losses with batch=500"
    }

    /// How often a part of the copy was recorded as done.
    private var advances: Int { place.events.count { $0 == "advanced" } }

    func copy(_ name: String, kills: Int, rate: Int) throws {
        let line = line(name)
        let seed = Environment.number("VECSH_SEED") ?? .random(in: 0..<1_000_000)
        var random = SeededRandom(seed)
        var killed = 0
        for number in 0..<kills {
            let before = advances
            let child = try start(line + ", rate=\(rate)")
            _ = child.waits(seconds: 120) { _ in self.advances > before }
            usleep(UInt32.random(in: 0..<200_000, using: &random))
            // Once the server goes too, in the middle of what is written to it; the program waits for it.
            if number == kills / 2 { try target.killAndStart() }
            child.send(SIGKILL)
            // On a slow machine it may have come to its end while the server was started.
            let end = child.end()
            #expect(end == 128 + SIGKILL || end == 0, "seed \(seed), kill \(number): \(child.errors)")
            if end == 0 { break }
            killed += 1
        }
        #expect(killed > 0, "seed \(seed)")
        let last = try start(line)
        #expect(last.end(seconds: 300) == 0, "seed \(seed): \(last.errors)")
        let isOfThatJob = last.errors.contains("resuming \(place.jobs[0])") || last.errors.contains("already done")
        #expect(place.jobs.count == 1 && isOfThatJob, "\(last.errors)")
    }

    /// The server that is written to dies again and again, and the program goes on.
    func copyAcrossDeaths(_ name: String, deaths: Int, rate: Int) throws {
        let child = try start(line(name) + ", rate=\(rate)")
        for _ in 0..<deaths {
            let before = advances
            _ = child.waits(seconds: 120) { _ in self.advances > before + 1 }
            #expect(child.isRunning, "\(child.errors)")
            try target.killAndStart()
        }
        #expect(child.end(seconds: 300) == 0, "\(child.errors)")
    }

    func check(_ name: String, _ count: Int) async throws {
        let verified = try start("assert count(dst:\(name)) == \(count)\nverify dst:\(name) against src:\(name)")
        #expect(verified.end(seconds: 300) == 0, "\(verified.output)\(verified.errors)")
        let again = try start(line(name))
        #expect(again.end(seconds: 300) == 0 && again.errors.contains("already done"), "\(again.errors)")
    }
}
