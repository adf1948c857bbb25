import Language
import Model
import Transfer

extension Session {
    /// Lets nobody else migrate into the same collections while `body` runs.
    func holdingTargets<Result>(
        of tasks: [CopyTask], for work: String, isShared: Bool = false, at span: Span, _ body: () async throws -> Result
    ) async throws -> Result {
        let outer = targetLocks
        defer { targetLocks = outer }
        for target in Set(tasks.map(\.request.target)) where targetLocks[target] == nil {
            do {
                targetLocks[target] = try TargetLock(target, for: work, isShared: isShared, in: invocation.home)
            } catch {
                throw Failure("E0904", error.message, at: span, help: error.help.map { [$0] } ?? [])
            }
        }
        return try await body()
    }
}
