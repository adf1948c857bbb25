import Foundation
import TestSupport
import Testing

/// A run whose time is over stops in good order, and the same call goes on.
@Suite(.timeLimit(.minutes(5))) struct TimeBoxKillTests {
    @Test func copiesInPieces() async throws {
        let place = try KillPlace()
        try await place.fill(0..<3000)
        let copy = "copy old:n to new:n with rate=1000, batch=100"
        var codes: [Int32] = []
        repeat {
            let child = try place.start(copy, ["--max-duration", "1s"])
            let code = try #require(child.end())
            if code == 8 { #expect(child.errors.contains("the same call goes on"), "\(child.errors)") }
            codes.append(code)
        } while codes.last == 8 && codes.count < 20
        #expect(codes.last == 0 && codes.count > 1, "\(codes)")
        #expect(try await place.areEqual())
    }

    @Test func endsWhatItHasLocked() throws {
        let place = try KillPlace()
        let lock = "lock file://\(place.folder)/x.lock { sleep 60s }"
        #expect(try place.run(lock, ["--max-duration", "300ms"]).end() == 8)
        let text = try String(contentsOfFile: place.folder + "/x.lock", encoding: .utf8)
        #expect(text == "{\"fence\":1}\n")
    }

    @Test(arguments: ["soon", "0s", "-1s", "5MB"]) func refusesWhatIsNoTime(_ time: String) throws {
        #expect(try KillPlace().run("print 1", ["--max-duration=\(time)"]).end() == 2)
    }
}
