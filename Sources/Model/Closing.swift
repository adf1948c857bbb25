extension Reading {
    /// Runs `body`, and closes the reading however that ends.
    package func closing<Result, Failure: Error>(
        isolation: isolated (any Actor)? = #isolation, _ body: (any Reading) async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        do throws(Failure) {
            let result = try await body(self)
            await close()
            return result
        } catch {
            await close()
            throw error
        }
    }
}
