import Glibc

/// A program that runs beside the test and can be killed at any instant; what it says goes to two files.
package final class ChildProgram {
    package let process: pid_t
    private let folder: String
    private var status: Int32?

    package struct Failure: Error { package var reason: String }

    /// What it says is kept in `folder`; unless `variables` say otherwise, its state too.
    package init(
        _ program: String, _ arguments: [String], in folder: String, _ variables: [String: String]? = nil
    ) throws {
        self.folder = folder
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (number, name) in [(Int32(1), "out"), (2, "err")] {
            posix_spawn_file_actions_addopen(&actions, number, "\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        closeOthers(&actions)
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let variables =
            variables ?? [
                "HOME": folder, "VECSH_HOME": folder + "/state", "XDG_CONFIG_HOME": folder + "/config",
                "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1",
            ]
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + environment { free(text) } }
        var process = pid_t()
        let result = posix_spawn(&process, program, &actions, &attributes, words, environment)
        guard result == 0 else { throw Failure(reason: "\(program): \(String(cString: strerror(result)))") }
        self.process = process
    }

    deinit {
        guard status == nil else { return }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    package var output: String { text("out") }
    package var errors: String { text("err") }

    package func send(_ signal: Int32) { if isRunning { kill(process, signal) } }

    package var isRunning: Bool {
        guard status == nil else { return false }
        var found: Int32 = 0
        if waitpid(process, &found, WNOHANG) == process { status = found }
        return status == nil
    }

    /// Waits until something is so, or the program has ended; answers whether it is so.
    package func waits(seconds: Double = 30, pause: UInt32 = 1000, until isSo: (ChildProgram) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isSo(self) {
            guard isRunning, .now < end else { return isSo(self) }
            usleep(pause)
        }
        return true
    }

    /// The exit status; 128 and the signal if one ended it; nil if it does not end.
    package func end(seconds: Double = 60) -> Int32? {
        _ = waits(seconds: seconds) { !$0.isRunning }
        return status.map { $0 & 0x7F == 0 ? $0 >> 8 & 0xFF : 128 + $0 & 0x7F }
    }

    private func text(_ name: String) -> String {
        guard let file = fopen("\(folder)/\(name)", "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Whatever else is open at this moment may be what another test is just handing to a program of its own, for whose end it
/// then waits until nobody has it any more.
func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
    for number in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, number) }
}
