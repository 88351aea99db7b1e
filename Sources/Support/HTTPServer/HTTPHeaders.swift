/// One header line.
public struct HTTPHeader: Sendable, Equatable {
    /// The name, in the case it came or shall be sent.
    public let name: String
    /// The value, without the white space around it.
    public let value: String

    /// A header line.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The header lines of a request in the order they came. Names are compared without regard to case.
public struct HTTPHeaders: Sendable, Equatable, RandomAccessCollection {
    private var lines: [HTTPHeader]

    /// These lines.
    public init(_ lines: [HTTPHeader] = []) { self.lines = lines }

    /// Position of the first line.
    public var startIndex: Int { lines.startIndex }
    /// Position behind the last line.
    public var endIndex: Int { lines.endIndex }
    /// The line at `position`.
    public subscript(position: Int) -> HTTPHeader { lines[position] }

    /// The value of the first line called `name`.
    public subscript(name: String) -> String? {
        lines.first { Self.equal($0.name, name) }?.value
    }

    /// True when two header names are the same but for case.
    public static func equal(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        var others = right.utf8.makeIterator()
        for byte in left.utf8 {
            guard let other = others.next(), lower(byte) == lower(other) else { return false }
        }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
