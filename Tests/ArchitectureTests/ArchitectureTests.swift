import Foundation
import Language
import Model
import Shell
import Stores
import Testing

/// What the source must look like, wherever it grows.
@Suite struct ArchitectureTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Path below the root, and text, of every Swift file of a folder.
    static func files(_ folder: String) -> [(path: String, text: String)] {
        let place = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: place.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try? String(contentsOf: place.appending(path: name), encoding: .utf8)
            return ("\(folder)/\(name)", text ?? "")
        }
    }

    static func folders(_ folder: String) -> [String] {
        let place = root.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.sorted().filter { name in
            (try? place.appending(path: name).resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
        }
    }

    private func imports(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("import ") || $0.contains(" import ") && $0.hasPrefix("@") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }

    // MARK: Guarantees

    /// A promise whose test is gone is none.
    @Test func everyGuaranteeNamesATestThatIsThere() throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/guarantees.md"), encoding: .utf8)
        let named = text.matches(of: #/`(\w+)/(\w+)`/#).map { (suite: $0.output.1, test: $0.output.2) }
        #expect(named.count > 20)
        let files = Self.files("Tests").map(\.text)
        for (suite, test) in named {
            let isThere = files.contains { $0.contains("struct \(suite)") && $0.contains("func \(test)(") }
            #expect(isThere, "there is no test \(suite)/\(test)")
        }
        for line in text.split(separator: "\n") where line.hasPrefix("| ") && !line.hasPrefix("| What ") {
            #expect(line.contains("Tests/"), "no test proves: \(line)")
        }
    }

    // MARK: Modules

    /// Each module and what it may import of ours, as Package.swift has them.
    private func arrows() throws -> [String: Set<String>] {
        let text = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        var arrows: [String: Set<String>] = [:]
        let target = #/\.(?:target|executableTarget)\(\s*name:\s*"(\w+)"(?:,\s*dependencies:\s*\[([^\]]*)\])?/#
        for match in text.matches(of: target) {
            let names = (match.output.2 ?? "").matches(of: #/"(\w+)"/#).map { String($0.output.1) }
            arrows[String(match.output.1)] = Set(names)
        }
        return arrows
    }

    @Test func modulesImportWhatPackageSays() throws {
        let arrows = try arrows()
        let ours = Set(arrows.keys)
        for module in Self.folders("Sources") where module.first?.isUppercase == true || module == "vecsh" {
            let allowed = arrows[module] ?? []
            for (path, text) in Self.files("Sources/\(module)") {
                let named = Set(imports(text)).intersection(ours)
                #expect(named.isSubset(of: allowed), "\(path) imports \(named.subtracting(allowed).sorted())")
            }
        }
    }

    @Test func nothingStartsSlowly() {
        for (path, text) in Self.files("Sources") {
            #expect(
                !imports(text).contains("Foundation"), "\(path): FoundationEssentials starts in a third of the time")
        }
    }

    @Test func nothingCrashesOnPurpose() {
        for (path, text) in Self.files("Sources") {
            for word in ["try!", "as!", "fatalError("] {
                #expect(!text.contains(word), "\(path) has \(word)")
            }
        }
    }

    // MARK: Rooms

    @Test func storesDoNotNameEachOther() {
        let rooms = Self.folders("Sources/Stores")
        #expect(rooms.count >= 3)
        for room in rooms {
            for (path, text) in Self.files("Sources/Stores/\(room)") {
                for other in rooms where other != room {
                    let name = try? Regex("\\b\(other)(Store)?\\b").ignoresCase(false)
                    let lines = text.split(separator: "\n").filter { !$0.contains("//") }.joined(separator: "\n")
                    // What is said to people may name every database.
                    let code = lines.replacing(/"[^"\n]*"/, with: "")
                    #expect(name.map { code.contains($0) } == false, "\(path) names \(other)")
                }
            }
        }
    }

    @Test func everyStoreCanBeOpened() throws {
        let registry = try String(
            contentsOf: Self.root.appending(path: "Sources/Stores/Registry.swift"), encoding: .utf8)
        for room in Self.folders("Sources/Stores") {
            #expect(registry.contains("\(room).kind"), "\(room) is not in the registry")
        }
        #expect(Set(storeKinds.map(\.scheme)).count == storeKinds.count)
    }

    // MARK: Commands

    @Test func everyCommandIsInTheList() throws {
        var declared: Set<String> = []
        for (_, text) in Self.files("Sources/Shell/Commands") {
            declared.formUnion(text.matches(of: #/static let (\w+) = Command\(/#).map { String($0.output.1) })
        }
        #expect(declared == Set(Command.all.map(\.signature.name)))
    }

    @Test func namesAreUnique() {
        let names = Command.all.flatMap { [$0.signature.name] + $0.signature.aliases }
        let others = (Grammar.control + Grammar.prefixes).map(\.word)
        #expect(Set(names + others).count == names.count + others.count)
        for command in Command.all {
            let clauses = command.signature.clauses.map(\.keyword) + Grammar.vecsh.universal.map(\.keyword)
            #expect(Set(clauses).count == clauses.count, "\(command.signature.name)")
        }
    }

    @Test func everyCommandExplainsItself() {
        for command in Command.all {
            let signature = command.signature
            #expect(!signature.examples.isEmpty, "\(signature.name) has no example")
            #expect(isSentence(signature.summary), "\(signature.name): \(signature.summary)")
            for clause in signature.clauses {
                #expect(isSentence(clause.summary), "\(signature.name) \(clause.keyword)")
            }
            for slot in signature.slots { #expect(!slot.summary.isEmpty, "\(signature.name): \(slot.name)") }
        }
    }

    /// One sentence that begins with a capital and has no full stop.
    private func isSentence(_ text: String) -> Bool {
        text.first?.isUppercase == true && text.last != "." && !text.contains(". ") && !text.contains("\n")
    }

    @Test func namesOfPlacesAreUniqueInACommand() {
        for command in Command.all {
            let slots = command.signature.slots.map(\.name)
            #expect(Set(slots).count <= slots.count)
            for clause in command.signature.clauses {
                for slot in clause.form.slots {
                    #expect(slots.filter { $0 == slot.name }.count == 1, "\(command.signature.name) \(slot.name)")
                }
            }
        }
    }
}
