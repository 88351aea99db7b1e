public import CArrow

#if canImport(Glibc)
    internal import Glibc
#endif

// Handing columns and fields to C: the structures of the Arrow C Data Interface, with release
// callbacks that free them.

extension ArrowColumn {
    /// An ArrowArray over this column's memory, which it keeps alive until released.
    @unsafe
    internal func exported() -> ArrowArray {
        // SAFETY: the keeper owns the tables of pointers, and `private_data` holds it until
        // release.
        let keeper = ExportedColumn(self)
        return unsafe ArrowArray(
            length: Int64(length),
            null_count: Int64(nullCount),
            offset: 0,
            n_buffers: Int64(keeper.bufferCount),
            n_children: Int64(children.count),
            buffers: keeper.buffers,
            children: keeper.children,
            dictionary: nil,
            release: releaseColumn,
            private_data: Unmanaged.passRetained(keeper).toOpaque()
        )
    }
}

/// What an exported column's structure points to.
@safe
private final class ExportedColumn {
    let column: ArrowColumn
    let bufferCount: Int
    let buffers: UnsafeMutablePointer<UnsafeRawPointer?>
    let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>?

    init(_ column: ArrowColumn) {
        self.column = column
        bufferCount = 1 + column.offsets.count + column.values.count
        // SAFETY: the tables are owned by this object and freed in `deinit`; the blocks they point
        // to are kept by `column`.
        unsafe buffers = .allocate(capacity: 3)
        unsafe buffers.initialize(repeating: nil, count: 3)
        unsafe buffers[0] = column.nullCount > 0 ? column.validity.address : nil
        // Offsets come before values; a struct has neither, a list no values of its own.
        if bufferCount > 1 {
            unsafe buffers[1] = column.offsets.address ?? column.values.address
            unsafe buffers[2] = bufferCount == 3 ? column.values.address : nil
        }
        if column.children.isEmpty {
            unsafe children = nil
        } else {
            let table = UnsafeMutablePointer<UnsafeMutablePointer<ArrowArray>?>
                .allocate(capacity: column.children.count)
            for (index, child) in column.children.enumerated() {
                let place = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
                unsafe place.initialize(to: child.exported())
                unsafe (table + index).initialize(to: place)
            }
            unsafe children = table
        }
    }

    deinit {
        // SAFETY: a consumer that moved a child left its `release` null; the others are released
        // here, once.
        if let children = unsafe children {
            for index in 0..<column.children.count {
                guard let child = unsafe children[index] else { continue }
                unsafe child.pointee.release?(child)
                unsafe child.deallocate()
            }
            unsafe children.deallocate()
        }
        unsafe buffers.deallocate()
    }
}

extension Optional where Wrapped == Block, Wrapped: ~Copyable {
    /// How many blocks that is.
    fileprivate var count: Int {
        switch self {
        case .some: 1
        case .none: 0
        }
    }

    fileprivate var address: UnsafeRawPointer? {
        // SAFETY: for the export, whose keeper owns the block as long as the address is used.
        switch self {
        case .some(let block): unsafe UnsafeRawPointer(block.base)
        case .none: nil
        }
    }
}

// SAFETY: the consumer calls it once, with the array it was given; `private_data` is the reference
// that `exported` retained and is given up here.
private let releaseColumn: @convention(c) (UnsafeMutablePointer<ArrowArray>?) -> Void = { array in
    guard let array = unsafe array, let keeper = unsafe array.pointee.private_data else { return }
    unsafe array.pointee.release = nil
    unsafe array.pointee.private_data = nil
    unsafe Unmanaged<ExportedColumn>.fromOpaque(keeper).release()
}

extension ArrowField {
    /// An ArrowSchema of rows with these fields, to be released by its receiver.
    @unsafe
    public static func exportedSchema(of fields: [ArrowField]) -> ArrowSchema {
        // SAFETY: the receiver releases the schema.
        let root = ArrowField(name: "", type: .struct, isNullable: false, children: fields)
        return unsafe root.exported()
    }

    /// An ArrowSchema of this field.
    @unsafe
    internal func exported() -> ArrowSchema {
        // SAFETY: as for a column.
        let keeper = ExportedField(self)
        return unsafe ArrowSchema(
            format: UnsafePointer(keeper.format),
            name: UnsafePointer(keeper.name),
            metadata: UnsafePointer(keeper.metadata),
            flags: isNullable ? Int64(ARROW_FLAG_NULLABLE) : 0,
            n_children: Int64(children.count),
            children: keeper.children,
            dictionary: nil,
            release: releaseField,
            private_data: Unmanaged.passRetained(keeper).toOpaque()
        )
    }

