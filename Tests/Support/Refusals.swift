import Model
import Testing

/// Expects `body` to throw a ``StoreError`` of this code.
package func refuses(
    _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @Sendable () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("expected \(code)", sourceLocation: sourceLocation)
    } catch let error as StoreError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected \(code), not \(error)", sourceLocation: sourceLocation)
    }
}
