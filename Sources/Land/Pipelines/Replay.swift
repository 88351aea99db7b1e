/// What became of a dead letter that was to be landed again.
public struct LetterOutcome: Equatable, Sendable {
    /// What it came to.
    public enum Result: Equatable, Sendable {
        /// It is a row of its table now.
        case landed
        /// `where` leaves it out now; it is counted as filtered.
        case filtered
        /// It cannot become a row: it stays a dead letter as it was. Why, in the words of the
        /// dead-letter table.
        case failed(reason: String, detail: String, field: String?)
        /// It is no dead letter any more: it was landed before.
        case gone
    }

    /// The record.
    public let place: RecordPlace
    /// What it came to.
    public let result: Result

    /// The outcome of one letter.
    public init(place: RecordPlace, result: Result) {
        self.place = place
        self.result = result
    }
}

/// Dead letters to be landed again.
public struct Replay: Equatable, Sendable {
    /// The letters, each once.
    public let letters: [DeadLetter]
    /// True to find out what would become of them and to change nothing.
    public let isRehearsal: Bool

    /// A replay of `letters`, all of which are committed together.
    public init(_ letters: [DeadLetter], isRehearsal: Bool = false) {
        self.letters = letters
        self.isRehearsal = isRehearsal
    }
}
