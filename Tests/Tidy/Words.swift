/// Looking for words in lines of code.
enum Words {
    /// True when `pattern` stands in `line` and is not a part of a longer name at either end that
    /// is a letter.
    static func find(_ pattern: String, in line: String) -> Bool {
        let bytes = line.utf8.span
        let wanted = pattern.utf8.span
        guard wanted.count > 0, bytes.count >= wanted.count else { return false }
        let first = wanted[0]
        let last = wanted[wanted.count - 1]
        for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
            let end = start + wanted.count
            var same = true
            for index in 1..<max(wanted.count, 1) where bytes[start + index] != wanted[index] {
                same = false
                break
            }
            guard same else { continue }
            let before = isName(first) && start > 0 && isName(bytes[start - 1])
            let after = isName(last) && end < bytes.count && isName(bytes[end])
            if !before, !after { return true }
        }
        return false
    }

    /// The names in a line of code, in order.
    static func names(in line: String) -> [Substring] {
        line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            .filter { $0.first?.isNumber == false }
    }

    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
            true
        default: false
        }
    }
}
