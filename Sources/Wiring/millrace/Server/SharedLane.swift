import KafkaSource
import Pipelines
import Telemetry
import Threads

/// A lane whose partitions a consumer group shares out: the lane lands what this process is given,
/// and has committed what is taken away before another process gets it.
final class SharedLane: Sendable {
    private let membership: GroupMembership
    private let control: Condition<Control>
    private let thread: Thread

    private struct Control {
        var hasChanged = false
        var isStopping = false
    }

    /// How long a lane may take to let go of partitions that the group wants back.
    private static let patience = Duration.seconds(60)
    /// How often the group is told what is landed, for tools that watch its lag.
    private static let courtesyInterval = Duration.seconds(5)

    /// Joins the group; the lane must own nothing yet.
    init(_ lane: ServerLane, group: GroupJoining) throws(KafkaLogError) {
        let control = Condition(Control())
        self.control = control
        let membership = try group.join { control.update { $0.hasChanged = true } }
        self.membership = membership
        thread = Thread("share \(lane.definition.table)") {
            Self.follow(membership, lane, control)
        }
    }

    /// Leaves the group; the lane must have stopped.
    func leave() {
        control.update { $0.isStopping = true }
        thread.join()
        membership.leave()
    }

    private static func follow(
        _ membership: GroupMembership,
        _ lane: ServerLane,
        _ control: Condition<Control>
    ) {
        var told: [SourcePartition: Int64] = [:]
        while true {
            let isStopping: Bool? = control.wait(timeout: courtesyInterval) { state in
                if state.isStopping { return true }
                guard state.hasChanged else { return nil }
                state.hasChanged = false
                return false
            }
            if isStopping == true { return }
            let share = membership.share
            let mine = Set(share.held.keys).subtracting(share.asked)
            if isStopping == nil {
                let landed =
                    lane.status.committed?.positions.filter { mine.contains($0.key) } ?? [:]
                if landed != told { membership.remember(landed) }
                told = landed
                continue
            }
            // What was lost without being asked for is dropped by itself: whoever has it now has
            // taken it over in the table, and our commit of it is refused.
            lane.assign(mine.isEmpty ? nil : .partitions(mine), timeout: patience)
            if !share.asked.isEmpty { membership.release(share.asked) }
        }
    }
}

/// Everything that joining a group needs but the ear for its decisions.
struct GroupJoining {
    let properties: KafkaProperties
    let group: String
    let selectors: [TopicSelector]
    let logger: Logger

    func join(_ changed: @escaping @Sendable () -> Void) throws(KafkaLogError) -> GroupMembership {
        try GroupMembership(
            properties,
            group: group,
            selectors: selectors,
            logger: logger,
            changed: changed
        )
    }
}
