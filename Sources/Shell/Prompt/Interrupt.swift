import CSignals
import Glibc
import Synchronization

/// Where signals arrive: Ctrl-C belongs to the prompt while one is open, else to the command that runs; it never ends
/// the shell.
///
/// Callbacks run on a thread of their own, so they may do what a signal handler may not.
package final class Interrupt: Sendable {
    package static let shared = Interrupt()

    /// Hears every Ctrl-C from its creation until ``end()`` or until it is let go.
    package final class Watch: Sendable {
        private let noticed: @Sendable (Int) -> Void
        private let presses = Mutex(0)

        fileprivate init(_ noticed: @escaping @Sendable (Int) -> Void) { self.noticed = noticed }

        package func end() {
            Interrupt.shared.state.withLock { $0.watches.removeAll { $0.watch === self || $0.watch == nil } }
        }

        fileprivate func press() {
            noticed(
                presses.withLock {
                    $0 += 1
                    return $0
                })
        }
    }

    private struct WeakWatch {
        weak var watch: Watch?
    }

    private struct State {
        var isInstalled = false
        var watches: [WeakWatch] = []
        var prompts: [Wakeup] = []
        var terminated: (@Sendable (Int32) -> Void)?
    }

    private let state = Mutex(State())

    private init() {}

    /// Takes the signals over; the second time it does nothing.
    package func install() {
        let isFirst = state.withLock { state in
            defer { state.isInstalled = true }
            return !state.isInstalled
        }
        guard isFirst, signals_install() else { return }
        startThread { Interrupt.shared.watch() }
    }

    /// Calls `noticed` with 1 at the first Ctrl-C from now on, with 2 at the second, and so on.
    package func onInterrupt(_ noticed: @escaping @Sendable (Int) -> Void) -> Watch {
        let watch = Watch(noticed)
        state.withLock { $0.watches.append(WeakWatch(watch: watch)) }
        return watch
    }

    /// Calls `terminated` with the signal's number instead of dying of SIGTERM or SIGHUP; the terminal is restored before.
    package func onTermination(_ terminated: @escaping @Sendable (Int32) -> Void) {
        state.withLock { $0.terminated = terminated }
    }

    /// Gives the signals to someone who waits for input, as long as `body` runs.
    func prompting<Result>(_ wakeup: Wakeup, _ body: () throws -> Result) rethrows -> Result {
        _ = wakeup.take()
        state.withLock { $0.prompts.append(wakeup) }
        defer { state.withLock { $0.prompts.removeAll { $0 === wakeup } } }
        return try body()
    }

    private func watch() {
        while true {
            signals_wait()
            for _ in 0..<signals_take(signal_interrupt) { interrupted() }
            if signals_take(signal_resize) > 0 { post(.resize) }
            if signals_take(signal_suspend) > 0, !post(.suspend) { raise(SIGSTOP) }
            if signals_take(signal_resume) > 0 { post(.resume) }
            if signals_take(signal_terminate) > 0 { terminate(SIGTERM, signal_terminate) }
            if signals_take(signal_hangup) > 0 { terminate(SIGHUP, signal_hangup) }
        }
    }

    private func interrupted() {
        if post(.interrupt) { return }
        let watches = state.withLock { $0.watches.compactMap(\.watch) }
        for watch in watches { watch.press() }
    }

    @discardableResult
    private func post(_ events: Wakeup.Events) -> Bool {
        guard let prompt = state.withLock({ $0.prompts.last }) else { return false }
        prompt.post(events)
        return true
    }

    private func terminate(_ number: Int32, _ kind: signal_kind) {
        Terminal.restore()
        guard let terminated = state.withLock({ $0.terminated }) else { return signals_die(kind) }
        terminated(number)
    }
}

/// Runs `body` on a new thread that nobody joins.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Body(body)).toOpaque())
    pthread_detach(thread)
}
