/// Writes names and constants so that they mean themselves in SQL.
enum SQLQuoting {
    /// `"name"`, whatever it holds.
    static func name(_ name: String) -> String { quote(name, by: "\"") }

    /// `'text'`, whatever it holds.
    static func text(_ text: String) -> String { quote(text, by: "'") }

    private static func quote(_ text: String, by mark: Character) -> String {
        var quoted = String(mark)
        for character in text.unicodeScalars where character != "\0" {
            if Character(character) == mark { quoted.append(mark) }
            quoted.unicodeScalars.append(character)
        }
        quoted.append(mark)
        return quoted
    }
}
