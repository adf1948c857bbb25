import Model

/// What kind of trouble a failed call was.
package enum Issue: String, Hashable, Sendable, CaseIterable {
    case connection, memory, data, validation, other

    package init(_ code: StoreError.Code) {
        self =
            switch code {
            case .unauthorized, .unavailable, .throttled, .expired: .connection
            case .tooLarge, .full: .memory
            case .rejected, .malformed, .conflict, .notFound: .data
            case .unsupported, .cancelled: .other
            }
    }
}
