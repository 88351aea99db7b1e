import ArrowData
import Bytes
import CArrow
import Testing

private func longs(_ values: [Int64], _ pool: BlockPool) -> ArrowColumn {
    let block = pool.take(atLeast: values.count * 8)
    for (index, value) in values.enumerated() { block.store(value, at: index) }
    return ArrowColumn(
        type: .int64,
        length: values.count,
        nullCount: 0,
        validity: nil,
        values: block
    )
}

private let field = ArrowField(
    name: "n\u{e9}",
    type: .int64,
    isNullable: true,
    fieldID: 42
)

@Test func `memory goes back to the pool when the batch goes away`() {
    let pool = BlockPool()
    do {
        let batch = ArrowBatch(columns: [longs(Array(1...9), pool)], fields: [field], rows: 9)
        #expect(batch.rowCount == 9)
        #expect(batch.byteCount == 72)
        #expect(pool.bytesRetained == 0)
    }
    #expect(pool.bytesRetained == 128)
}

@Test func `memory goes back to the pool when a consumer that moved it releases it`() {
    let pool = BlockPool()
    var moved = unsafe ArrowArray()
    do {
        var batch = ArrowBatch(columns: [longs(Array(1...9), pool)], fields: [field], rows: 9)
        unsafe batch.withUnsafeStructures { array, _ in
            unsafe moved = array.pointee
            unsafe array.pointee.release = nil
        }
    }
    #expect(pool.bytesRetained == 0)
    #expect(unsafe moved.length == 9)
    unsafe moved.release?(&moved)
    #expect(pool.bytesRetained == 128)
    #expect(unsafe moved.release == nil)
}

@Test func `fields survive the way through the C structures`() {
    let fields = [
        field,
        ArrowField(
            name: "_log",
            type: .struct,
            isNullable: false,
            fieldID: 7,
            children: [
                ArrowField(name: "at", type: .timestampMicros(isUTC: true), isNullable: false)
            ]
        ),
    ]
    let schema = unsafe ArrowField.exportedSchema(of: fields)
    let batch = unsafe ArrowBatch(adopting: ArrowArray(), schema: schema)
    #expect(batch.fields == fields)
    #expect(batch.fields.flatMap(\.leaves).map(\.name) == ["n\u{e9}", "at"])
}

@Test func `a view reads values where an offset says they begin`() {
    let pool = BlockPool()
    let batch = ArrowBatch(columns: [longs([5, 6, 7], pool)], fields: [field], rows: 3)
    let column = batch.column(0)
    #expect((0..<column.count).map { column.int64($0) } == [5, 6, 7])
    #expect(column.nullCount == 0)
    #expect(column.isNull(2) == false)
}

@Test func `asking a column for another type traps`() async {
    await #expect(processExitsWith: .failure) {
        let pool = BlockPool()
        let batch = ArrowBatch(columns: [longs([1], pool)], fields: [field], rows: 1)
        _ = batch.column(0).float64(0)
    }
}
