import Glibc

/// Microseconds since 1970-01-01T00:00:00Z, to and from RFC 3339 text.
package enum Timestamp {
    /// Nil unless the text is a date, or a date and time with its zone.
    package static func microseconds(_ text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        guard let year = rest.number(4), rest.take("-"), let month = rest.number(2), rest.take("-"),
            let day = rest.number(2), (1...12).contains(month), day >= 1, day <= length(of: month, in: year)
        else { return nil }
        let date = days(year, month, day) * 86_400_000_000
        if rest.isEmpty { return date }
        guard rest.take("T") || rest.take("t") || rest.take(" "), let time = time(&rest), let zone = zone(&rest),
            rest.isEmpty
        else { return nil }
        return date + time - zone
    }

    package static func text(_ microseconds: Int64) -> String {
        let (day, time) = microseconds.quotientAndRemainder(floored: 86_400_000_000)
        let (year, month, date) = civil(day)
        let (second, fraction) = time.quotientAndRemainder(floored: 1_000_000)
        let clock = [second / 3600, second / 60 % 60, second % 60].map { $0.padded(2) }.joined(separator: ":")
        let decimals = fraction == 0 ? "" : "." + fraction.padded(6).trimmingZeros
        return "\(year.padded(4))-\(month.padded(2))-\(date.padded(2))T\(clock)\(decimals)Z"
    }

    private static func time(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard let hour = rest.number(2), hour < 24, rest.take(":"), let minute = rest.number(2), minute < 60,
            rest.take(":"), let second = rest.number(2), second < 60
        else { return nil }
        guard rest.take(".") else { return ((hour * 60 + minute) * 60 + second) * 1_000_000 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...6).contains(digits.count), let fraction = rest.number(digits.count) else { return nil }
        let scale = (digits.count..<6).reduce(Int64(1)) { scale, _ in scale * 10 }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction * scale
    }

    private static func zone(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        if rest.take("Z") || rest.take("z") { return 0 }
        let isWest = rest.first == UInt8(ascii: "-")
        guard rest.take("+") || rest.take("-"), let hour = rest.number(2), rest.take(":"),
            let minute = rest.number(2), hour < 24, minute < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hour * 60 + minute) * 60_000_000
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
    }

    // Days and civil dates after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years that begin in
    // March, in eras of 400 years.

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = y.quotientAndRemainder(floored: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let (era, day) = (days + 719_468).quotientAndRemainder(floored: 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let date = dayOfYear - (153 * month + 2) / 5 + 1
        let civil = month < 10 ? month + 3 : month - 9
        return (year + era * 400 + (civil <= 2 ? 1 : 0), civil, date)
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func number(_ digits: Int) -> Int64? {
        guard count >= digits, prefix(digits).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        defer { self = dropFirst(digits) }
        return prefix(digits).reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    fileprivate mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first, UInt32(first) == character.value else { return false }
        self = dropFirst()
        return true
    }
}

extension Int64 {
    fileprivate func quotientAndRemainder(floored divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    fileprivate func padded(_ width: Int) -> String {
        let digits = String(magnitude)
        return (self < 0 ? "-" : "") + String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}

extension String {
    fileprivate var trimmingZeros: String {
        var text = self
        while text.last == "0" { text.removeLast() }
        return text
    }
}

extension Timestamp {
    /// Microseconds since 1970.
    package static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
