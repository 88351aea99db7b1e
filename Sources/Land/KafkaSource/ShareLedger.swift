import Pipelines
import Synchronization
import Threads

/// The books of a membership: what is held, what is asked for back, and who waits for that. The
/// group's side and the lane's side meet here.
final class ShareLedger: Sendable {
    private let share = Condition(GroupShare())
    private let isLeaving = Atomic(false)
    private let changed: @Sendable () -> Void
    private let patience: Duration

    /// - Parameters:
    ///   - patience: how long the group waits for partitions that it has asked for.
    ///   - changed: called after every change, from a thread of librdkafka's or of the membership.
    init(patience: Duration, changed: @escaping @Sendable () -> Void) {
        self.patience = patience
        self.changed = changed
    }

    /// What is held now.
    var current: GroupShare { share.withLock { $0 } }

    /// The group gives.
    func gain(_ partitions: [SourcePartition], groupGeneration: Int32) {
        share.update { share in
            share.generation += 1
            share.groupGeneration = groupGeneration
            share.isSettled = true
            for partition in partitions { share.held[partition] = share.generation }
        }
        changed()
    }

    /// The group has taken: others may hold them already.
    func lose(_ partitions: [SourcePartition]) {
        share.update { share in
            share.generation += 1
            for partition in partitions {
                share.held[partition] = nil
                share.asked.remove(partition)
            }
        }
        changed()
    }

    /// The group wants these back: returns when they were released, or when patience is over and
    /// they are lost.
    func giveBack(_ partitions: [SourcePartition]) {
        let wanted = share.update { share in
            let wanted = partitions.filter { share.held[$0] != nil }
            share.generation += 1
            share.asked.formUnion(wanted)
            return wanted
        }
        changed()
        let isReleased: Bool? = share.wait(timeout: patience) { share in
            let isDone = wanted.allSatisfy { share.held[$0] == nil }
            return isDone || isLeaving.load(ordering: .relaxed) ? true : nil
        }
        let left = share.withLock { share in wanted.filter { share.held[$0] != nil } }
        if isReleased == nil || !left.isEmpty { lose(left) }
    }

    /// The lane has committed what it read of these, or has dropped it.
    func release(_ partitions: Set<SourcePartition>) {
        share.update { share in
            share.generation += 1
            for partition in partitions where share.asked.remove(partition) != nil {
                share.held[partition] = nil
            }
        }
        changed()
    }

    /// Nobody waits for the lane any more.
    func leave() {
        isLeaving.store(true, ordering: .relaxed)
        share.update { share in share.generation += 1 }
    }
}
