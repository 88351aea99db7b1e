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
    private var texts: [KeyTable] = []
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
                texts.append(KeyTable())
                grouped.append([])
            }
            for text in Set(discriminator.texts) {
                var number = texts[field].find(text)
                if number < 0 {
                    number = texts[field].add(name: text, number: 0)
                    grouped[field].append([])
                }
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
    /// be decided because the record cannot be read, or has no value.
    public mutating func route(_ value: RawSpan?, _ body: (Int) -> Void) {
        guard let value else { return places.indices.forEach(body) }
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
            let number =
                fields.values[field].withText(cursor) { text in
                    // SAFETY: the bytes are only looked at during the call.
                    unsafe text.withUnsafeBytes { unsafe texts[field].find($0) }
                } ?? -1
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
