internal import Tables

/// Commits of upkeep: they give way to others', and come again on top of them.
struct MaintenanceCommit {
    /// How often a commit is tried on top of somebody else's. Each time somebody succeeds.
    private static let attemptsMax = 50

    private let lake: Lake

    init(_ lake: Lake) { self.lake = lake }

    /// Commits what was prepared for `table`. What it takes out has to be part of the table still,
    /// or it does not happen.
    func commit(
        _ change: PreparedCommit,
        to table: Table
    ) throws(MaintenanceError) -> Table {
        var current = table
        var prepared = change
        var attempt = 0
        while true {
            attempt += 1
            do throws(CommitError) { return try current.commit(prepared) } catch {
                switch error {
                // What was merged has to be live still, or the next attempt says so.
                case .conflict(let now, _) where attempt < Self.attemptsMax:
                    current = now
                case .unknownOutcome(let tried, _):
                    switch try outcome(of: tried, error) {
                    case .committed(let table): return table
                    case .notCommitted(let table): current = table
                    }
                default:
                    lake.discard(prepared)
                    throw .commit(error)
                }
                prepared = prepared.expecting(current)
            }
        }
    }

    private func outcome(
        of attempt: CommitAttempt,
        _ unknown: CommitError
    ) throws(MaintenanceError) -> CommitOutcome {
        do throws(TableError) { return try lake.outcome(of: attempt) } catch {
            throw .commit(unknown)
        }
    }
}
