internal import IcebergModel
internal import Synchronization

/// Manifests and manifest lists that were read or written lately, by their paths: such files never
/// change. Bounded by the files they describe.
final class ManifestCache: Sendable {
    /// Data files that are kept with their statistics; about a kilobyte each.
    private static let filesMax = 20_000
    /// Manifest lists that are kept.
    private static let listsMax = 64

    private struct Manifest {
        var entries: [ManifestEntry]
        var used: UInt64
    }

    private struct List {
        var manifests: [ManifestFile]
        var used: UInt64
    }

    private struct State {
        var manifests: [String: Manifest] = [:]
        var lists: [String: List] = [:]
        var files = 0
        /// Counts uses; the smallest number was used longest ago.
        var clock: UInt64 = 0

        mutating func tick() -> UInt64 {
            clock += 1
            return clock
        }
    }

    private let state = Mutex(State())

    func entries(_ path: String) -> [ManifestEntry]? {
        state.withLock { state in
            let now = state.tick()
            state.manifests[path]?.used = now
            return state.manifests[path]?.entries
        }
    }

    func keep(_ entries: [ManifestEntry], of path: String) {
        guard entries.count <= Self.filesMax / 2 else { return }
        state.withLock { state in
            guard state.manifests[path] == nil else { return }
            state.manifests[path] = Manifest(entries: entries, used: state.tick())
            state.files += entries.count + 1
            while state.files > Self.filesMax,
                let oldest = state.manifests.min(by: { $0.value.used < $1.value.used })
            {
                state.manifests[oldest.key] = nil
                state.files -= oldest.value.entries.count + 1
            }
        }
    }

    func list(_ path: String) -> [ManifestFile]? {
        state.withLock { state in
            let now = state.tick()
            state.lists[path]?.used = now
            return state.lists[path]?.manifests
        }
    }

    func keep(_ manifests: [ManifestFile], ofList path: String) {
        state.withLock { state in
            state.lists[path] = List(manifests: manifests, used: state.tick())
            if state.lists.count > Self.listsMax,
                let oldest = state.lists.min(by: { $0.value.used < $1.value.used })
            {
                state.lists[oldest.key] = nil
            }
        }
    }
}
