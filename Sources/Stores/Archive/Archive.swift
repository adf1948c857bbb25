import Model

/// Folders of plain files that other programs read too: NumPy arrays and lines of JSON, with checksums.
package enum Archive {
    package static let kind = StoreKind(
        scheme: "archive", summary: "A folder of NumPy arrays and lines of JSON, with checksums",
        address: "archive:///path/to/folder",
        options: [
            StoreOption("create", "make the folder when the first collection is created: yes or no", fallback: "yes"),
            StoreOption("verify", "compare what is read with its checksums: yes or no", fallback: "yes"),
        ]
    ) { endpoint, options throws(StoreError) in
        try ArchiveStore(
            at: folder(endpoint), mayCreate: isYes("create", in: options), isVerifying: isYes("verify", in: options))
    }

    private static func folder(_ endpoint: Endpoint) throws(StoreError) -> String {
        guard endpoint.host.isEmpty, !endpoint.path.isEmpty else {
            throw StoreError(
                .rejected, "\(endpoint) names no folder",
                help: "write archive:///absolute/path or archive://./relative/path")
        }
        return endpoint.path
    }

    private static func isYes(_ name: String, in options: [String: String]) throws(StoreError) -> Bool {
        switch options[name] ?? "yes" {
        case "yes", "true": return true
        case "no", "false": return false
        case let other: throw StoreError(.rejected, "\(name)=\(other) is not understood", help: "say yes or no")
        }
    }
}
