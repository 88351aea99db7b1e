internal import Bytes

/// Tells which of many predicates a record has to do with, as `RecordFilter` would of each of them,
/// without asking each of them.
///
/// Where predicates want a field to be one of some texts (`Predicate.Discriminator`), the field is
/// read once and looked up, so that a hundred tables of a hundred kinds of events cost hardly more
/// than one. Belongs to one thread.
public struct RecordRouter: ~Copyable {
    /// A filter that can stand in an array.
    private final class Place {
        var filter: RecordFilter

        init(_ predicate: Predicate) { filter = RecordFilter(predicate) }

        func selects(_ value: RawSpan) -> Bool { filter.judge(value) != .filtered }
    }

    /// One predicate that a text leads to.
    private struct Candidate {
        let index: Int
        /// It wants nothing else.
        let isWhole: Bool
    }

    private var places: [Place?]
    /// Those that want everything.
    private var everything: [Int] = []
    /// Those that have to be asked.
    private var asked: [Int] = []
    /// Those that a field leads to.
    private var found: [Int] = []
    private var fields: FieldCollector
    /// For each field, the texts that lead somewhere.
    private var texts: [TextTable] = []
    /// For each field and text, where its candidates are in `candidates`.
    private var ranges: [[Range<Int>]] = []
    private var candidates: [Candidate] = []

    /// A router to `predicates`, known by their places in the array; nil selects every record.
    public init(_ predicates: [Predicate?]) {
        places = predicates.map { $0.map { Place($0) } }
        var names: [String] = []
        var grouped: [[[Candidate]]] = []
        for (index, predicate) in predicates.enumerated() {
            guard let predicate else {
                everything.append(index)
                continue
            }
            guard let discriminator = predicate.discriminator else {
                asked.append(index)
                continue
            }
            found.append(index)
            let name = predicate.fields[discriminator.field]
            let field = names.firstIndex(of: name) ?? names.count
            if field == names.count {
                names.append(name)
                texts.append(TextTable())
                grouped.append([])
            }
            for text in Set(discriminator.texts) {
                let number = texts[field].add(text)
                if number == grouped[field].count { grouped[field].append([]) }
                grouped[field][number].append(
                    Candidate(index: index, isWhole: discriminator.isWhole)
                )
            }
        }
        fields = FieldCollector(names)
        for groups in grouped {
            ranges.append([])
            for group in groups {
                ranges[ranges.count - 1].append(candidates.count..<candidates.count + group.count)
                candidates += group
            }
        }
    }

    /// Calls `body` with every predicate that selects the record, each once: it is true, or cannot
    /// be decided because the record cannot be read.
    public mutating func route(_ value: RawSpan, _ body: (Int) -> Void) {
        for index in everything { body(index) }
        for index in asked where places[index]?.selects(value) == true { body(index) }
        if found.isEmpty { return }
        var cursor = JSONCursor(value)
        do throws(JSONFault) {
            _ = try fields.collect(&cursor) { _, _, _ in true }
        } catch {
            // Some of them may have found what they look for before that place.
            for index in found where places[index]?.selects(value) == true { body(index) }
            return
        }
        for field in texts.indices {
            let number = fields.values[field].withText(cursor) { texts[field].find($0) } ?? -1
            if number < 0 { continue }
            for place in ranges[field][number] {
                let candidate = candidates[place]
                if candidate.isWhole || places[candidate.index]?.selects(value) == true {
                    body(candidate.index)
                }
            }
        }
    }
}

/// Numbers of texts, found without making a String or an array of them.
private struct TextTable {
    private struct Entry {
        let text: [UInt8]
        let hash: UInt64
    }

    private var entries: [Entry] = []
    /// Number of the entry plus one; zero is free. A power of two, at most half full.
    private var slots: [Int32] = Array(repeating: 0, count: 16)

    /// The number of `text`, or -1.
    func find(_ text: RawSpan) -> Int {
        let hash = Self.hash(text)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] > 0 {
            let index = Int(slots[slot] - 1)
            if entries[index].hash == hash, isEqual(index, text) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return -1
    }

    /// The number of `text`, which gets the next one if it has none yet.
    mutating func add(_ text: [UInt8]) -> Int {
        // SAFETY: the array outlives both calls.
        let (known, hash) = unsafe (find(text.span.bytes), Self.hash(text.span.bytes))
        if known >= 0 { return known }
        entries.append(Entry(text: text, hash: hash))
        if entries.count * 2 > slots.count {
            slots = Array(repeating: 0, count: slots.count * 2)
            for index in entries.indices { place(index) }
        } else {
            place(entries.count - 1)
        }
        return entries.count - 1
    }

    private mutating func place(_ index: Int) {
        var slot = Int(truncatingIfNeeded: entries[index].hash) & (slots.count - 1)
        while slots[slot] > 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index + 1)
    }

    private func isEqual(_ index: Int, _ text: RawSpan) -> Bool {
        guard entries[index].text.count == text.byteCount else { return false }
        for place in 0..<text.byteCount where entries[index].text[place] != text.byte(place) {
            return false
        }
        return true
    }

    /// FNV-1a with a last stir, since only the low bits choose a slot.
    private static func hash(_ text: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<text.byteCount {
            hash = (hash ^ UInt64(text.byte(index))) &* 0x0000_0100_0000_01B3
        }
        return hash ^ hash >> 32
    }
}
