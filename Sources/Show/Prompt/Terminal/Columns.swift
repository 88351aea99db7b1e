internal import SQLEngine

/// Words in as many columns as fit, read downwards.
enum Columns {
    static func text(_ words: [String], width: Int) -> String {
        let widest = words.reduce(0) { max($0, DisplayWidth.of($1)) } + 2
        let columns = max(1, width / max(widest, 1))
        let rows = (words.count + columns - 1) / columns
        var text = ""
        for row in 0..<rows {
            var line = ""
            for index in stride(from: row, to: words.count, by: rows) {
                let word = words[index]
                let isLast = index + rows >= words.count
                let space = isLast ? 0 : widest - DisplayWidth.of(word)
                line += word + String(repeating: " ", count: space)
            }
            text += line + "\n"
        }
        return text
    }
}
