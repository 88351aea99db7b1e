/// Ways to complete what stands before the cursor.
public struct Completion: Equatable, Sendable {
    /// Characters before the cursor that a completion replaces.
    public let replaces: Int
    /// The whole words or names that fit, in order, each once.
    public let candidates: [String]
    /// What to put in the place of what was typed: the only candidate with a blank behind it, or
    /// what all have in common beyond what was typed; nil when that is nothing.
    public let insertion: String?

    /// Completes `typed` with `candidates`, each of which begins with it in some case; nil without
    /// candidates.
    public init?(typed: String, candidates: [String]) {
        guard let first = candidates.first else { return nil }
        replaces = typed.count
        self.candidates = candidates
        if candidates.count == 1 {
            insertion = first + (first.hasSuffix(".") || first.hasSuffix("(") ? "" : " ")
            return
        }
        var common = first
        for candidate in candidates.dropFirst() {
            while !candidate.lowercased().hasPrefix(common.lowercased()) { common.removeLast() }
        }
        insertion = common.count > typed.count ? common : nil
    }
}
