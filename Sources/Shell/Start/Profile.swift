import Glibc
import JSON
import Language
import Model

/// The person's own settings: a start file, and connections by name without secrets.
struct Profile {
    let name: String
    /// `connect` statements, as the file gives them.
    let connections: [String]

    /// Reads `profiles.json`: `{"work": {"db": {"uri": "sqlite:///…", "readonly": true}}}`.
    static func load(_ name: String, _ invocation: Invocation) throws -> Profile {
        let path = invocation.configuration + "/profiles.json"
        let value: JSONValue
        do { value = try JSONValue(readWhole(path)) } catch let problem as FileProblem {
            throw failure("cannot read \(path): \(problem.reason)")
        } catch {
            throw failure("\(path) is no JSON: \(error)")
        }
        guard let members = value[name]?.members else {
            let known = value.members?.map(\.name).joined(separator: ", ") ?? ""
            throw failure("\(path) has no profile '\(name)'; it has \(known)")
        }
        return Profile(name: name, connections: try members.map { try statement($0, path) })
    }

    private static func statement(_ member: JSONValue.Member, _ path: String) throws -> String {
        let value = member.value
        guard let uri = value["uri"]?.string else { throw failure("\(path): \(member.name) has no \"uri\"") }
        if Endpoint(uri)?.password != nil {
            throw failure("\(path): \(member.name) holds a password; write \"password_env\" instead")
        }
        var statement = "connect \(quoted(member.name)) to \(quoted(uri))"
        if let user = value["user"]?.string { statement += " user \(quoted(user))" }
        if let variable = value["password_env"]?.string { statement += " password env \(variable)" }
        if let file = value["password_file"]?.string { statement += " password file \(quoted(file))" }
        if let command = value["password_command"]?.string { statement += " password command \(quoted(command))" }
        if value["readonly"]?.bool == true { statement += " readonly" }
        statement += " lazy"
        let options = value["with"]?.members ?? []
        if !options.isEmpty {
            statement +=
                " with "
                + options.map { "\($0.name)=\(quoted($0.value.string ?? $0.value.text))" }.joined(separator: ", ")
        }
        return statement
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private static func failure(_ message: String) -> Failure {
        Failure("E0607", message, at: nil, exit: .usage)
    }
}
