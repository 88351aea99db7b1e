/// Turns the bytes a terminal sends into keys. Pure: bytes in, keys out, whatever way they are cut.
///
/// Understands UTF-8, the escape sequences of xterm and its kin, and bracketed paste. A lone Escape
/// cannot be told from the start of a sequence until nothing follows: call `flush` then.
public struct KeyParser: Sendable {
    private var pending: [UInt8] = []
    /// What has been pasted so far, while a paste goes on.
    private var pasted: [UInt8]?

    /// A parser that has seen nothing.
    public init() {}

    /// True when bytes wait for more.
    public var isWaiting: Bool { !pending.isEmpty && pasted == nil }

    /// The keys that `bytes` complete.
    public mutating func parse(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while !pending.isEmpty {
            if pasted != nil {
                guard let key = takePaste() else { break }
                keys.append(key)
                continue
            }
            guard let (key, length) = first() else { break }
            pending.removeFirst(length)
            if let key { append(key, to: &keys) }
        }
        return keys
    }

    /// The keys of what will not be continued: a lone Escape, or half a character.
    public mutating func flush() -> [Key] {
        guard isWaiting else { return [] }
        let isEscape = pending == [0x1B]
        pending = []
        return isEscape ? [.escape] : []
    }

    /// Runs of text become one key, so that a burst is drawn once.
    private func append(_ key: Key, to keys: inout [Key]) {
        if case .text(let text) = key, case .text(let before)? = keys.last {
            keys[keys.count - 1] = .text(before + text)
        } else {
            keys.append(key)
        }
    }

    /// The key that the pending bytes begin with, nil for a sequence without meaning, and its
    /// length; nil altogether when it is not complete.
    private mutating func first() -> (key: Key?, length: Int)? {
        let byte = pending[0]
        switch byte {
        case 0x1B: return escaped()
        case 0x0D: return (.enter, 1)
        // Line feeds come from pasted text of terminals without bracketed paste.
        case 0x0A: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x7F, 0x08: return (.backspace, 1)
        case 0x01...0x1A:
            return (.control(Character(Unicode.Scalar(byte + 0x60))), 1)
        case 0x00, 0x1C...0x1F: return (nil, 1)
        default: return character()
        }
    }

    private func character() -> (key: Key?, length: Int)? {
        let length =
            switch pending[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        guard pending.count >= length else { return nil }
        guard let text = String(validating: pending[0..<length], as: UTF8.self) else {
            return (nil, 1)
        }
        return (.text(text), length)
    }

    private mutating func escaped() -> (key: Key?, length: Int)? {
        guard pending.count >= 2 else { return nil }
        switch pending[1] {
        case UInt8(ascii: "["): return controlSequence()
        case UInt8(ascii: "O"):
            guard pending.count >= 3 else { return nil }
            return (Self.named[pending[2]], 3)
        case 0x0D, 0x0A: return (.altEnter, 2)
        case 0x7F, 0x08: return (.control("w"), 2)
        case 0x1B: return (.escape, 1)
        case 0x21...0x7E:
            return (.alt(Character(Unicode.Scalar(pending[1]))), 2)
        default: return (.escape, 1)
        }
    }

    /// `ESC [`, parameters, and a final byte.
    private mutating func controlSequence() -> (key: Key?, length: Int)? {
        guard let end = pending.dropFirst(2).firstIndex(where: { $0 >= 0x40 && $0 <= 0x7E }) else {
            // Nobody sends sequences that long: it is garbage.
            return pending.count > 32 ? (nil, pending.count) : nil
        }
        let parameters = String(decoding: pending[2..<end], as: UTF8.self)
        let length = end + 1
        switch (parameters, pending[end]) {
        case ("200", UInt8(ascii: "~")):
            pasted = []
            return (nil, length)
        case ("1", UInt8(ascii: "~")), ("7", UInt8(ascii: "~")): return (.home, length)
        case ("4", UInt8(ascii: "~")), ("8", UInt8(ascii: "~")): return (.end, length)
        case ("3", UInt8(ascii: "~")): return (.delete, length)
        case ("", let final): return (Self.named[final], length)
        case (_, UInt8(ascii: "C")): return (.wordRight, length)
        case (_, UInt8(ascii: "D")): return (.wordLeft, length)
        case (_, let final): return (Self.named[final], length)
        }
    }

    private static let named: [UInt8: Key] = [
        UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
        UInt8(ascii: "D"): .left, UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
    ]

    /// Collects until `ESC [ 201 ~`; nil while that has not come.
    private mutating func takePaste() -> Key? {
        let mark = Array("\u{1B}[201~".utf8)
        pasted = (pasted ?? []) + pending
        pending = []
        guard let all = pasted, let end = all.firstRange(of: mark) else { return nil }
        pending = Array(all[end.upperBound...])
        pasted = nil
        let text = String(decoding: all[..<end.lowerBound], as: UTF8.self)
        return .paste(PastedText.cleaned(text))
    }
}

/// Text from a clipboard.
enum PastedText {
    /// Line ends become `\n`, tabs spaces; other control characters, which could act on the
    /// terminal or submit, go.
    static func cleaned(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r": result.append("\n")
            case "\n": if !afterReturn { result.append("\n") }
            case "\t": result.append(contentsOf: "    ".unicodeScalars)
            default: if scalar.properties.generalCategory != .control { result.append(scalar) }
            }
            afterReturn = scalar == "\r"
        }
        return String(result)
    }
}
