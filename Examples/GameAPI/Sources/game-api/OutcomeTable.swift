import GameRules

/// The runs that were played, as a person reads them.
struct OutcomeTable {
    private let outcomes: [RunOutcome]

    init(_ outcomes: [RunOutcome]) { self.outcomes = outcomes }

    var text: String {
        var rows = [["run", "host", "path", "requests", "answers", "seconds"]]
        for (index, outcome) in outcomes.enumerated() {
            let answers = outcome.answers.sorted { $0.key < $1.key }
                .map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
            rows.append([
                "\(index + 1)", outcome.run.host, outcome.run.path, "\(outcome.run.count)",
                answers, Self.seconds(outcome.seconds),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let rightAligned: Set = [0, 3, 5]
        let lines = rows.map { row in
            let cells = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return rightAligned.contains(column) ? padding + text : text + padding
            }
            return Self.trimmed(cells.joined(separator: "  "))
        }
        return (lines + [summary]).joined(separator: "\n") + "\n"
    }

    private var summary: String {
        let requests = outcomes.reduce(0) { $0 + $1.answers.values.reduce(0, +) }
        let events = outcomes.reduce(0) { $0 + ($1.answers[200] ?? 0) }
        let missing = outcomes.reduce(0) { $0 + ($1.answers[404] ?? 0) }
        let seconds = outcomes.reduce(0) { $0 + $1.seconds }
        var text = "\(requests) requests in \(Self.seconds(seconds)) s: \(events) events, "
        text += "\(missing) for addresses that do not exist"
        let others = requests - events - missing
        return others == 0 ? text : text + ", \(others) failed"
    }

    private static func seconds(_ seconds: Double) -> String {
        let hundredths = Int((seconds * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100)." + (rest < 10 ? "0" : "") + "\(rest)"
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
