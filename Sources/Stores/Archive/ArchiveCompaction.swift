import Files
import Model

/// Writes a collection anew without its dead rows.
enum ArchiveCompaction {
    /// The new files stand beside the old ones under names of their own until the manifest names them instead.
    static func run(_ folder: String, _ snapshot: ArchiveSnapshot) throws(StoreError) {
        let old = snapshot.manifest
        var new = ArchiveManifest(old.collection, identity: old.identity, generation: old.generation + 1)
        for file in new.files { Disk.remove("\(folder)/\(file.name)") }
        var files = try ArchiveFiles(folder, new)
        try copy(snapshot, to: &files)
        new.files = try files.settle()
        new.rows = files.rows
        try Disk.replace("\(folder)/\(ArchiveManifest.file)", with: Array(new.text.utf8))
        removeLeftovers(folder, new)
    }

    private static func copy(_ snapshot: ArchiveSnapshot, to files: inout ArchiveFiles) throws(StoreError) {
        let (dead, rows) = (snapshot.manifest.dead, snapshot.manifest.rows)
        let strides = snapshot.manifest.collection.dense.map(\.stride)
        // As many rows at once as fill one block, so that memory stays small.
        let step = max(1, ArchiveChecksum.block / max(1, strides.max() ?? 1024, 1024))
        var walk = ArchiveLines(snapshot)
        var run = dead.gap(from: 0, before: rows)
        while !run.isEmpty {
            let part = run.prefix(step)
            try walk.move(to: part.lowerBound)
            var lines = Ragged<UInt8>()
            for _ in part { lines.append(try walk.next() + [0x0A]) }
            var dense: [[UInt8]] = []
            for (map, stride) in zip(snapshot.vectors, strides) {
                let range = part.lowerBound * stride..<part.upperBound * stride
                dense.append(Array(try map.bytes(range)))
                map.forget(range)
            }
            try files.append(lines, dense)
            run = dead.gap(from: part.upperBound, before: rows)
        }
    }

    /// Removes the files of the generations before and after, which an end in between may have left.
    static func removeLeftovers(_ folder: String, _ manifest: ArchiveManifest) {
        for generation in [manifest.generation - 1, manifest.generation + 1] where generation > 0 {
            for name in ArchiveManifest.names(manifest.collection, generation) {
                Disk.remove("\(folder)/\(name)")
            }
        }
    }
}
