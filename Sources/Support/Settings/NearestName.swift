/// The name that was probably meant.
enum NearestName {
    /// The member of `names` nearest to `name`; nil when none is near enough to be meant.
    ///
    /// Names are dotted paths. One whose last part is right counts as near, wherever it is, so that
    /// `listen` finds `log.listen`.
    static func nearest(to name: String, in names: some Sequence<String>) -> String? {
        let last = lastPart(name)
        var best: (name: String, distance: Int)?
        for candidate in names {
            var distance = self.distance(normal(name), normal(candidate))
            let limit = max(2, candidate.utf8.count / 3)
            if lastPart(candidate) == last { distance = min(distance, limit) }
            if distance <= limit, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    private static func lastPart(_ name: String) -> Substring {
        name.split(separator: ".").last ?? ""
    }

    /// Case and the choice of separator are no difference worth a step.
    private static func normal(_ name: String) -> [UInt8] {
        name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "-"): UInt8(ascii: "_")
            default: byte
            }
        }
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two names.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                let same = left[i] == right[j]
                var steps = min(
                    previous[j] + (same ? 0 : 1),
                    previous[j + 1] + 1,
                    current[j] + 1
                )
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    steps = min(steps, before[j - 1] + 1)
                }
                current.append(steps)
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
