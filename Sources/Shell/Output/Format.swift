/// The forms in which results are printed.
package enum Format: String, CaseIterable, Sendable { case table, vertical, json, jsonl, csv }
