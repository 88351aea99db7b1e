import Clocks
import Testing

@testable import Pipelines

@Suite struct OffsetRangesTests {
    @Test func `ranges that touch are one`() {
        var ranges = OffsetRanges([10..<20, 30..<40])
        ranges.insert(20..<30)
        #expect(ranges.ranges == [10..<40])
        ranges.insert(5..<5)
        ranges.insert(0..<3)
        #expect(ranges.ranges == [0..<3, 10..<40])
        #expect(ranges.count == 33)
    }

    @Test func `holes are what is not there`() {
        let ranges = OffsetRanges([10..<20, 30..<40])
        #expect(ranges.holes(in: 0..<50) == [0..<10, 20..<30, 40..<50])
        #expect(ranges.holes(in: 12..<18).isEmpty)
        #expect(ranges.holes(in: 15..<35) == [20..<30])
    }

    /// Against the plainest model there is: a set of numbers.
    @Test func `inserting and removing agrees with a set of numbers`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            var ranges = OffsetRanges()
            var model: Set<Int64> = []
            for _ in 0..<12 {
                let low = Int64.random(in: 0..<40, using: &random)
                let range = low..<Int64.random(in: low..<48, using: &random)
                if Int.random(in: 0..<3, using: &random) == 0 {
                    ranges.remove(range)
                    model.subtract(range)
                } else {
                    ranges.insert(range)
                    model.formUnion(range)
                }
                #expect(Set(ranges.ranges.flatMap { Array($0) }) == model)
                #expect(ranges.count == Int64(model.count))
                for (left, right) in zip(ranges.ranges, ranges.ranges.dropFirst()) {
                    #expect(left.upperBound < right.lowerBound)
                }
            }
        }
    }
}

@Suite struct PartitionProgressTests {
    @Test func `landing joins what a backfill has landed`() {
        var progress = PartitionProgress(start: 10, next: 20)
        progress.cover(25..<30)
        #expect(progress.limit == 25)
        progress.next = 25
        progress.absorb()
        #expect(progress.next == 30 && progress.limit == .max)
        progress.cover(5..<10)
        #expect(progress.start == 5)
        #expect(progress.covered.ranges == [5..<30])
    }

    @Test func `what was skipped stays a hole`() {
        var progress = PartitionProgress(next: 20)
        progress.skip(to: 50)
        #expect(progress.next == 50)
        #expect(progress.covered.holes(in: 0..<60) == [20..<60])
        progress.cover(20..<50)
        #expect(progress.covered.ranges == [0..<50] && progress.start == 0)
    }
}
