import CFiles
import Glibc

/// How a program ended.
package struct ProgramEnd: Equatable {
    package var signal: Int32?
    /// 128 and the signal if one ended it, as shells say it.
    package var exit: Int32

    /// Of what `waitpid` said.
    init(_ status: Int32) {
        let signal = status & 0x7F
        (self.signal, exit) = signal == 0 ? (nil, status >> 8 & 0xFF) : (signal, 128 + signal)
    }
}

/// What a program is started with. Nothing of the test is open in it but what is named here: a pipe or a lock that
/// another test's program holds open would have both wait for each other.
struct Spawn {
    /// What is found by `PATH`, and its arguments.
    var words: [String]
    /// The test's own where it is nil.
    var environment: [String: String]?
    var folder: String?
    /// Whether it leads a session, so that the first terminal it opens controls it.
    var hasSession = false
    /// Numbers in the program, and what stands behind them.
    var files: [(number: Int32, file: File)] = []

    enum File {
        case path(String, Int32)
        case open(Int32)
    }

    struct Failure: Error, CustomStringConvertible { var description: String }

    func callAsFunction() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        opens(&actions)
        defaults(&attributes)
        let program = (folder.map { ["env", "-C", $0] } ?? []) + words
        let words = program.map { strdup($0) } + [nil]
        let variables = environment.map { $0.map { strdup("\($0)=\($1)") } + [nil] }
        defer { for text in words + (variables ?? []) { free(text) } }
        var process = pid_t()
        let result = posix_spawnp(&process, program[0], &actions, &attributes, words, variables ?? inherited)
        guard result == 0 else { throw Failure(description: "\(program): \(String(cString: strerror(result)))") }
        return process
    }

    private var inherited: [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = []
        while let variable = environ[variables.count] { variables.append(variable) }
        return variables + [nil]
    }

    private func opens(_ actions: inout posix_spawn_file_actions_t) {
        for (number, file) in files {
            switch file {
            case .path(let path, let flags): posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
            case .open(let other): posix_spawn_file_actions_adddup2(&actions, other, number)
            }
        }
        files_close_from(&actions, 3)
    }

    /// What a test runner ignores or holds back, its programs do not.
    private func defaults(_ attributes: inout posix_spawnattr_t) {
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags) | (hasSession ? Spawn.setSession : 0))
    }

    /// `POSIX_SPAWN_SETSID`, which glibc shows only to GNU sources.
    private static let setSession: Int16 = 0x80
}

/// A process of ours until its end has been taken note of.
package final class Spawned {
    package let process: pid_t
    private var ended: ProgramEnd?

    init(_ spawn: Spawn) throws { process = try spawn() }

    deinit { kill() }

    package func send(_ signal: Int32) { if end == nil { Glibc.kill(process, signal) } }

    /// Nil as long as it runs.
    package var end: ProgramEnd? {
        var status: Int32 = 0
        if ended == nil, waitpid(process, &status, WNOHANG) == process { ended = ProgramEnd(status) }
        return ended
    }

    /// Waits until something is so, or the program has ended; answers whether it is so.
    package func waits(seconds: Double, pause: UInt32 = 1000, until isSo: () -> Bool) -> Bool {
        let last = ContinuousClock.now + .seconds(seconds)
        while !isSo() {
            guard end == nil, .now < last else { return isSo() }
            usleep(pause)
        }
        return true
    }

    /// How it ended; nil if it does not.
    package func end(seconds: Double) -> ProgramEnd? {
        _ = waits(seconds: seconds) { end != nil }
        return end
    }

    package func kill() {
        guard end == nil else { return }
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        ended = ProgramEnd(status)
    }
}
