import CEditLine
import Glibc

/// libedit's line: the text, the cursor, the keys.
///
/// libedit draws into nothing. It cannot show a prompt before the second line of a text, nor a hint there, nor characters
/// without width; ``PromptScreen`` does.
final class EditBuffer {
    struct Binding {
        var name: String
        var keys: [String]
        /// Keys of vi's command mode, for those whose `~/.editrc` says `bind -v`.
        var viKeys: [String] = []
        var command: edit_command
    }

    private let handle: OpaquePointer
    private let sink: UnsafeMutablePointer<FILE>

    /// - Parameter owner: what ``owner(of:)`` gives back inside commands; it must outlive the buffer.
    init?(owner: AnyObject, reading: @escaping el_rfunc_t) {
        guard let sink = fopen("/dev/null", "we") else { return nil }
        guard let handle = edit_begin("vecsh", sink) else {
            fclose(sink)
            return nil
        }
        self.handle = handle
        self.sink = sink
        edit_set_owner(handle, Unmanaged.passUnretained(owner).toOpaque())
        edit_read_with(handle, reading)
        edit_leave_signals(handle)
        edit_use_keys(handle, permanent("emacs"))
        edit_change_modes(handle, permanent("-isig"))
    }

    /// Binds what `~/.editrc` says.
    func readOwnBindings() { el_source(handle, nil) }

    deinit {
        el_end(handle)
        fclose(sink)
    }

    static func owner<Owner: AnyObject>(of handle: OpaquePointer?, as: Owner.Type) -> Owner? {
        guard let owner = edit_owner(handle) else { return nil }
        return Unmanaged<Owner>.fromOpaque(owner).takeUnretainedValue()
    }

    func add(_ binding: Binding) {
        let name = permanent(binding.name)
        edit_add(handle, name, name, binding.command)
        for key in binding.keys { edit_bind(handle, permanent(key), name) }
        for key in binding.viKeys { edit_bind_second(handle, permanent(key), name) }
    }

    func bind(_ keys: [String], to builtin: String) {
        let name = permanent(builtin)
        for key in keys { edit_bind(handle, permanent(key), name) }
    }

    /// Runs the keys until a command ends the line; gives the text that libedit itself has accepted.
    func run() -> [Unicode.Scalar]? {
        var count: Int32 = 0
        guard let line = el_wgets(handle, &count), count > 0 else {
            el_reset(handle)
            return nil
        }
        return UnsafeBufferPointer(start: line, count: Int(count)).map(Unicode.Scalar.init(wide:))
    }

    func setRaw(_ isRaw: Bool) { edit_set_raw(handle, isRaw ? 1 : 0) }
}

extension EditBuffer {
    var text: [Unicode.Scalar] {
        guard let line = el_wline(handle)?.pointee, let start = line.buffer else { return [] }
        return UnsafeBufferPointer(start: start, count: line.lastchar - start).map(Unicode.Scalar.init(wide:))
    }

    /// The place of the cursor, in characters of ``text``.
    var cursor: Int {
        get {
            guard let line = el_wline(handle)?.pointee, let start = line.buffer else { return 0 }
            return line.cursor - start
        }
        set { el_cursor(handle, Int32(newValue - cursor)) }
    }

    /// Puts `new` in place of a part and the cursor behind it.
    func replace(_ range: Range<Int>, with new: some Sequence<Unicode.Scalar>) {
        cursor = range.upperBound
        el_deletestr(handle, Int32(range.count))
        // libedit counts to the first NUL, and no statement holds one.
        let text = new.lazy.filter { $0.value != 0 }.map { wchar_t($0.value) } + [0]
        el_winsertstr(handle, text)
    }
}

/// Keys and names that libedit may keep: there are a few dozen of them, once a process.
private func permanent(_ text: String) -> UnsafePointer<wchar_t> {
    let wide = wide(text)
    let copy = UnsafeMutablePointer<wchar_t>.allocate(capacity: wide.count)
    copy.initialize(from: wide, count: wide.count)
    return UnsafePointer(copy)
}

private func wide(_ text: String) -> [wchar_t] { text.unicodeScalars.map { wchar_t($0.value) } + [0] }

extension Unicode.Scalar {
    fileprivate init(wide: wchar_t) { self = Unicode.Scalar(UInt32(bitPattern: wide)) ?? "\u{FFFD}" }
}
