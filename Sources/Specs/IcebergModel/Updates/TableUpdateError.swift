/// Why updates were not applied to a table's metadata. Nothing changed.
public enum TableUpdateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The table is not as the sender required it to be: somebody else changed it meanwhile. The
    /// same change may be right once it was made anew for the table as it is.
    case requirementFailed(TableRequirement, reason: String)
    /// The change was made for an older state of the table, which no requirement said: a snapshot
    /// whose sequence number is taken. It may be right once it was made anew.
    case outdated(reason: String)
    /// The change makes no valid table, whatever its state.
    case invalid(reason: String)

    /// True when the change may be right once it was made anew for the table as it is now.
    public var isConflict: Bool {
        if case .invalid = self { false } else { true }
    }

    /// What happened, to what.
    public var description: String {
        switch self {
        case .requirementFailed(_, let reason): "Requirement failed: \(reason)"
        case .outdated(let reason), .invalid(let reason): reason
        }
    }
}
