import Model
import Stores
import Wire

/// The collection that `scripts/bench_milvus.py` makes, once as the wire has it and once through the store: how much of
/// what a server can do is left when records are made into messages, and messages into records.
struct MilvusWire {
    private let grpc: GRPC
    private let store: any Store
    private let name: String
    private static let dimension = 128
    private static let service = "/milvus.proto.milvus.MilvusService/"

    init(_ address: String, _ name: String) async throws {
        guard let endpoint = Endpoint("milvus://\(address)") else {
            throw StoreError(.rejected, "\(address) is no address")
        }
        grpc = GRPC("http://\(address)")
        self.name = name
        store = try await Milvus.kind.open(endpoint, [:])
    }

    func close() async {
        grpc.close()
        await store.close()
    }

    // MARK: Reading

    /// The same pages, one after the other, without a look into them, and then with their records.
    func read(_ rows: Int, page: Int) async throws {
        let reading = try await store.read(name, at: nil)
        var total = (raw: Duration.zero, ours: Duration.zero)
        for _ in 0..<3 {
            let raw = try await ContinuousClock().measure {
                for start in stride(from: 0, to: rows, by: page) { _ = try await fetch(behind: start - 1, page) }
            }
            var seen = 0
            let ours = try await ContinuousClock().measure {
                for try await page in FilteredPages(reading, nil, budget: Budget(records: page, bytes: 16 << 20)) {
                    seen += page.batch.count
                }
            }
            guard seen == rows else { throw StoreError(.malformed, "\(seen) of \(rows) records came") }
            total = (total.raw + raw, total.ours + ours)
        }
        tell("reading", 3 * rows, total.raw, total.ours)
    }

    private func fetch(behind key: Int, _ limit: Int) async throws -> Int {
        let request = ProtoWriter { writer in
            writer.text(3, name)
            writer.text(4, "pk > \(key)")
            for field in ["pk", "vector", "image_id", "page_number", "$meta"] { writer.text(5, field) }
            writer.integer(8, 1)
            writer.message(9) { pair in
                pair.text(1, "limit")
                pair.text(2, String(limit))
            }
            writer.integer(11, 4)
        }
        return try await call("Query", request)
    }

    // MARK: Sending

    /// One batch, again and again, as bytes that were prepared, and then made of its records each time.
    func send(_ rows: Int, page: Int, side lanes: Int) async throws {
        let prepared = prepared(page)
        let batch = MilvusWire.batch(page)
        let rounds = max(1, rows / page / lanes)
        var (raw, ours) = (Duration.zero, Duration.zero)
        // In turns, as a server that holds more takes less.
        for round in 0..<2 * rounds {
            let isRaw = round % 4 == 0 || round % 4 == 3
            let time = try await measure(lanes) {
                if isRaw {
                    _ = try await call("Insert", prepared)
                } else {
                    try await store.write(batch, to: name, .first)
                }
            }
            if isRaw { raw += time } else { ours += time }
        }
        tell("sending", rounds * lanes * page, raw, ours)
    }

    private func measure(_ lanes: Int, _ body: @escaping @Sendable () async throws -> Void) async throws -> Duration {
        try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<lanes { group.addTask { try await body() } }
                try await group.waitForAll()
            }
        }
    }

    private func prepared(_ rows: Int) -> ProtoWriter {
        let batch = MilvusWire.batch(rows)
        return ProtoWriter(capacity: rows * 600) { writer in
            writer.text(3, name)
            column(5, "pk", &writer) { $0.message(3) { $0.message(3) { $0.integers(1, 0..<rows) } } }
            column(101, "vector", &writer) { field in
                field.message(4) { vectors in
                    vectors.integer(1, Self.dimension)
                    guard case .dense(let bytes) = batch.vectors[0].values else { return }
                    vectors.message(2) { floats in bytes.withUnsafeBytes { floats.bytes(1, raw: $0) } }
                }
            }
            column(21, "image_id", &writer) { texts(batch.fields[0], 6, &$0) }
            column(5, "page_number", &writer) { $0.message(3) { $0.message(3) { $0.integers(1, 0..<rows) } } }
            column(23, "$meta", &writer) { field in
                if let rest = batch.rest { texts(rest, 9, &field) }
                field.bool(6, true)
            }
            writer.integer(7, rows)
        }
    }

    private func column(
        _ type: Int, _ name: String, _ writer: inout ProtoWriter, _ fill: (inout ProtoWriter) -> Void
    ) {
        writer.message(5) { field in
            field.integer(1, type)
            field.text(2, name)
            fill(&field)
        }
    }

    private func texts(_ column: Column, _ kind: Int, _ writer: inout ProtoWriter) {
        guard case .bytes(let rows) = column.values else { return }
        writer.message(3) { scalars in
            scalars.message(kind) { list in for row in 0..<rows.count { list.bytes(1, rows[row]) } }
        }
    }

    private static func batch(_ rows: Int) -> Batch {
        var (vectors, images, rest): ([UInt8], Ragged<UInt8>, Ragged<UInt8>) = ([], Ragged(), Ragged())
        for place in 0..<rows * dimension { vectors.append(littleEndian: (Float(place % 1_009) / 1_009).bitPattern) }
        for row in 0..<rows {
            images.append("image-\(row + 10_000_000)".utf8)
            rest.append(#"{"file":"f\#(row % 97)"}"#.utf8)
        }
        return Batch(
            keys: (0..<rows).map { .integer(Int64($0)) }, vectors: [Column(.dense(vectors))],
            fields: [Column(.bytes(images)), Column(.integers((0..<rows).map { Int64($0) }))],
            rest: Column(.bytes(rest)))
    }

    // MARK: Both

    private func call(_ method: String, _ request: ProtoWriter) async throws -> Int {
        let answer = try await grpc.call(Self.service + method, request)
        try ProtoReader.forEach(answer) { field in
            guard field.number == 1 else { return }
            try field.forEach { status in
                guard status.number == 3, try status.integer() != 0 else { return }
                throw StoreError(.rejected, "\(method) was answered with the code \(try status.integer())")
            }
        }
        return answer.count
    }

    private func tell(_ what: String, _ rows: Int, _ raw: Duration, _ ours: Duration) {
        let rates = [raw, ours].map { Int(Double(rows) / ($0 / .seconds(1))) }
        let ratio = ((raw / ours) * 100).rounded() / 100
        print("\(what): bare \(rates[0]) rows/s, vecsh \(rates[1]) rows/s, ratio \(ratio)")
    }
}
