internal import Bytes

/// A tagged field to be written.
struct TaggedField {
    let tag: Int
    let write: (inout FieldCoder) throws(ProtocolError) -> Void
}

// Structures of which tagged fields are known (KIP-482).
extension FieldCoder {
    /// Reads tagged fields; `known` reads the one with the given tag and size, or leaves it.
    @_lifetime(self: copy self)
    mutating func readTags(
        _ known: (_ tag: Int, inout FieldCoder) throws(ProtocolError) -> Void
    ) throws(ProtocolError) {
        guard isFlexible else { return }
        for _ in 0..<(try readUnsignedVarint("a number of tagged fields")) {
            let tag = try readUnsignedVarint("a tag")
            let size = try readUnsignedVarint("a tagged field's size")
            guard size <= reader.remaining else {
                throw failure(
                    "a tagged field",
                    .truncated(needed: size, available: reader.remaining)
                )
            }
            let end = reader.offset + size
            try known(tag, &self)
            // What `known` left is skipped; it must not have gone further than the field.
            guard reader.offset <= end else {
                throw failure("a tagged field", .lengthOutOfRange(size, available: size))
            }
            try skip(end - reader.offset, "a tagged field")
        }
    }

    /// Writes tagged fields, which must be in the order of their tags.
    ///
    /// A field that has its default value must not be among them: librdkafka before 2.2 skips tags
    /// wrongly and cannot connect to a broker that writes defaults.
    @_lifetime(self: copy self)
    mutating func writeTags(_ fields: [TaggedField]) throws(ProtocolError) {
        guard isFlexible else { return }
        write { $0.appendUnsignedVarint(UInt64(fields.count)) }
        for field in fields {
            let start = output.count
            try field.write(&self)
            // The size stands before the field and has a length of its own.
            let content = [UInt8](copying: output.bytes.extracting(start..<output.count))
            write { output in
                output.truncate(to: start)
                output.appendUnsignedVarint(UInt64(field.tag))
                output.appendUnsignedVarint(UInt64(content.count))
                output.append(content.bytes)
            }
        }
    }
}
