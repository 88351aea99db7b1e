internal import Bytes

/// Cuts a record's value into the documents of which each becomes a row: JSON objects one after
/// the other, on lines of their own or in an array, or the rows of a CSV text.
///
/// A row of CSV is given as a JSON object, so that everything behind this, from `where` to the
/// columns' types, is the same for both. Belongs to one thread and is used again for every record;
/// nothing is allocated for a record like the ones before.
public struct DocumentReader: ~Copyable {
    private let isCSV: Bool
    private var csv: CSVReader
    private var position = 0
    private var array = ArrayState.none

    /// Where the reader is in an array of documents.
    private enum ArrayState {
        case none, first, following
    }

    /// A reader of what `plan` says that records hold.
    public init(_ plan: DecodingPlan) {
        if case .csv(let format) = plan.format {
            isCSV = true
            csv = CSVReader(format)
        } else {
            isCSV = false
            csv = CSVReader(CSVFormat())
        }
    }

    /// Begins with the record in `value`.
    public mutating func begin(_ value: RawSpan) throws(DecodeIssue) {
        position = 0
        array = .none
        do throws(JSONFault) {
            var cursor = JSONCursor(value)
            cursor.skipWhitespace()
            if cursor.position == cursor.end { throw JSONFault(.empty, at: 0) }
            if isCSV { try csv.begin(value) }
        } catch { throw DecodeIssue(error.reason, offset: error.offset) }
    }

    /// Where the next document of `value` stands; nil behind the last one.
    public mutating func next(in value: RawSpan) throws(DecodeIssue) -> Range<Int>? {
        do throws(JSONFault) {
            return isCSV ? try csv.next(in: value) : try nextJSON(in: value)
        } catch { throw DecodeIssue(error.reason, offset: error.offset) }
    }

    /// True when the document is not in the value but in `converted`.
    public var isConverted: Bool { isCSV }

    /// The document that `next` went to, as a JSON object.
    public var converted: RawSpan {
        @_lifetime(borrow self)
        get { csv.object.bytes }
    }

    private mutating func nextJSON(in value: RawSpan) throws(JSONFault) -> Range<Int>? {
        var cursor = JSONCursor(value)
        cursor.position = position
        defer { position = cursor.position }
        while true {
            cursor.skipWhitespace()
            if array == .none {
                if cursor.position == cursor.end { return nil }
                if cursor.next != UInt8(ascii: "[") { break }
                cursor.position &+= 1
                array = .first
            } else if cursor.next == UInt8(ascii: "]") {
                cursor.position &+= 1
                array = .none
            } else {
                if array == .following {
                    guard cursor.next == UInt8(ascii: ",") else { throw cursor.unexpected() }
                    cursor.position &+= 1
                    cursor.skipWhitespace()
                }
                array = .following
                break
            }
        }
        let start = cursor.position
        try cursor.skipValue(depth: 0)
        return start..<cursor.position
    }
}
