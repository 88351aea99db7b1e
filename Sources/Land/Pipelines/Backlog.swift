import Bytes
import Clocks
import KafkaProtocol

/// What waits in the log for a lane.
struct Backlog: Equatable, Sendable {
    /// Records, or gaps where records were.
    var records: Int64 = 0
    /// Bytes; nil where the log cannot tell.
    var bytes: Int64?
    /// Timestamp of the oldest record; nil when nothing waits.
    var oldest: Timestamp?
}

extension Lane {
    /// What waits in the log behind the checkpoint. What cannot be read counts as not waiting, and
    /// is looked at again with the next poll. The lane's thread.
    func backlog() -> Backlog {
        var backlog = Backlog()
        let committed = status.committed
        for partition in partitions {
            guard let bounds = try? source.bounds(of: partition) else { continue }
            let next = committed?.progress(in: partition)?.next ?? bounds.start
            guard next < bounds.end else { continue }
            backlog.records += bounds.end - next
            if let bytes = source.bytes(of: partition, from: next) {
                backlog.bytes = (backlog.bytes ?? 0) + bytes
            }
            if let oldest = timestamp(at: next, of: partition) {
                backlog.oldest = min(backlog.oldest ?? oldest, oldest)
            }
        }
        return backlog
    }

    /// The first timestamp of the batch that holds `offset`.
    private func timestamp(at offset: Int64, of partition: SourcePartition) -> Timestamp? {
        var batch = ByteBuffer()
        _ = try? source.read(partition, from: offset, bytesMax: 1, into: &batch)
        guard !batch.isEmpty, let header = try? RecordBatchHeader(batch.bytes, at: 0) else {
            return nil
        }
        return Timestamp(milliseconds: header.baseTimestamp)
    }
}
