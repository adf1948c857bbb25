import Model
import Synchronization

/// One collection as a manifest committed it, with its files mapped.
///
/// What is appended later lies behind what is mapped, and files that are removed live on until they are let go.
final class ArchiveSnapshot: Sendable {
    let manifest: ArchiveManifest
    /// Differs whenever anything was committed in between.
    let fingerprint: String
    let lines: ArchiveMap
    let index: ArchiveMap
    /// By their place among the collection's dense vectors.
    let vectors: [ArchiveMap]
    private let built = Mutex<ArchiveKeys?>(nil)

    /// Opens the files in `folder`; `text` is its manifest, and `name` how the collection is called now.
    init(_ folder: String, name: String, text: [UInt8], isVerifying: Bool) throws(StoreError) {
        var manifest = try ArchiveManifest(text, path: "\(folder)/\(ArchiveManifest.file)")
        manifest.collection.name = name
        var maps: [ArchiveMap] = []
        let headers = [nil, nil] + manifest.collection.dense.map { NpyHeader($0, rows: manifest.rows) }
        for (file, header) in zip(manifest.files, headers) {
            do {
                maps.append(
                    try ArchiveMap("\(folder)/\(file.name)", file, header: header, isVerifying: isVerifying))
            } catch  where error.code == .notFound {
                throw .archive(broken: "\(folder)/\(file.name)", "is missing")
            }
        }
        self.manifest = manifest
        fingerprint = Self.fingerprint(manifest, text)
        (lines, index, vectors) = (maps[0], maps[1], Array(maps.dropFirst(2)))
    }

    /// Whether a manifest is the one that this was opened by.
    func isOf(_ text: [UInt8]) -> Bool { fingerprint == Self.fingerprint(manifest, text) }

    private static func fingerprint(_ manifest: ArchiveManifest, _ text: [UInt8]) -> String {
        "\(manifest.identity.token):\(manifest.records):\(ArchiveChecksum(text).hex.prefix(32))"
    }

    var maps: [ArchiveMap] { [lines, index] + vectors }

    /// Where each key stands; made when it is first needed.
    func keys() throws(StoreError) -> ArchiveKeys {
        if let keys = built.withLock({ $0 }) { return keys }
        let keys = try ArchiveKeys(self)
        built.withLock { $0 = keys }
        return keys
    }
}