    /// Key-value metadata as the C Data Interface encodes it: counts and lengths in native 32-bit
    /// integers.
    fileprivate var encodedMetadata: [CChar]? {
        guard let fieldID else { return nil }
        var bytes: [CChar] = []
        func append(_ number: Int) {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                // Native order: every platform Swift runs on is little-endian.
                bytes.append(CChar(truncatingIfNeeded: UInt32(number) >> shift))
            }
        }
        func append(_ text: String) {
            append(text.utf8.count)
            bytes.append(contentsOf: text.utf8.map { CChar(bitPattern: $0) })
        }
        append(1)
        append(Self.fieldIDKey)
        append(String(fieldID))
        return bytes
    }
}

/// What an exported field's structure points to.
@safe
private final class ExportedField {
    let format: UnsafeMutablePointer<CChar>?
    let name: UnsafeMutablePointer<CChar>?
    let metadata: UnsafeMutablePointer<CChar>?
    let children: UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>?
    private let childCount: Int

    init(_ field: ArrowField) {
        // SAFETY: copies owned by this object and freed in `deinit`.
        unsafe format = strdup(field.type.format)
        unsafe name = strdup(field.name)
        if let encoded = field.encodedMetadata {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: encoded.count)
            for (index, byte) in encoded.enumerated() { unsafe copy[index] = byte }
            unsafe metadata = copy
        } else {
            unsafe metadata = nil
        }
        childCount = field.children.count
        if field.children.isEmpty {
            unsafe children = nil
        } else {
            let table = UnsafeMutablePointer<UnsafeMutablePointer<ArrowSchema>?>
                .allocate(capacity: childCount)
            for (index, child) in field.children.enumerated() {
                let place = UnsafeMutablePointer<ArrowSchema>.allocate(capacity: 1)
                unsafe place.initialize(to: child.exported())
                unsafe (table + index).initialize(to: place)
            }
            unsafe children = table
        }
    }

    deinit {
        // SAFETY: as in ExportedColumn.
        if let children = unsafe children {
            for index in 0..<childCount {
                guard let child = unsafe children[index] else { continue }
                unsafe child.pointee.release?(child)
                unsafe child.deallocate()
            }
            unsafe children.deallocate()
        }
        unsafe metadata?.deallocate()
        unsafe free(format)
        unsafe free(name)
    }
}

// SAFETY: as `releaseColumn`.
private let releaseField: @convention(c) (UnsafeMutablePointer<ArrowSchema>?) -> Void = { schema in
    guard let schema = unsafe schema, let keeper = unsafe schema.pointee.private_data else {
        return
    }
    unsafe schema.pointee.release = nil
    unsafe schema.pointee.private_data = nil
    unsafe Unmanaged<ExportedField>.fromOpaque(keeper).release()
}

extension ArrowField {
    /// The field that a C library's structure describes.
    @unsafe
    internal init(importing schema: ArrowSchema) {
        // SAFETY: a live ArrowSchema's strings end in NUL and its children table has `n_children`
        // entries.
        unsafe self.init(
            name: schema.name.map { unsafe String(cString: $0) } ?? "",
            type: ArrowType(format: schema.format.map { unsafe String(cString: $0) } ?? ""),
            isNullable: schema.flags & Int64(ARROW_FLAG_NULLABLE) != 0,
            fieldID: Self.fieldID(inMetadata: schema.metadata),
            children: (0..<Int(schema.n_children)).compactMap { index in
                unsafe schema.children[index].map { unsafe ArrowField(importing: $0.pointee) }
            }
        )
    }

    private static func fieldID(inMetadata metadata: UnsafePointer<CChar>?) -> Int? {
        guard var cursor = unsafe metadata.map({ unsafe UnsafeRawPointer($0) }) else { return nil }
        // SAFETY: the C Data Interface gives the layout read here; the structure is trusted, it
        // comes from Arrow in-process.
        func number() -> Int {
            defer { unsafe cursor += 4 }
            return unsafe Int(cursor.loadUnaligned(as: Int32.self))
        }
        func text() -> String {
            let count = number()
            defer { unsafe cursor += count }
            let bytes = unsafe UnsafeRawBufferPointer(start: cursor, count: count)
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
        for _ in 0..<number() {
            let key = text()
            let value = text()
            if key == fieldIDKey { return Int(value) }
        }
        return nil
    }
}
