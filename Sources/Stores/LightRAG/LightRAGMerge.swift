import Model

/// Makes a file anew from what it holds and what was written since.
struct LightRAGMerge {
    private enum Row {
        case old(Int)
        case new(LightRAGSpool.Entry)
    }

    private let name: LightRAGName
    private let collection: Collection
    private let base: LightRAGSnapshot?
    private let old: LightRAGStream?
    private let spool: LightRAGStream?
    private let output: LightRAGOutput
    /// The state of each old row that has another one now, and the records that are new.
    private var changed: [Int: LightRAGSpool.Entry] = [:]
    private var added: [LightRAGSpool.Entry] = []

    /// `base` is nil where there is no file yet.
    init(
        _ name: LightRAGName, _ collection: Collection, _ base: LightRAGSnapshot?, _ spool: LightRAGSpool,
        to output: LightRAGOutput
    ) throws(StoreError) {
        (self.name, self.collection, self.base, self.output) = (name, collection, base, output)
        old = try base.map { base throws(StoreError) in try LightRAGStream(base.file) }
        self.spool = try LightRAGStream(spool.file)
        var numbers: [Int] = []
        spool.keys.each { hash, number in
            if let row = base?.outline.keys[hash] {
                changed[row] = spool.entries[number]
            } else {
                numbers.append(number)
            }
        }
        added = numbers.sorted().map { spool.entries[$0] }.filter { $0.text != nil }
    }

    /// Makes a graph's file without the elements of one of its collections.
    static func empty(_ base: LightRAGSnapshot, in root: String) throws(StoreError) {
        let path = "\(root)/\(base.name.file)"
        let output = try LightRAGOutput("\(root)/\(LightRAGName.hidden)/\(base.name.name).new")
        try LightRAGMerge(emptying: base, to: output).run()
        _ = try output.replace(path) { () throws(StoreError) in true }
    }

    private init(emptying base: LightRAGSnapshot, to output: LightRAGOutput) throws(StoreError) {
        (name, collection, self.base, self.output, spool) = (base.name, base.collection, base, output, nil)
        old = try LightRAGStream(base.file)
        for row in base.outline.rows.indices { changed[row] = LightRAGSpool.Entry(text: nil) }
    }

    func run() throws(StoreError) {
        switch name.kind {
        case .vectors: try writeVectors()
        case .values: try writeValues()
        case .nodes, .edges: try writeGraph()
        }
    }

    private var rows: [Row] {
        var rows: [Row] = []
        for row in 0..<(base?.outline.rows.count ?? 0) {
            guard let entry = changed[row] else {
                rows.append(.old(row))
                continue
            }
            if entry.text != nil { rows.append(.new(entry)) }
        }
        return rows + added.map { .new($0) }
    }

    // MARK: JSON

    private func writeVectors() throws(StoreError) {
        let rows = rows
        let dimension = collection.vectors.first { $0.element == .float32 }?.dimension ?? 0
        try output.write("{\"embedding_dim\": \(dimension), \"data\": [")
        try write(rows, between: ",\n")
        try output.write("], \"matrix\": \"")
        try writeMatrix(rows, stride: dimension * 4)
        try output.write("\"")
        if let base, let old {
            for other in base.outline.others {
                try output.write(", ")
                try output.copy(other, from: old)
            }
        }
        try output.write("}")
    }

    private func writeValues() throws(StoreError) {
        try output.write("{\n")
        try write(rows, between: ",\n")
        try output.write("\n}\n")
    }

    private func write(_ rows: [Row], between separator: String) throws(StoreError) {
        for (number, row) in rows.enumerated() {
            if number > 0 { try output.write(separator) }
            switch row {
            case .old(let place):
                if let base, let old { try output.copy(base.outline.rows[place], from: old) }
            case .new(let entry): if let text = entry.text, let spool { try output.copy(text, from: spool) }
            }
        }
    }

    private func writeMatrix(_ rows: [Row], stride: Int) throws(StoreError) {
        let most = max(1, (4 << 20) / max(1, stride))
        var run = 0..<0
        for row in rows {
            if case .old(let place) = row, place == run.upperBound, run.count < most, !run.isEmpty {
                run = run.lowerBound..<place + 1
                continue
            }
            try writeOld(run)
            run = 0..<0
            switch row {
            case .old(let place): run = place..<place + 1
            case .new(let entry):
                if let spool { try output.writeBase64(spool.bytes(entry.vector..<entry.vector + stride)) }
            }
        }
        try writeOld(run)
        try output.endBase64()
    }

    private func writeOld(_ rows: Range<Int>) throws(StoreError) {
        guard let base, !rows.isEmpty else { return }
        if case .matrix(let matrix) = base.vectors { return try output.writeBase64(matrix.bytes(rows, in: base.file)) }
        let wanted = Projection(vectors: base.embedding.map { [$0.name] }, fields: [], rest: false)
        guard case .dense(let bytes)? = try base.batch(Array(rows), wanted).vectors.first?.values else { return }
        try output.writeBase64(bytes)
    }

    // MARK: Graphs

    /// Everything but the elements that have changed stays as it is, byte by byte.
    private func writeGraph() throws(StoreError) {
        let graph = base?.outline.graph ?? LightRAGGraphText.emptyGraph
        let writer = LightRAGGraphText(name.kind, graph, collection)
        let place = name.kind == .nodes ? graph.firstEdge ?? graph.end : graph.end
        var (at, isInserted) = (0, false)
        try copy(&at, to: graph.start)
        try output.write(writer.declarations)
        for (row, range) in (base?.outline.rows ?? []).enumerated() {
            if !isInserted, range.lowerBound >= place { try insert(&at, place, writer, &isInserted) }
            guard let entry = changed[row] else { continue }
            try copy(&at, to: range.lowerBound)
            try write(entry, writer)
            at = range.upperBound
        }
        if !isInserted { try insert(&at, place, writer, &isInserted) }
        try copy(&at, to: base?.bytes ?? LightRAGGraphText.empty.utf8.count)
    }

    private func insert(
        _ at: inout Int, _ place: Int, _ writer: LightRAGGraphText, _ isInserted: inout Bool
    ) throws(StoreError) {
        isInserted = true
        try copy(&at, to: place)
        for entry in added {
            try write(entry, writer)
            try output.write("\n")
        }
    }

    private func write(_ entry: LightRAGSpool.Entry, _ writer: LightRAGGraphText) throws(StoreError) {
        guard let text = entry.text, let spool else { return }
        try output.write(writer.element(spool.bytes(text)))
    }

    private func copy(_ at: inout Int, to end: Int) throws(StoreError) {
        guard at < end else { return }
        if let old {
            try output.copy(at..<end, from: old)
        } else {
            try output.write(Array(LightRAGGraphText.empty.utf8)[at..<end])
        }
        at = end
    }
}
