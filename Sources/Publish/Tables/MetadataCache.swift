internal import IcebergModel
internal import Synchronization

/// The metadata that were read or committed last, by the place of their file, which never changes:
/// metadata of a table with thousands of snapshots take tens of milliseconds to read.
final class MetadataCache: Sendable {
    /// Tables whose metadata are kept.
    private static let tablesMax = 64

    private struct State {
        var metadata: [String: TableMetadata] = [:]
        /// Places in the order in which they were kept, oldest first.
        var order: [String] = []
    }

    private let state = Mutex(State())

    func metadata(at location: String) -> TableMetadata? {
        state.withLock { $0.metadata[location] }
    }

    /// Keeps `metadata`, in the place of those they replace, if any.
    func keep(_ metadata: TableMetadata, at location: String, insteadOf old: String? = nil) {
        state.withLock { state in
            if let old, state.metadata.removeValue(forKey: old) != nil {
                state.order.removeAll { $0 == old }
            }
            if state.metadata.updateValue(metadata, forKey: location) == nil {
                state.order.append(location)
            }
            if state.order.count > Self.tablesMax {
                state.metadata[state.order.removeFirst()] = nil
            }
        }
    }
}
