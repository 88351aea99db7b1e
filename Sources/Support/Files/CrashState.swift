internal import Bytes
internal import Clocks
internal import Glibc

/// What a crash file system holds. Guarded by its lock.
internal struct CrashState {
    /// One change of names in a directory, done as a whole or not at all.
    typealias NameChange = [(path: String, node: CrashNode?)]

    /// What a program sees.
    var names: [String: CrashNode] = [:]
    /// What a crash leaves, before the pending changes are looked at.
    var durableNames: [String: CrashNode] = [:]
    /// By directory, in order.
    var pendingNames: [String: [NameChange]] = [:]
    var locks: Set<String> = []
    var faults: [CrashFiles.Fault] = []
    var capacity: Int?
    var used = 0
    var operations = 0
    var operationsLeft: Int?
    var isDown = false
    /// Counts crashes: what was opened before the last one is of no use.
    var epoch = 0

    func error(_ operation: String, _ path: String, _ code: Int32) -> FileError {
        FileError(operation: operation, path: path, code: code)
    }

    /// Counts an operation; throws when it fails without effect or the power is gone.
    mutating func begin(
        _ kind: CrashFiles.Operation,
        _ operation: String,
        _ path: String
    ) throws(FileError) {
        if isDown { throw error(operation, path, EIO) }
        if let left = operationsLeft {
            if left == 0 {
                isDown = true
                throw error(operation, path, EIO)
            }
            operationsLeft = left - 1
        }
        operations += 1
        if let number = faults.firstIndex(where: {
            $0.operation == kind && path.hasSuffix($0.suffix)
        }) {
            throw error(operation, path, faults.remove(at: number).code)
        }
    }

    func isDirectory(_ path: String) -> Bool {
        path == "." || path == "/" || names[path]?.isDirectory == true
    }

    func list(_ directory: String) -> [String] {
        let prefix = directory == "/" ? "/" : directory + "/"
        return names.keys.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.utf8.count)) }
            .filter { !$0.utf8.contains(UInt8(ascii: "/")) }
            .sorted()
    }

    /// Adds a name to its directory, which must exist.
    mutating func setName(
        _ path: String,
        _ node: CrashNode,
        _ operation: String
    ) throws(FileError) {
        let directory = directoryName(of: path)
        guard isDirectory(directory) else { throw error(operation, path, ENOENT) }
        names[path] = node
        pendingNames[directory, default: []].append([(path, node)])
    }

    mutating func makeDurable(_ change: NameChange) {
        for (path, node) in change { durableNames[path] = node }
    }

    mutating func crash(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        // Sorted, because a dictionary's order differs from run to run and the seed must decide
        // alone.
        for (_, changes) in pendingNames.sorted(by: { $0.key < $1.key }) {
            let kept = Int.random(in: 0...changes.count, using: &random)
            for change in changes[..<kept] { makeDurable(change) }
        }
        pendingNames = [:]
        var survivors = durableNames
        for path in durableNames.keys where !isReachable(path) { survivors[path] = nil }
        names = survivors
        durableNames = survivors
        used = 0
        for path in names.keys.sorted() {
            names[path]?.crash(&random)
            used += names[path]?.bytes.count ?? 0
        }
        locks = []
        faults = []
        operationsLeft = nil
        isDown = false
        epoch += 1
    }

    private func isReachable(_ path: String) -> Bool {
        let directory = directoryName(of: path)
        if directory == "." || directory == "/" { return true }
        return durableNames[directory]?.isDirectory == true && isReachable(directory)
    }
}

/// A file or directory, apart from its name.
///
/// @unchecked Sendable: guarded by the lock of the file system it belongs to.
internal final class CrashNode: @unchecked Sendable {
    let isDirectory: Bool
    /// What a program reads.
    var bytes: [UInt8] = []
    private var durable: [UInt8] = []
    private var pending: [Change] = []

    private enum Change {
        case write(position: Int, bytes: [UInt8])
        case resize(Int)
    }

    private static let sectorBytes = 512

    init(isDirectory: Bool) { self.isDirectory = isDirectory }

    func write(_ source: [UInt8], at position: Int) {
        Self.apply(source, at: position, to: &bytes)
        pending.append(.write(position: position, bytes: source))
    }

    func resize(to size: Int) {
        Self.resize(&bytes, to: size)
        pending.append(.resize(size))
    }

    func sync() {
        for change in pending { Self.apply(change, to: &durable) }
        pending.removeAll(keepingCapacity: true)
    }

    /// A sync that failed: the device did not take the bytes and the system no longer tries to
    /// write them.
    func forgetPending() { pending.removeAll() }

    /// Decides what of the unsynced changes the device has.
    func crash(_ random: inout SeededRandom) {
        // Half of the time all changes meet the same fate: the common cases should not be rare.
        switch Int.random(in: 0..<4, using: &random) {
        case 0: sync()
        case 1: break
        default: for change in pending { decide(change, &random) }
        }
        pending.removeAll()
        bytes = durable
    }

    private func decide(_ change: Change, _ random: inout SeededRandom) {
        switch (change, Int.random(in: 0..<4, using: &random)) {
        case (_, 0): Self.apply(change, to: &durable)
        case (.resize, 1): Self.apply(change, to: &durable)
        case (.resize, _): break
        case (.write(let position, let source), 1):
            // Lost, but the new length may have been kept: the bytes read as zeros.
            if position + source.count > durable.count && Bool.random(using: &random) {
                Self.resize(&durable, to: position + source.count)
            }
        case (.write(let position, let source), _): tear(source, position, &random)
        }
    }

    /// Keeps some sectors of a write, loses others, and now and then leaves noise in one.
    private func tear(_ source: [UInt8], _ position: Int, _ random: inout SeededRandom) {
        var start = 0
        while start < source.count {
            let sector = (position + start) / Self.sectorBytes
            let end = min((sector + 1) * Self.sectorBytes - position, source.count)
            switch Int.random(in: 0..<16, using: &random) {
            case 0..<9: Self.apply(Array(source[start..<end]), at: position + start, to: &durable)
            case 15:
                let noise = (start..<end).map { _ in UInt8.random(in: 0...255, using: &random) }
                Self.apply(noise, at: position + start, to: &durable)
            default: break
            }
            start = end
        }
    }

    private static func apply(_ change: Change, to target: inout [UInt8]) {
        switch change {
        case .write(let position, let source): apply(source, at: position, to: &target)
        case .resize(let size): resize(&target, to: size)
        }
    }

    private static func apply(_ source: [UInt8], at position: Int, to target: inout [UInt8]) {
        if target.count < position + source.count { resize(&target, to: position + source.count) }
        // SAFETY: the target was just made large enough, and the two are different arrays.
        unsafe target.withUnsafeMutableBytes { block in
            unsafe source.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: block[position...]).copyMemory(
                    from: bytes
                )
            }
        }
    }

    private static func resize(_ target: inout [UInt8], to size: Int) {
        if size <= target.count {
            target.removeLast(target.count - size)
        } else {
            let old = target
            target = [UInt8](repeating: 0, count: size)
            apply(old, at: 0, to: &target)
        }
    }
}
