/// Numbers of things as people say them.
enum Counted {
    static func records(_ count: Int) -> String { "\(count) \(count == 1 ? "record" : "records")" }
}
