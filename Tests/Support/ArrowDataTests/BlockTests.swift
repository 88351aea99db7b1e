import ArrowData
import Testing

@Test func `a block's memory is used again once its owner lets go`() {
    let pool = BlockPool(bytesRetainedMax: 1 << 20)
    do {
        let block = pool.take(atLeast: 1000)
        #expect(block.capacity == 1024)
        block.store(UInt64(7), at: 127)
        #expect(block.load(127, as: UInt64.self) == 7)
    }
    #expect(pool.bytesRetained == 1024)
    _ = pool.take(atLeast: 1024)
    #expect(pool.bytesRetained == 1024)
    _ = pool.take(atLeast: 2048)
    #expect(pool.bytesRetained == 3072)
}

@Test func `a pool keeps no more than its limit`() {
    let pool = BlockPool(bytesRetainedMax: 4096)
    do {
        let small = pool.take(atLeast: 4096)
        let large = pool.take(atLeast: 8192)
        #expect(small.capacity + large.capacity == 12288)
    }
    #expect(pool.bytesRetained == 4096)
}

@Test func `a growing block keeps its first bytes`() {
    let pool = BlockPool()
    var block = pool.take(atLeast: 64)
    for index in 0..<64 { block.store(UInt8(index), at: index) }
    block.grow(toHold: 1000, keeping: 64)
    #expect(block.capacity == 1024)
    #expect((0..<64).allSatisfy { block.load($0, as: UInt8.self) == UInt8($0) })
}

@Test func `a store beyond a block traps`() async {
    await #expect(processExitsWith: .failure) {
        let block = BlockPool().take(atLeast: 64)
        block.store(UInt64(0), at: 8)
    }
}
