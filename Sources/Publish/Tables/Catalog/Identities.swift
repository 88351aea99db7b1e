internal import Clocks
internal import Synchronization

/// Random names and numbers. May be used from any thread.
final class Identities: Sendable {
    private let random: Mutex<any RandomSource>

    init(_ random: any RandomSource) { self.random = Mutex(random) }

    /// A UUID as text.
    func uuid() -> String { next().description }

    /// A random positive number.
    func snapshotID() -> Int64 {
        let id = next()
        return max(1, Int64(bitPattern: id.high ^ id.low) & Int64.max)
    }

    /// Sixteen random bytes.
    func sync() -> [UInt8] {
        let id = next()
        return [id.high, id.low].flatMap { half in
            stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: half >> $0) }
        }
    }

    private func next() -> UUID16 {
        random.withLock { generator in
            var opened = generator
            defer { generator = opened }
            return Self.uuid(&opened)
        }
    }

    private static func uuid(_ random: inout some RandomSource) -> UUID16 {
        UUID16(random: &random)
    }
}
