/// One event of a body: where its bytes are, and where its key is.
///
/// Offsets are 32 bits because bodies are bounded below that; the array of a request's events is
/// its only allocation.
struct EventRange: Equatable {
    enum Key: UInt8 {
        /// The request asks for no key.
        case none
        /// The bytes are the key.
        case plain
        /// The bytes are the inside of a string with escapes in it.
        case escaped
    }

    private var valueStart: UInt32
    private var valueEnd: UInt32
    private var keyStart: UInt32 = 0
    private var keyEnd: UInt32 = 0
    private(set) var keyKind = Key.none

    init(value: Range<Int>) {
        valueStart = UInt32(value.lowerBound)
        valueEnd = UInt32(value.upperBound)
    }

    mutating func setKey(_ range: Range<Int>, _ kind: Key) {
        keyStart = UInt32(range.lowerBound)
        keyEnd = UInt32(range.upperBound)
        keyKind = kind
    }

    /// The event's bytes, as they came.
    var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    /// The key's bytes, without quotation marks.
    var key: Range<Int> { Int(keyStart)..<Int(keyEnd) }
}
