import Bytes
import JSONText

/// Cuts a body into events, checking every byte of it. Pure: bytes in, ranges or an error out.
struct EventScan: ~Escapable {
    private let body: RawSpan
    private let keyField: [UInt8]?
    private let options: CollectorOptions
    private var events: [EventRange] = []

    /// All events of `body`.
    static func events(
        of body: RawSpan,
        form: BodyForm,
        keyField: String?,
        options: CollectorOptions
    ) throws(CollectorError) -> [EventRange] {
        var scan = EventScan(body, keyField, options)
        try scan.run(form)
        if scan.events.isEmpty { throw .noEvents }
        return scan.events
    }

    @_lifetime(copy body)
    private init(_ body: RawSpan, _ keyField: String?, _ options: CollectorOptions) {
        precondition(options.bodyBytesMax <= Int(UInt32.max), "offsets in a body are 32 bits")
        self.body = body
        self.keyField = keyField.map { Array($0.utf8) }
        self.options = options
    }

    @_lifetime(self: copy self)
    private mutating func run(_ form: BodyForm) throws(CollectorError) {
        var scanner = JSONScanner(body)
        Self.skipByteOrderMark(&scanner)
        if form == .lines { return try scanLines(from: scanner.offset) }
        scanner.skipWhitespace()
        if scanner.peek == UInt8(ascii: "[") {
            try scanArray(&scanner)
        } else {
            while !scanner.isAtEnd {
                if form == .json && !events.isEmpty {
                    throw .severalTexts(place(at: scanner.offset, event: 1))
                }
                try scanEvent(&scanner)
                scanner.skipWhitespace()
            }
        }
    }

    /// Some editors and shells put U+FEFF in front; RFC 8259 lets readers pass over it.
    private static func skipByteOrderMark(_ scanner: inout JSONScanner) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        for byte in mark {
            guard scanner.take(byte) else { return scanner.seek(to: 0) }
        }
    }

    @_lifetime(self: copy self)
    private mutating func scanArray(_ scanner: inout JSONScanner) throws(CollectorError) {
        var more = try json { () throws(JSONError) in try scanner.beginArray() }
        while more {
            try scanEvent(&scanner)
            more = try json { () throws(JSONError) in try scanner.endElement() }
        }
        scanner.skipWhitespace()
        guard scanner.isAtEnd else {
            throw .invalidJSON(
                "something follows the array",
                place(at: scanner.offset, event: events.count)
            )
        }
    }

    /// Each event on a line of its own, so that a line that is cut short is an error there and not
    /// further down.
    @_lifetime(self: copy self)
    private mutating func scanLines(from start: Int) throws(CollectorError) {
        var scanner = JSONScanner(body, staysOnLine: true)
        scanner.seek(to: start)
        while true {
            scanner.skipWhitespace()
            if scanner.take(0x0A) { continue }
            if scanner.isAtEnd { return }
            try scanEvent(&scanner)
            scanner.skipWhitespace()
            guard scanner.isAtEnd || scanner.take(0x0A) else {
                throw .invalidJSON(
                    "something follows the event on its line",
                    place(at: scanner.offset, event: events.count)
                )
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func scanEvent(_ scanner: inout JSONScanner) throws(CollectorError) {
        let start = scanner.offset
        guard events.count < options.eventsMax else {
            throw .tooManyEvents(limit: options.eventsMax)
        }
        guard scanner.peek == UInt8(ascii: "{") else {
            // What is no value at all is a fault of the JSON, not of the event.
            try json { () throws(JSONError) in try scanner.skipValue() }
            throw .notAnObject(place(at: start, event: events.count + 1))
        }
        var event: EventRange
        if let keyField {
            let key = try scanKeyed(&scanner, keyField)
            event = EventRange(value: start..<scanner.offset)
            event.setKey(key.range, key.kind)
        } else {
            try json { () throws(JSONError) in try scanner.skipValue() }
            event = EventRange(value: start..<scanner.offset)
        }
        let size = scanner.offset - start
        guard size <= options.eventBytesMax else {
            throw .eventTooLarge(
                bytes: size,
                limit: options.eventBytesMax,
                place(at: start, event: events.count + 1)
            )
        }
        events.append(event)
    }

    /// Moves over an object and finds its key field; the last one counts if there are several, as
    /// for most readers.
    private func scanKeyed(
        _ scanner: inout JSONScanner,
        _ field: [UInt8]
    ) throws(CollectorError) -> (range: Range<Int>, kind: EventRange.Key) {
        let start = scanner.offset
        var found: (start: Int, range: Range<Int>, kind: EventRange.Key)?
        do throws(JSONError) {
            var more = try scanner.beginObject()
            while more {
                let name = try scanner.scanKey()
                let valueStart = scanner.offset
                if scanner.peek == UInt8(ascii: "\""), matches(name, field, scanner) {
                    let text = try scanner.scanString()
                    found = (valueStart, text.range, text.hasEscapes ? .escaped : .plain)
                } else {
                    try scanner.skipValue()
                    if matches(name, field, scanner) {
                        found = (valueStart, valueStart..<scanner.offset, .plain)
                    }
                }
                more = try scanner.endMember()
            }
        } catch {
            throw invalid(error)
        }
        let name = String(decoding: field, as: UTF8.self)
        guard let found else {
            throw .missingKey(field: name, place(at: start, event: events.count + 1))
        }
        switch byte(at: found.start) {
        case UInt8(ascii: "n"):
            throw .missingKey(field: name, place(at: found.start, event: events.count + 1))
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw .keyNotScalar(field: name, place(at: found.start, event: events.count + 1))
        default: return (found.range, found.kind)
        }
    }

    private func matches(
        _ name: JSONScanner.StringToken,
        _ field: [UInt8],
        _ scanner: borrowing JSONScanner
    ) -> Bool {
        if name.hasEscapes { return scanner.text(of: name).utf8.elementsEqual(field) }
        guard name.range.count == field.count else { return false }
        for index in field.indices where byte(at: name.range.lowerBound + index) != field[index] {
            return false
        }
        return true
    }

    private func byte(at index: Int) -> UInt8 {
        // SAFETY: the load checks its bounds; a byte has no invalid values.
        unsafe body.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }

    // MARK: - Errors

    private func json<Result>(
        _ body: () throws(JSONError) -> Result
    ) throws(CollectorError) -> Result {
        do throws(JSONError) { return try body() } catch { throw invalid(error) }
    }

    private func invalid(_ error: JSONError) -> CollectorError {
        .invalidJSON(
            error.message,
            .init(event: events.count + 1, line: error.line, column: error.column)
        )
    }

    private func place(at offset: Int, event: Int) -> CollectorError.Place {
        let error = JSONError(.trailingBytes, at: offset, of: body)
        return .init(event: event, line: error.line, column: error.column)
    }
}
