internal import Files
internal import Synchronization
internal import Threads

/// Copies of objects in files of this machine, within a bound. Objects never change, so a copy is
/// good as long as it is there; those that were not used for longest go first, and none that
/// somebody reads.
final class CopyShelf: Sendable {
    private struct Copy {
        var bytes: Int64
        var readers = 0
        var used: UInt64
        var isWhole = true
    }

    private struct State {
        /// By path below the folder, which is made of the URI.
        var copies: [String: Copy] = [:]
        var bytes: Int64 = 0
        var clock: UInt64 = 0
        var incoming: UInt64 = 0

        mutating func tick() -> UInt64 {
            clock += 1
            return clock
        }
    }

    /// How an object comes here: the path of a file to be made, and its size when it is there.
    typealias Fetch = @Sendable (_ file: String) throws(StoreError) -> Int64

    /// An object that is wanted here.
    struct Wanted: Sendable {
        let uri: StoreURI
        let size: @Sendable () throws(StoreError) -> Int64
        let fetch: Fetch
    }

    /// Objects that are brought here at the same time.
    private static let fetchesMax = 8

    private let folder: String
    private let bytesMax: Int64
    private let files: LocalFiles
    private let state: Condition<State>

    /// A shelf in `folder` that holds `bytesMax`, with the copies that lie there already.
    init(_ folder: String, bytesMax: Int64, _ files: LocalFiles) {
        self.folder = folder
        self.bytesMax = bytesMax
        self.files = files
        var state = State()
        for (path, bytes) in WorkFolder.all(below: folder, files) {
            let name = String(path.dropFirst(folder.utf8.count + 1))
            if name.hasPrefix(".") {
                try? files.remove(path)
                continue
            }
            state.copies[name] = Copy(bytes: bytes, used: state.tick())
            state.bytes += bytes
        }
        self.state = Condition(state)
    }

