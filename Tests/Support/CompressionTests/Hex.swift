/// The bytes written in `text`, two hexadecimal digits each; white space is skipped.
func hex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text where !character.isWhitespace {
        guard let digit = character.hexDigitValue else {
            preconditionFailure("\(character) is no hexadecimal digit")
        }
        if let first = high {
            bytes.append(first << 4 | UInt8(digit))
            high = nil
        } else {
            high = UInt8(digit)
        }
    }
    precondition(high == nil, "half a byte at the end of \(text.suffix(16))")
    return bytes
}
