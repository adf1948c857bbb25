import Files
import Model

/// One profile of AWS' configuration files: `~/.aws/config` and `~/.aws/credentials`.
struct AWSProfile: Sendable {
    let name: String
    /// What stands below another name has both: `s3.addressing_style`.
    private var values: [String: String] = [:]

    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Throws if a profile was named that is in neither file; one that is not named may be missing.
    init(_ named: String?, _ environment: [String: String]) throws(StoreError) {
        name = named ?? "default"
        let home = environment["HOME"] ?? "."
        let config = environment.filled("AWS_CONFIG_FILE") ?? "\(home)/.aws/config"
        let credentials = environment.filled("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials"
        var isThere = false
        for (path, section) in [(config, name == "default" ? name : "profile \(name)"), (credentials, name)] {
            guard Disk.exists(path) else { continue }
            let text = String(decoding: try Disk.contents(path), as: UTF8.self)
            guard let found = AWSProfile.section(section, in: text) else { continue }
            isThere = true
            values.merge(found) { $1 }
        }
        guard isThere || named == nil else {
            throw StoreError(
                .notFound, "there is no profile \"\(name)\" in \(config) or \(credentials)",
                help: "correct AWS_PROFILE, or write the profile")
        }
    }

    /// What stands in `[name]`; nil if there is no such section.
    static func section(_ name: String, in text: String) -> [String: String]? {
        var (found, isInside, outer): ([String: String]?, Bool, String) = (nil, false, "")
        for line in text.split(whereSeparator: \.isNewline) {
            let trimmed = line.trimmed
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                isInside = trimmed.dropFirst().prefix { $0 != "]" }.trimmed == name
                if isInside { found = found ?? [:] }
            } else if isInside, let sign = trimmed.firstIndex(of: "=") {
                let key = trimmed[..<sign].trimmed.lowercased()
                let isNested = line.first?.isWhitespace == true && !outer.isEmpty
                let value = String(trimmed[trimmed.index(after: sign)...].trimmed)
                found?[isNested ? "\(outer).\(key)" : key] = value
                if !isNested { outer = value.isEmpty ? key : "" }
            }
        }
        return found
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension [String: String] {
    /// What a variable says, unless that is nothing.
    func filled(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}
