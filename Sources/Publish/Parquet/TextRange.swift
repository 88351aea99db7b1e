/// The first and the last text of a column chunk, byte by byte, both included.
internal struct TextRange {
    private(set) var least: [UInt8]?
    private(set) var greatest: [UInt8]?

    /// Takes note of one text.
    mutating func add(_ text: RawSpan) {
        // SAFETY: the bytes live during the call.
        unsafe text.withUnsafeBytes { unsafe add(least: $0, greatest: $0) }
    }

    /// Takes note of many, of which these are the first and the last.
    mutating func add(least: UnsafeRawBufferPointer, greatest: UnsafeRawBufferPointer) {
        // SAFETY: the bytes live during the call, and are copied here.
        let isLess = self.least.map { known in
            unsafe known.withUnsafeBytes { unsafe TextBytes.precedes(least, $0) }
        }
        if isLess ?? true { self.least = unsafe Array(least) }
        let isGreater = self.greatest.map { known in
            unsafe known.withUnsafeBytes { unsafe TextBytes.precedes($0, greatest) }
        }
        if isGreater ?? true { self.greatest = unsafe Array(greatest) }
    }
}
