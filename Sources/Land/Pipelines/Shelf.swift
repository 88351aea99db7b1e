import Synchronization

/// Things that are dear to make and are used by turns: whoever takes one is its only user until it
/// is given back.
final class Shelf<Item: Sendable>: Sendable {
    private let idle = Mutex<[Item]>([])
    private let idleMax: Int

    /// A shelf that keeps up to `idleMax` of them.
    init(idleMax: Int) { self.idleMax = idleMax }

    /// One that nobody uses, or what `make` makes.
    func take(_ make: () -> Item) -> Item {
        idle.withLock { $0.popLast() } ?? make()
    }

    func giveBack(_ item: Item) {
        idle.withLock { idle in
            if idle.count < idleMax { idle.append(item) }
        }
    }
}
