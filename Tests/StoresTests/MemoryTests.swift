import Stores
import TestSupport
import Testing

@Suite struct MemoryTests {
    @Test(arguments: Conformance.all)
    func conforms(_ rule: Conformance) async throws { try await rule.check(MemoryStore()) }
}