    private static func name(_ uri: StoreURI) -> String {
        "\(uri.scheme.rawValue)/\(uri.authority)/\(uri.key)"
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Copies of objects, which stay as long as what is returned.
    func copies(of wanted: [Wanted]) throws(StoreError) -> LocalCopies {
        let names = wanted.map { Self.name($0.uri) }
        let taken = Taken(shelf: self)
        let next = Mutex((index: 0, error: StoreError?.none))
        let work: @Sendable () -> Void = {
            while true {
                let index = next.withLock { next -> Int? in
                    guard next.error == nil, next.index < wanted.count else { return nil }
                    defer { next.index += 1 }
                    return next.index
                }
                guard let index else { return }
                do throws(StoreError) {
                    try self.take(wanted[index], names[index])
                    taken.add(names[index])
                } catch {
                    next.withLock { if $0.error == nil { $0.error = error } }
                }
            }
        }
        let missing = state.withLock { state in
            names.reduce(0) { $0 + (state.copies[$1]?.isWhole == true ? 0 : 1) }
        }
        let helpers = (0..<max(0, min(missing, Self.fetchesMax) - 1)).map { _ in
            Thread("store-fetch", work)
        }
        work()
        for helper in helpers { helper.join() }
        if let error = next.withLock({ $0.error }) { throw error }
        return LocalCopies(paths: names.map(path)) { taken.release() }
    }

    /// Copies that somebody reads.
    private final class Taken: Sendable {
        private let shelf: CopyShelf
        private let names = Mutex<[String]>([])

        init(shelf: CopyShelf) { self.shelf = shelf }

        deinit { release() }

        func add(_ name: String) { names.withLock { $0.append(name) } }

        func release() {
            let names = names.withLock { names in
                defer { names = [] }
                return names
            }
            if names.isEmpty { return }
            shelf.state.update { state in
                for name in names { state.copies[name]?.readers -= 1 }
            }
        }
    }

    /// Finds a copy or makes it, and notes that it is read.
    private func take(_ wanted: Wanted, _ name: String) throws(StoreError) {
        let isThere = state.wait { state -> Bool? in
            guard let copy = state.copies[name] else { return false }
            // Somebody else is bringing it.
            guard copy.isWhole else { return nil }
            let now = state.tick()
            state.copies[name]?.readers += 1
            state.copies[name]?.used = now
            return true
        }
        if isThere == true {
            if files.exists(path(name)) { return }
            forget(name)
            return try take(wanted, name)
        }
        let bytes = try wanted.size()
        let claimed = try claim(name, bytes, wanted.uri)
        guard let claimed else { return try take(wanted, name) }
        do throws(StoreError) {
            let got = try wanted.fetch(claimed)
            guard got == bytes else {
                try? files.remove(claimed)
                throw .wrongSize(uri: "\(wanted.uri)", expected: bytes, found: got)
            }
            try moveIn(claimed, name)
        } catch {
            state.update { state in
                if let copy = state.copies.removeValue(forKey: name) { state.bytes -= copy.bytes }
            }
            throw error
        }
        state.update { $0.copies[name]?.isWhole = true }
    }

    private func forget(_ name: String) {
        state.update { state in
            if let copy = state.copies.removeValue(forKey: name) { state.bytes -= copy.bytes }
        }
    }

    private func moveIn(_ file: String, _ name: String) throws(StoreError) {
        do throws(FileError) {
            try files.createDirectories(directoryName(of: path(name)))
            try files.rename(file, to: path(name))
        } catch {
            try? files.remove(file)
            throw .file(error)
        }
    }

    /// Makes room for a copy that its maker reads at once. Nil when somebody else was quicker.
    private func claim(
        _ name: String,
        _ bytes: Int64,
        _ uri: StoreURI
    ) throws(StoreError) -> String? {
        enum Claim {
            case made(file: String, gone: [String])
            case lost
            case noRoom
        }
        let claim: Claim = state.update { state in
            if state.copies[name] != nil { return .lost }
            guard let gone = makeRoom(for: bytes, in: &state) else { return .noRoom }
            state.copies[name] = Copy(
                bytes: bytes,
                readers: 1,
                used: state.tick(),
                isWhole: false
            )
            state.bytes += bytes
            state.incoming += 1
            return .made(file: path(".incoming-\(state.incoming)"), gone: gone)
        }
        switch claim {
        case .lost: return nil
        case .noRoom: throw .noRoom(uri: "\(uri)", bytesMax: bytesMax)
        case .made(let file, let gone):
            for name in gone { try? files.remove(path(name)) }
            return file
        }
    }

    /// The copies that have to go for another one of `bytes`; nil when that is not enough.
    private func makeRoom(for bytes: Int64, in state: inout State) -> [String]? {
        if state.bytes + bytes <= bytesMax { return [] }
        var gone: [String] = []
        var left = state.bytes
        let idle = state.copies.filter { $0.value.readers == 0 && $0.value.isWhole }
            .sorted { $0.value.used < $1.value.used }
        for (name, copy) in idle where left + bytes > bytesMax {
            gone.append(name)
            left -= copy.bytes
        }
        guard left + bytes <= bytesMax else { return nil }
        for name in gone { state.copies[name] = nil }
        state.bytes = left
        return gone
    }

    /// Takes a file over that was just sent to `uri`: the next who reads it need not fetch it.
    func keep(_ file: String, _ uri: StoreURI, bytes: Int64) {
        let name = Self.name(uri)
        let gone = state.update { state -> [String]? in
            guard state.copies[name] == nil, let gone = makeRoom(for: bytes, in: &state) else {
                return nil
            }
            state.copies[name] = Copy(bytes: bytes, used: state.tick(), isWhole: false)
            state.bytes += bytes
            return gone
        }
        guard let gone else {
            try? files.remove(file)
            return
        }
        for name in gone { try? files.remove(path(name)) }
        do throws(StoreError) { try moveIn(file, name) } catch {
            forget(name)
            return
        }
        state.update { $0.copies[name]?.isWhole = true }
    }

    /// The object is gone. Who reads its copy still can.
    func drop(_ uri: StoreURI) {
        let name = Self.name(uri)
        let isGone = state.update { state in
            guard let copy = state.copies[name], copy.readers == 0, copy.isWhole else {
                return false
            }
            state.copies[name] = nil
            state.bytes -= copy.bytes
            return true
        }
        if isGone { try? files.remove(path(name)) }
    }
}
