/// Rules for every text file.
extension TextFile {
    private static let columnsMax = 100
    private static let columnsMaxInC = 120
    private static let linesMax = 500

    /// Files that may be longer, with the reason.
    static let longFiles: [String: String] = [:]

    /// Made by a program.
    private var isGenerated: Bool {
        path == "Interop/requirements.txt" || path == "docs/settings.md" || isGolden
    }

    /// Bytes of other programs that tests compare with.
    private var isGolden: Bool { path.contains("/Golden/") }

    private func violation(_ line: Int, _ message: String) -> Violation {
        Violation(path: path, line: line, message: message)
    }

    func wideLines() -> [Violation] {
        guard isSwift || isC else { return [] }
        // Shims are tables of long declarations.
        let columnsMax = isC ? Self.columnsMaxInC : Self.columnsMax
        return lines.enumerated().compactMap { index, line in
            let columns = line.unicodeScalars.count
            guard columns > columnsMax else { return nil }
            return violation(index + 1, "\(columns) columns; the limit is \(columnsMax)")
        }
    }

    func longFile() -> [Violation] {
        let count = lines.count - (lines.last?.isEmpty == true ? 1 : 0)
        guard isSwift || isC || path.hasSuffix(".py"), count > Self.linesMax else { return [] }
        if Self.longFiles[path] != nil { return [] }
        return [violation(0, "\(count) lines; the limit is \(Self.linesMax): part it by aspect")]
    }

    /// Tabs, blanks at line ends, foreign line ends, a missing last line end.
    func whitespace() -> [Violation] {
        guard !isGolden else { return [] }
        var found: [Violation] = []
        for (index, line) in lines.enumerated() {
            if line.last == "\r" { found.append(violation(index + 1, "the line ends with CR")) }
            if line.last == " " || line.last == "\t" {
                found.append(violation(index + 1, "blanks at the end of the line"))
            }
            if line.contains("\t"), name != "Makefile", name != "LICENSE" {
                found.append(violation(index + 1, "a tab; indent with blanks"))
            }
        }
        if let last = text.utf8.last, last != 0x0A {
            found.append(violation(lines.count, "no line end at the end of the file"))
        }
        return found
    }

    /// Words of unfinished work. Parted here, so that this file passes its own rule.
    private static let unfinished = [
        "TO" + "DO", "FIX" + "ME", "XX" + "X", "Place" + "holder until", "not yet " + "implemented",
        "place" + "holder implementation",
    ]

    func unfinishedWork() -> [Violation] {
        guard !isGenerated, !isIn("Tests/Tidy") else { return [] }
        return lines.enumerated().compactMap { index, line in
            Self.unfinished.first { Words.find($0, in: line) }
                .map { violation(index + 1, "\($0): do it, or file it as an issue") }
        }
    }

    private static let machines = ["/wo" + "rk/", "/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/"]

    /// Paths of a developer's machine.
    func machinePaths() -> [Violation] {
        lines.enumerated().compactMap { index, line in
            Self.machines.first { path in
                line.ranges(of: path).contains { range in
                    // Only at the start of a path: `.build/home/x` is none.
                    guard range.lowerBound > line.startIndex else { return true }
                    let before = line[line.index(before: range.lowerBound)]
                    return !(before.isLetter || before.isNumber || "._-}".contains(before))
                }
            }
            .map { violation(index + 1, "\($0) is a path of one machine") }
        }
    }

    /// Strict mode, so that a failing step stops the script.
    func shellHabits() -> [Violation] {
        guard isShell, !text.contains("\nset -euo pipefail\n") else { return [] }
        return [violation(0, "a shell script begins with set -euo pipefail")]
    }
}
