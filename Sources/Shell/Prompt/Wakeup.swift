import CSignals
import Glibc
import Synchronization

/// Ends a wait for input: a descriptor to poll, and what happened meanwhile.
final class Wakeup: Sendable {
    struct Events: OptionSet, Sendable {
        let rawValue: UInt8
        static let interrupt = Events(rawValue: 1)
        static let resize = Events(rawValue: 2)
        static let suspend = Events(rawValue: 4)
        static let resume = Events(rawValue: 8)
    }

    let descriptor: Int32
    private let events = Mutex<Events>([])

    init() { descriptor = event_open() }
    deinit { close(descriptor) }

    func post(_ new: Events) {
        events.withLock { $0.formUnion(new) }
        event_raise(descriptor)
    }

    func take() -> Events {
        event_lower(descriptor)
        return events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}
