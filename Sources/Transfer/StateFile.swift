import Glibc
import JSON
import Model

/// Where a job stands, in the form of a `.migration_state.json`; it is written for others, and never read.
enum StateFile {
    static func document(_ id: String, _ state: JobState) -> JSONValue {
        [
            "job": .string(id), "phase": .string(state.phase), "backup_id": .null,
            "staging_complete": .bool(state.completion != nil), "verification_passed": .bool(state.isVerified == true),
            "promoted": .bool(state.isPromoted && !state.isRolledBack),
            "errors": .array(state.failures.map { .string($0.why) }),
            "updated_at": .string(Timestamp.text(Timestamp.now)),
        ]
    }
}

/// A file that others read while it is written: they see the old text or the new one, never a half.
package enum ReplacedFile {
    package static func write(_ text: String, to path: String) throws(JobError) {
        let draft = path + ".new"
        guard let file = fopen(draft, "w") else { throw .system("write", draft) }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten, rename(draft, path) == 0 else {
            let error = JobError.system("write", path)
            unlink(draft)
            throw error
        }
    }
}

extension JobFolder {
    /// Writes the state file, if the job has one.
    func publish(_ tuning: Tuning) throws(JobError) {
        guard let path = tuning.state else { return }
        try ReplacedFile.write(StateFile.document(id, state()).indented() + "\n", to: path)
    }
}
