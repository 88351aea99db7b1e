import Bytes
import JSONText

/// Dead letters as people read them.
enum DeadLetterText {
    static func list(_ report: JSONValue) -> String {
        let counts = report["counts"]?.arrayValue ?? []
        if counts.isEmpty { return "There are no dead letters.\n" }
        var table = TextTable([
            ("table", .left), ("reason", .left), ("field", .left), ("letters", .right),
            ("newest", .left),
        ])
        for entry in counts {
            table.append([
                text(entry, "table"), text(entry, "reason"), text(entry, "field"),
                grouped(entry["count"]?.integerValue ?? 0), text(entry, "newest"),
            ])
        }
        let letters = report["letters"]?.arrayValue ?? []
        return letters.isEmpty ? table.text : table.text + "\n" + self.letters(letters)
    }

    private static func letters(_ letters: [JSONValue]) -> String {
        var table = TextTable([
            ("table", .left), ("place", .left), ("time", .left), ("detail", .left),
        ])
        for letter in letters {
            table.append([
                text(letter, "table"), text(letter, "place"), text(letter, "time"),
                text(letter, "detail"),
            ])
        }
        return table.text
    }

    static func letter(_ letter: JSONValue) -> String {
        var lines: [(String, String)] = ["table", "place", "time", "reason", "field", "detail"]
            .map { ($0, text(letter, $0)) }
        lines.append(("key", bytes(letter, "key")))
        for header in letter["headers"]?.arrayValue ?? [] {
            let value = header["value"]?.stringValue ?? header["hex"]?.stringValue.map { "0x\($0)" }
            lines.append(("header", "\(text(header, "key")): \(value ?? "(none)")"))
        }
        lines.append(("value", bytes(letter, "value")))
        return lines.filter { !$0.1.isEmpty }
            .map { name, value in
                name + String(repeating: " ", count: 8 - name.count) + printable(value) + "\n"
            }
            .joined()
    }

    /// Text as it is, other bytes as hexadecimal digits.
    private static func bytes(_ letter: JSONValue, _ key: String) -> String {
        if let text = letter[key]?.stringValue { return text }
        return letter["\(key)_hex"]?.stringValue.map { "0x\($0)" } ?? "(none)"
    }

    static func replay(_ report: JSONValue) -> String {
        let isRehearsal = report["dry_run"]?.boolValue ?? false
        func count(_ key: String) -> Int64 { report[key]?.integerValue ?? 0 }
        if count("asked") == 0 { return "There are no such dead letters.\n" }
        var parts = ["\(grouped(count("landed"))) \(isRehearsal ? "would land" : "landed")"]
        if count("filtered") > 0 { parts.append("\(grouped(count("filtered"))) left out by where") }
        if count("failed") > 0 { parts.append("\(grouped(count("failed"))) cannot be rows") }
        if count("gone") > 0 { parts.append("\(grouped(count("gone"))) are no dead letters") }
        var result = parts.joined(separator: ", ") + "\n"
        let failures = report["failures"]?.arrayValue ?? []
        guard !failures.isEmpty else { return result }
        var table = TextTable([
            ("place", .left), ("reason", .left), ("field", .left), ("detail", .left),
        ])
        for failure in failures {
            table.append(["place", "reason", "field", "detail"].map { text(failure, $0) })
        }
        result += "\n" + table.text
        let more = count("failed") + count("gone") - Int64(failures.count)
        return more > 0 ? result + "and \(grouped(more)) more\n" : result
    }

    /// True when nothing that was asked for is left.
    static func isComplete(_ report: JSONValue) -> Bool {
        report["failed"]?.integerValue == 0 && report["gone"]?.integerValue == 0
    }

    private static func text(_ entry: JSONValue, _ key: String) -> String {
        printable(entry[key]?.stringValue ?? "")
    }

    /// Without characters that would move the cursor or end the line: the bytes are a stranger's.
    private static func printable(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
            shown.append(isControl && scalar != "\n" ? "\u{FFFD}" : scalar)
        }
        return String(shown)
    }
}
