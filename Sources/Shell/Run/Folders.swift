import Glibc

enum Folders {
    /// Makes the folder that a file lies in, and those above it; only the owner may look into what is new.
    static func make(above path: String) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let folder = String(path[..<slash])
        guard access(folder, F_OK) != 0 else { return }
        make(above: folder)
        mkdir(folder, 0o700)
    }

    /// The bytes that are free where a path lies, or will lie once it is made.
    static func freeBytes(at path: String) -> Int? {
        var facts = statvfs()
        if statvfs(path, &facts) == 0 { return Int(facts.f_bavail) * Int(facts.f_frsize) }
        guard errno == ENOENT, path != "." else { return nil }
        let slash = path.lastIndex(of: "/")
        return freeBytes(at: slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
    }

    /// The absolute path without links and detours; of what is not there, its folder's.
    static func real(_ path: String) -> String {
        if let text = realpath(path, nil) {
            defer { free(text) }
            return String(cString: text)
        }
        let parts = path.split(separator: "/")
        guard let last = parts.last, last != "..", last != "." else { return path.hasPrefix("/") ? "/" : current }
        let folder = parts.dropLast().joined(separator: "/")
        let above = real(path.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder)
        return above == "/" ? "/\(last)" : "\(above)/\(last)"
    }

    /// Where the program runs.
    static var current: String {
        guard let text = getcwd(nil, 0) else { return "" }
        defer { free(text) }
        return String(cString: text)
    }
}
