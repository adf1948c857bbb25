import CFiles
import Glibc
import Synchronization

/// A shell command that runs beside us.
struct ShellProcess: Sendable {
    enum Ending: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    let id: pid_t

    /// Starts `/bin/sh -c command` with default signal handlers.
    ///
    /// `input` and `output` become its standard input and output; without `output` it shares ours. It gets no other
    /// open files.
    init(
        _ command: String, input: Int32, output: Int32? = nil, adding variables: [String] = []
    ) throws(OutputError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        // Nothing else: whoever waits for the end of a pipe or a connection of ours would wait for the command, too.
        _ = files_close_from(&actions, 3)
        var attributes = ShellProcess.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var id: pid_t = 0
        let code = CStrings(["/bin/sh", "-c", command]).withPointers { arguments in
            CStrings(Environment.assignments + variables).withPointers { environment in
                PipeEnds.lock.withLock { _ in
                    posix_spawn(&id, "/bin/sh", &actions, &attributes, arguments, environment)
                }
            }
        }
        guard code == 0 else { throw .system("run", command, code) }
        self.id = id
    }

    /// Waits until it has ended.
    func wait() -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0 {
            guard errno == EINTR else { return .exit(0) }
        }
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }

    func terminate() { kill(id, SIGTERM) }

    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var every = sigset_t()
        sigfillset(&every)
        posix_spawnattr_setsigdefault(&attributes, &every)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        return attributes
    }
}

/// The two ends of a pipe, which children do not inherit.
struct PipeEnds {
    let reading: Int32
    let writing: Int32

    /// Held while a pipe is made and while a process is started: one that starts in between would hold the pipe open,
    /// and its reader would wait for ever.
    fileprivate static let lock = Mutex(())

    /// Nil, with `errno` set, where no more files can be opened.
    init?() {
        var ends: [Int32] = [-1, -1]
        let isMade = PipeEnds.lock.withLock { _ in
            guard pipe(&ends) == 0 else { return false }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return true
        }
        guard isMade else { return nil }
        (reading, writing) = (ends[0], ends[1])
    }
}

/// Text for C, with a null pointer behind it.
private struct CStrings {
    private let texts: [String]

    init(_ texts: [String]) { self.texts = texts }

    func withPointers<Result>(_ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
