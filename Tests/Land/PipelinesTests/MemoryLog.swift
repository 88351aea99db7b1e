import Bytes
import Compression
import KafkaProtocol
import Synchronization

@testable import Pipelines

/// A log in memory: the bent beginning of a lane.
final class MemoryLog: LogSource {
    private struct State {
        var clusterID = "cluster"
        var topics: [String: (id: String, partitions: [[UInt8]])] = [:]
        var ends: [SourcePartition: Int64] = [:]
        var starts: [SourcePartition: Int64] = [:]
        var failures = 0
        var reads = 0
        var isSilent = false
        var refusal: LogSourceError?
        var phantoms: Set<SourcePartition> = []
    }

    private let state = Mutex(State())

    var clusterID: String {
        get throws(LogSourceError) {
            if let trouble { throw .unavailable(trouble) }
            return state.withLock { $0.clusterID }
        }
    }

    var trouble: String? { state.withLock { $0.isSilent ? "nobody answers" : nil } }

    func identities(of topics: [String]) throws(LogSourceError) -> [String: String] {
        if let trouble { throw .unavailable(trouble) }
        return state.withLock { state in
            state.topics.filter { topics.contains($0.key) }.mapValues(\.id)
        }
    }

    /// The log stops answering questions; what it has delivered can be read.
    func fallSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    var topicNames: [String] { state.withLock { Array($0.topics.keys) } }

    /// The log becomes another one.
    func become(cluster: String) { state.withLock { $0.clusterID = cluster } }

    /// The next `count` reads fail in a way that passes.
    func failReads(_ count: Int) { state.withLock { $0.failures = count } }

    /// How often it was read.
    var reads: Int { state.withLock { $0.reads } }

    /// Every read fails so; nil for no more.
    func refuseReads(with error: LogSourceError?) { state.withLock { $0.refusal = error } }

    /// The partition seems to have one record more, until somebody tries to read it.
    func pretendOneMore(of topic: String, _ index: Int32 = 0) {
        _ = state.withLock {
            $0.phantoms.insert(SourcePartition(topic: topic, index: index))
        }
    }

    func create(_ name: String, partitions: Int = 1, id: String = "id") {
        state.withLock {
            $0.topics[name] = (id, Array(repeating: [], count: partitions))
            for index in 0..<Int32(partitions) {
                $0.ends[SourcePartition(topic: name, index: index)] = 0
            }
        }
    }

    /// The next `count` offsets have no record, as where a transaction ended.
    func skipOffsets(_ count: Int64, of topic: String, _ index: Int32 = 0) {
        state.withLock {
            $0.ends[SourcePartition(topic: topic, index: index), default: 0] += count
        }
    }

    /// Retention: offsets before `offset` are gone.
    func expire(before offset: Int64, of topic: String, _ index: Int32 = 0) {
        state.withLock { $0.starts[SourcePartition(topic: topic, index: index)] = offset }
    }

    /// Appends one batch of these values, packed with `codec`.
    func append(
        _ values: [String?],
        to topic: String,
        _ index: Int32 = 0,
        timestamp: Int64 = 0,
        codec: CompressionCodec = .none
    ) {
        var builder = RecordBatchBuilder()
        for value in values {
            if let value {
                var bytes = ByteBuffer()
                bytes.append(utf8: value)
                builder.append(key: nil, value: bytes.bytes, timestamp: timestamp)
            } else {
                builder.append(key: nil, value: nil, timestamp: timestamp)
            }
        }
        let partition = SourcePartition(topic: topic, index: index)
        state.withLock { state in
            var options = RecordBatchBuilder.Options()
            options.baseOffset = state.ends[partition] ?? 0
            var batch = ByteBuffer()
            do {
                try builder.finish(
                    options,
                    compressing: codec,
                    with: Compressor(),
                    into: &batch
                )
            } catch { preconditionFailure("\(error)") }
            state.topics[topic]?.partitions[Int(index)] += Array(copying: batch.bytes)
            state.ends[partition, default: 0] += Int64(values.count)
        }
    }

    /// Appends one batch of one record with key and headers.
    func append(
        _ value: String?,
        key: String,
        headers: [(String, String?)],
        to topic: String,
        timestamp: Int64
    ) {
        func bytes(_ text: String) -> ByteBuffer {
            var bytes = ByteBuffer()
            bytes.append(utf8: text)
            return bytes
        }
        var builder = RecordBatchBuilder()
        let key = bytes(key)
        let body = bytes(value ?? "")
        builder.append(
            key: key.bytes,
            value: value == nil ? nil : body.bytes,
            headers: headers.map { ($0.0, $0.1.map { Array($0.utf8) }) },
            timestamp: timestamp
        )
        let partition = SourcePartition(topic: topic, index: 0)
        state.withLock { state in
            var options = RecordBatchBuilder.Options()
            options.baseOffset = state.ends[partition] ?? 0
            var batch = ByteBuffer()
            builder.finish(options, into: &batch)
            state.topics[topic]?.partitions[0] += Array(copying: batch.bytes)
            state.ends[partition, default: 0] += 1
        }
    }

    func topic(named name: String) -> SourceTopic? {
        state.withLock { state in
            state.topics[name].map {
                SourceTopic(name: name, id: $0.id, partitionCount: $0.partitions.count)
            }
        }
    }

    func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds {
        let bounds = state.withLock { state in
            state.ends[partition].map {
                SourceBounds(
                    start: state.starts[partition] ?? 0,
                    end: $0 + (state.phantoms.contains(partition) ? 1 : 0)
                )
            }
        }
        guard let bounds else { throw .unknownPartition(partition) }
        return bounds
    }

    func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64 {
        let bytes = state.withLock {
            $0.topics[partition.topic]?.partitions[Int(partition.index)] ?? []
        }
        var position = 0
        while position < bytes.count,
            let header = try? RecordBatchHeader(bytes.bytes, at: position)
        {
            if header.maxTimestamp >= timestamp { return header.baseOffset }
            position += header.totalSize
        }
        return try bounds(of: partition).end
    }

    func bytes(of partition: SourcePartition, from offset: Int64) -> Int64? { nil }

    /// Serves batch by batch, so that lanes must come back for more.
    func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds {
        let isFailing = state.withLock { state in
            defer { state.failures = max(0, state.failures - 1) }
            state.reads += 1
            if offset == state.ends[partition] { state.phantoms.remove(partition) }
            return state.failures > 0
        }
        if isFailing { throw .unavailable("broker restarts") }
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        let bytes = state.withLock {
            $0.topics[partition.topic]?.partitions[Int(partition.index)] ?? []
        }
        var position = 0
        while position < bytes.count {
            guard let header = try? RecordBatchHeader(bytes.bytes, at: position) else {
                throw .corrupt(partition, offset: offset, reason: "not a batch")
            }
            let end = position + header.totalSize
            if header.baseOffset + Int64(header.lastOffsetDelta) >= offset {
                buffer.append(bytes.bytes.extracting(position..<end))
                break
            }
            position = end
        }
        return try bounds(of: partition)
    }

    func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Int {
        // "May call early": so at once, and lanes turn without pause.
        wake()
        return 0
    }

    func cancel(_ notification: Int) {}
}
