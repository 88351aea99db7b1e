internal import CYAML

/// libyaml's stream of events over one text. Thread-confined.
@safe
struct YAMLEvents: ~Copyable {
    enum Kind {
        case documentStart
        case documentEnd
        case streamStart
        case streamEnd
        case alias(String)
        case scalar(String, plain: Bool)
        case listStart
        case listEnd
        case mapStart
        case mapEnd
    }

    struct Event {
        var kind: Kind
        var position: SettingsNode.Position
        var anchor: String?
        var tag: String?
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        // SAFETY: both blocks belong to this value and are freed in `deinit`; libyaml reads from
        // `text` until then.
        unsafe text = .allocate(capacity: max(bytes.count, 1))
        _ = unsafe text.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        let made = unsafe yaml_parser_initialize(parser)
        precondition(made == 1, "libyaml could not allocate a parser")
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    }

    deinit {
        // SAFETY: nothing else holds the parser or the text.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event. After `streamEnd` there is none.
    mutating func next() throws(YAMLComplaint) -> Event {
        var event = unsafe yaml_event_t()
        // SAFETY: the event is filled by libyaml, read below, and deleted exactly once.
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw complaint() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        var made = Event(
            kind: .streamEnd,
            position: .init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
        )
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: made.kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: made.kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: made.kind = .documentEnd
        case YAML_SEQUENCE_END_EVENT: made.kind = .listEnd
        case YAML_MAPPING_END_EVENT: made.kind = .mapEnd
        case YAML_ALIAS_EVENT:
            made.kind = unsafe .alias(Self.string(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            made.kind = unsafe .scalar(
                String(decoding: bytes, as: UTF8.self),
                plain: scalar.style == YAML_PLAIN_SCALAR_STYLE
            )
            made.anchor = unsafe Self.string(scalar.anchor)
            made.tag = unsafe Self.string(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            made.kind = .listStart
            made.anchor = unsafe Self.string(event.data.sequence_start.anchor)
            made.tag = unsafe Self.string(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            made.kind = .mapStart
            made.anchor = unsafe Self.string(event.data.mapping_start.anchor)
            made.tag = unsafe Self.string(event.data.mapping_start.tag)
        default: break
        }
        return made
    }

    private func complaint() -> YAMLComplaint {
        // SAFETY: after a failed parse libyaml's problem is a constant string or nil.
        let mark = unsafe parser.pointee.problem_mark
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
        return YAMLComplaint(
            position: .init(line: Int(mark.line) + 1, column: Int(mark.column) + 1),
            message: [context, problem ?? "the text is not UTF-8"]
                .compactMap { $0 }.joined(separator: ": "),
            advice: "check quotes and indentation; YAML indents with blanks, not with tabs"
        )
    }

    private static func string(_ text: UnsafeMutablePointer<UInt8>?) -> String? {
        // SAFETY: libyaml ends its strings with a zero.
        unsafe text.map { unsafe String(cString: $0) }
    }
}

/// Why a text is not the YAML we read.
struct YAMLComplaint: Error {
    var position: SettingsNode.Position
    var message: String
    var advice = ""
}
