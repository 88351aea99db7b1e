import Bytes
import Clocks
import Files
import KafkaProtocol
import Testing

@testable import EventLog

/// Mistakes that the crash simulation has found, each as its own small story.
struct CrashKnownErrors {
    private typealias Log = EventLog<CrashFiles>

    private func open(_ files: CrashFiles, _ options: LogOptions = LogOptions()) throws -> Log {
        try Log.open(at: "/log", files, options, ManualClocks(), SystemRandom(), .manual)
    }

    /// Removed names may come back at a power loss; the new topic took the old one's segments for
    /// its own.
    @Test func `a topic made again under its name has none of the old one's records`() throws {
        var options = LogOptions()
        options.segmentBytesMax = 200
        for seed in 0..<60 as Range<UInt64> {
            let files = CrashFiles()
            let log = try open(files, options)
            let old = try log.createTopic("t", partitions: 1)
            for number in 0..<20 {
                _ = try log.appendAndWait(old.partitions[0], batch(["old \(number)"]))
            }
            files.cutPower(afterOperations: Int(seed))
            var expected: [String] = []
            do {
                try log.deleteTopic("t")
                let new = try log.createTopic("t", partitions: 1)
                if try log.appendAndWait(new.partitions[0], batch(["new"])).baseOffset != nil {
                    expected = ["new"]
                }
            } catch {}
            files.crash(seed: seed)
            let topic = try open(files, options).topic("t")
            if topic == nil || topic?.id == old.id {
                #expect(expected.isEmpty)
                continue
            }
            let values = try #require(topic).partitions[0].records().map(\.value)
            #expect(values == expected || values == ["new"])
        }
    }

    /// The entry of a topic whose sync failed was read from the system's memory by the next
    /// process, shown to clients, and was gone after a power loss.
    @Test func `a topic that an opening shows is there after a power loss`() throws {
        for seed in 0..<20 as Range<UInt64> {
            let files = CrashFiles()
            let log = try open(files)
            files.fail(.sync, of: "/meta")
            #expect(throws: LogError.self) { _ = try log.createTopic("t", partitions: 1) }
            files.restart()
            let second = try open(files)
            let isShown = second.topic("t") != nil
            files.crash(seed: seed)
            #expect(try (open(files).topic("t") != nil) == isShown)
        }
    }

    /// The sync of a segment failed after the journal had been acknowledged. The next process found
    /// the batches in the system's memory, believed them durable, and let go of the journal.
    @Test func `a failed sync of a segment does not cost what the journal has`() throws {
        var options = LogOptions()
        options.journalFileBytes = 8 << 10
        for seed in 0..<20 as Range<UInt64> {
            let files = CrashFiles()
            let log = try open(files, options)
            let partition = try log.createTopic("t", partitions: 1).partitions[0]
            var count = 0
            while log.failure == nil {
                files.fail(.sync, of: ".log")
                _ = try log.appendAndWait(partition, batch(["\(count)"]))
                count += 1
                _ = log.flusher.step()
            }
            files.restart()
            let second = try open(files, options)
            second.close()
            files.crash(seed: seed)
            let again = try #require(try open(files, options).topic("t")).partitions[0]
            #expect(try again.records().map(\.value) == (0..<count).map(String.init))
        }
    }
}
