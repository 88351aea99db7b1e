internal import Bytes

/// A part of a message that describes its own fields.
package protocol WireStruct: Sendable {
    /// All fields at their defaults.
    init()
    /// Reads or writes all fields in their order.
    mutating func code(_ coder: inout FieldCoder) throws(ProtocolError)
}

extension WireStruct {
    /// A structure with the defaults, changed by `fill`.
    package init(_ fill: (inout Self) throws -> Void) rethrows {
        self.init()
        try fill(&self)
    }
}

extension FieldCoder {
    /// An array of structures that is never null.
    @_lifetime(self: copy self)
    package mutating func array<T: WireStruct>(
        _ values: inout [T],
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            guard let count = try readCount() else { throw failure("an array", .unexpectedNull) }
            values = try readElements(count)
        } else {
            try writeLength(values.count, .int32, "an array")
            for value in values { try write(element: value) }
        }
    }

    /// An array of structures that can be null, in versions before `nullFrom` empty instead.
    @_lifetime(self: copy self)
    package mutating func array<T: WireStruct>(
        _ values: inout [T]?,
        from: Int16 = 0,
        to: Int16 = .max,
        nullFrom: Int16 = 0
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            values = nil
            if let count = try readCount() { values = try readElements(count) }
        } else {
            try writeLength(values?.count ?? (version >= nullFrom ? nil : 0), .int32, "an array")
            for value in values ?? [] { try write(element: value) }
        }
    }

    /// An array of integers that is never null.
    @_lifetime(self: copy self)
    package mutating func numbers<T: FixedWidthInteger & BitwiseCopyable>(
        _ values: inout [T],
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        guard isReading else {
            try writeLength(values.count, .int32, "an array")
            let source = values
            return write { output in
                for value in source { output.append(value) }
            }
        }
        guard let count = try readCount() else { throw failure("an array", .unexpectedNull) }
        values = []
        for _ in 0..<count { values.append(try read(T.self)) }
    }

    /// An array of strings that is never null.
    @_lifetime(self: copy self)
    package mutating func texts(
        _ values: inout [String],
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        var some: [String]? = values
        try texts(&some, from: from, to: to)
        guard let some else { throw failure("an array", .unexpectedNull) }
        values = some
    }

    /// An array of strings that can be null.
    @_lifetime(self: copy self)
    package mutating func texts(
        _ values: inout [String]?,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            values = nil
            guard let count = try readCount() else { return }
            var found: [String] = []
            for _ in 0..<count {
                var value = ""
                try text(&value)
                found.append(value)
            }
            values = found
        } else {
            try writeLength(values?.count, .int32, "an array")
            for value in values ?? [] {
                var value = value
                try text(&value)
            }
        }
    }

    /// Tagged fields of which none is known here: skipped when read, none when written.
    @_lifetime(self: copy self)
    package mutating func tags() throws(ProtocolError) {
        guard isFlexible else { return }
        guard isReading else { return write { $0.append(0 as UInt8) } }
        for _ in 0..<(try readUnsignedVarint("a number of tagged fields")) {
            _ = try readUnsignedVarint("a tag")
            try skip(try readUnsignedVarint("a tagged field's size"), "a tagged field")
        }
    }

    /// A count, nil for null. An element takes a byte at least, so no more are accepted than there
    /// are bytes left.
    @_lifetime(self: copy self)
    private mutating func readCount() throws(ProtocolError) -> Int? {
        guard let count = try readLength(.int32, "an array") else { return nil }
        try spend(elements: count)
        return count
    }

    @_lifetime(self: copy self)
    private mutating func readElements<T: WireStruct>(
        _ count: Int
    ) throws(ProtocolError) -> [T] {
        var values: [T] = []
        for _ in 0..<count {
            var value = T()
            try value.code(&self)
            values.append(value)
        }
        return values
    }

    @_lifetime(self: copy self)
    private mutating func write<T: WireStruct>(element: T) throws(ProtocolError) {
        var value = element
        try value.code(&self)
    }
}
