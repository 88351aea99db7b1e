extension PartitionProgress {
    /// The offsets from `offset` on that a rewind there has landed anew: those that are accounted
    /// for, without mended dead letters. What somebody put in place of those records' values is
    /// nowhere but in the table.
    func uncovered(from offset: Int64) -> OffsetRanges {
        var ranges = covered.clamped(to: offset..<Int64.max)
        for letter in mended.keys where letter >= offset { ranges.remove(letter..<(letter + 1)) }
        return ranges
    }

    /// Where landing can begin again at or before `offset`: where none, or all, of the records of a
    /// stretch of discards are landed anew, since nobody knows which of them lie where.
    func rewindable(to offset: Int64) -> Int64 {
        let stretches = discards.stretches
        guard let index = stretches.lastIndex(where: { $0.from < offset }) else { return offset }
        let end = index + 1 < stretches.count ? stretches[index + 1].from : Int64.max
        return end <= offset ? offset : stretches[index].from
    }

    /// Goes back to `offset`, one that `rewindable` gave. Mended dead letters stay accounted for.
    mutating func rewind(to offset: Int64) {
        var kept = covered
        for range in uncovered(from: offset).ranges { kept.remove(range) }
        // Looked for from below: a mended letter may lie right behind.
        start =
            kept.clamped(to: 0..<offset).ranges.last { $0.upperBound == offset }?.lowerBound
            ?? offset
        next = offset
        others = kept
        others.remove(start..<next)
        absorb()
        discards.cut(from: offset)
    }

    /// Takes what went, by fate, out of the counts. `left` records were left out by policy.
    mutating func subtract(_ fates: FateSummary, left: Int64) {
        func count(_ fate: OffsetFate) -> Int64 { fates.counts[fate] ?? 0 }
        landed = max(0, landed - count(.landed))
        deadLettered = max(0, deadLettered - count(.deadLetter))
        // Whatever `where` says today, what was neither was filtered, or left out by policy.
        let others = count(.filtered) + count(.discarded) + count(.missing) - left
        filtered = max(0, filtered - others)
    }
}

extension Discards {
    /// Forgets everything from `offset` on, where a stretch begins or none is.
    mutating func cut(from offset: Int64) {
        let before = records
        stretches.removeAll { $0.from >= offset }
        let left = records
        if left == before { return }
        if left == 0 {
            reasons = [:]
        } else if reasons.count == 1, let reason = reasons.keys.first {
            reasons[reason] = left
        } else {
            // Which reasons the forgotten ones had, nobody knows.
            reasons = [Self.mixedReasons: left]
        }
    }

    /// Stands for reasons that cannot be told apart any more.
    static let mixedReasons = "several"
}
