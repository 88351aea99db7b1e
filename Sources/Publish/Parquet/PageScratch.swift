internal import Bytes
internal import Compression
internal import Synchronization

/// What columns use by turns while they make a page.
internal struct PageScratch: ~Copyable {
    let compressor: Compressor
    var page = ByteBuffer(capacity: 1 << 16)
    var other = ByteBuffer(capacity: 1 << 16)
    var indices = IndexBuffer()

    init(zstdLevel: Int) {
        compressor = Compressor(zstdLevel: Int32(zstdLevel))
    }
}

/// Scratch that the writers of a process use by turns: there may be hundreds of open files, and
/// only as many as there are cores make pages at a time.
internal final class PageWorkbench: @unchecked Sendable {
    // @unchecked Sendable: who has taken it is its only user until it is given back.
    var scratch: PageScratch
    private let zstdLevel: Int

    private static let idle = Mutex<[PageWorkbench]>([])
    private static let idleMax = 8

    private init(zstdLevel: Int) {
        self.zstdLevel = zstdLevel
        scratch = PageScratch(zstdLevel: zstdLevel)
    }

    /// One that nobody uses, for that level of zstd.
    static func take(zstdLevel: Int) -> PageWorkbench {
        let found = idle.withLock { idle -> PageWorkbench? in
            guard let index = idle.lastIndex(where: { $0.zstdLevel == zstdLevel }) else {
                return nil
            }
            return idle.remove(at: index)
        }
        return found ?? PageWorkbench(zstdLevel: zstdLevel)
    }

    /// Lets the next writer have it.
    func giveBack() {
        Self.idle.withLock { idle in
            if idle.count < Self.idleMax { idle.append(self) }
        }
    }
}
