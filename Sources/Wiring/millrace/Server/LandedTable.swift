import Columns
import IcebergModel
import Pipelines

/// What may be changed by hand of a table that a pipeline lands: everything that the pipeline does
/// not undo or stumble over.
struct LandedTable {
    private let pipeline: String?
    private let isShelf: Bool

    /// The table `name` with its marks of pipelines.
    init(_ metadata: TableMetadata, name: String) {
        pipeline = metadata.properties.keys.compactMap(CommitMarker.pipeline(ofKey:)).min()
        isShelf = name.hasSuffix("__dead_letters")
    }

    /// Throws when the alteration is not for such a table, and says what to do instead.
    func check(_ alteration: Alteration) throws(AlterationError) {
        switch alteration {
        case .set(let key, _), .unset(let key):
            guard !key.hasPrefix("millrace.") else {
                throw AlterationError(
                    "\(key) is a mark of Millrace's own writers: changing it would lose or double "
                        + "rows; 'millrace pipelines state' moves checkpoints"
                )
            }
        default: break
        }
        guard let pipeline else { return }
        switch alteration {
        case .set, .unset, .comment, .sort: return
        case .drop(let name):
            throw AlterationError(
                "the pipeline \(pipeline) lands this table and would make \(name) again with the "
                    + "next record that has it; stop landing it (leave the table out of the "
                    + "pipeline, or land into another one), or leave the column out when asking"
            )
        case .rename(let old, let new):
            throw AlterationError(
                "the pipeline \(pipeline) lands this table and would make \(old) again beside "
                    + "\(new); declare 'columns: {\(new): {from: \(old)}}' in the pipeline, by "
                    + "which what comes from now on is landed as \(new)"
            )
        case .partition:
            throw AlterationError(
                "the pipeline \(pipeline) lands this table, by day of \(LogColumn.name).timestamp "
                    + "or not divided, and would go on so; make a table of your own from it, "
                    + "or sort its rows (sort-by)"
            )
        case .add(let name, _, _), .widen(let name, _), .makeOptional(let name):
            try mustNotBeOwn(name, pipeline)
        case .move(let name, _):
            if name.hasPrefix("\(LogColumn.name).") { try mustNotBeOwn(name, pipeline) }
            if isShelf { try mustNotBeOwn(name, pipeline) }
        }
    }

    /// Columns that Millrace itself relies on.
    private func mustNotBeOwn(_ name: String, _ pipeline: String) throws(AlterationError) {
        let isLog = name == LogColumn.name || name.hasPrefix("\(LogColumn.name).")
        guard !isLog, !isShelf else {
            throw AlterationError(
                "\(name) is the place of rows in the log, or a column of dead letters: "
                    + "\(pipeline), receipts and replays rely on its being as it is"
            )
        }
    }
}
