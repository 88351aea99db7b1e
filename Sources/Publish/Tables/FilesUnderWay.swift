internal import Stores
internal import Synchronization

/// Names of the files that commits of this process have written, and that are neither part of a
/// table yet nor given up.
final class FilesUnderWay: Sendable {
    private let names = Mutex<Set<String>>([])

    func begin(_ uri: String) {
        names.withLock { _ = $0.insert(ObjectName.last(of: uri)) }
    }

    func end(_ uris: some Sequence<String>) {
        names.withLock { names in
            for uri in uris { names.remove(ObjectName.last(of: uri)) }
        }
    }

    func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }
}
