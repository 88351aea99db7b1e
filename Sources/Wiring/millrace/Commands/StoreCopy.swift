import Arguments
import Files
import Glibc
import Stores
import Synchronization
import Threads

/// `millrace store cp`: objects from one place to another, several at a time.
struct StoreCopy {
    private let stores: StoreSet
    private let arguments: ParsedArguments

    /// Objects that are copied at the same time.
    private static let copiesMax = 4

    init(_ stores: StoreSet, _ arguments: ParsedArguments) {
        self.stores = stores
        self.arguments = arguments
    }

    /// One object and where it goes.
    private struct Move: Sendable {
        let source: StoreURI
        let target: StoreURI
        let bytes: Int64
    }

    func run(from source: StoreURI, to text: String) throws(StoreError) -> ExitCode {
        let listing = try StoreListing(stores, source, isDeep: true)
        guard listing.isObject || arguments.has("recursive") else {
            Terminal.writeError("millrace: \(source) is a folder; --recursive copies it\n")
            return .usage
        }
        let moves = try moves(listing, source, text)
        if !arguments.has("force") {
            for move in moves
            where try stores.objects(move.target).size(move.target.objectPath) != nil {
                Terminal.writeError(
                    "millrace: \(move.target) is there already; --force puts the copy in its "
                        + "place\n"
                )
                return .failure
            }
        }
        let bytes = moves.reduce(0) { $0 + $1.bytes }
        if arguments.has("dry-run") {
            for move in moves { Terminal.write("\(move.source) -> \(move.target)\n") }
            return .success
        }
        try copyAll(moves, bytes)
        Terminal.write("copied \(grouped(Int64(moves.count))) objects, \(grouped(bytes)) bytes\n")
        return .success
    }

    private func moves(
        _ listing: StoreListing,
        _ source: StoreURI,
        _ text: String
    ) throws(StoreError) -> [Move] {
        let target = try StoreCommand.uri(text)
        if listing.isObject {
            var isFolder = text.hasSuffix("/") || target.key.isEmpty
            if !isFolder { isFolder = try self.isFolder(target) }
            return listing.objects.map { object in
                Move(
                    source: source,
                    target: isFolder ? target.appending(source.lastComponent) : target,
                    bytes: object.bytes
                )
            }
        }
        return listing.objects.filter { !$0.isFolder }.map { object in
            Move(
                source: listing.uri(of: object),
                target: target.appending(listing.name(of: object)),
                bytes: object.bytes
            )
        }
    }

    private func isFolder(_ uri: StoreURI) throws(StoreError) -> Bool {
        // On this machine a folder is one; in a bucket a name stands for the object it will be.
        guard uri.scheme == .file else { return false }
        return try stores.objects(uri).head(uri.objectPath)?.isFolder ?? false
    }

    private struct State {
        var next = 0
        var objects: Int64 = 0
        var bytes: Int64 = 0
        var error: StoreError?
        var line: ProgressLine
    }

    private func copyAll(_ moves: [Move], _ total: Int64) throws(StoreError) {
        let shared = Shared(ProgressLine(isShown: !arguments.has("json")))
        let stores = stores
        let work: @Sendable () -> Void = {
            while true {
                let move = shared.state.withLock { state -> Move? in
                    guard state.error == nil, state.next < moves.count else { return nil }
                    defer { state.next += 1 }
                    return moves[state.next]
                }
                guard let move else { return }
                do throws(StoreError) {
                    try Self.copy(move, stores)
                    shared.state.withLock { state in
                        state.objects += 1
                        state.bytes += move.bytes
                        state.line.show(
                            "\(grouped(state.objects)) of \(grouped(Int64(moves.count))) objects, "
                                + "\(grouped(state.bytes)) of \(grouped(total)) bytes"
                        )
                    }
                } catch {
                    shared.state.withLock { if $0.error == nil { $0.error = error } }
                }
            }
        }
        let helpers = (1..<max(1, min(Self.copiesMax, moves.count))).map { _ in
            Thread("store-copy", work)
        }
        work()
        for helper in helpers { helper.join() }
        let error = shared.state.withLock { state in
            state.line.end()
            return state.error
        }
        if let error { throw error }
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ line: ProgressLine) { state = Mutex(State(line: line)) }
    }

    /// Copies one object; nobody sees half of it under its name.
    private static func copy(_ move: Move, _ stores: StoreSet) throws(StoreError) {
        let source = try stores.objects(move.source)
        let target = try stores.objects(move.target)
        let (from, to) = (move.source.objectPath, move.target.objectPath)
        if move.target.scheme == .file {
            let part = "\(to).\(getpid()).part"
            try attempt { () throws(FileError) in
                try LocalFiles().createDirectories(directoryName(of: to))
                try? LocalFiles().remove(part)
            }
            _ = try source.download(from, file: part)
            try attempt { () throws(FileError) in try LocalFiles().rename(part, to: to) }
        } else if move.source.scheme == .file {
            _ = try target.upload(to, file: from)
        } else if move.source.root == move.target.root {
            try source.copy(from, to: to)
        } else {
            let draft = try stores.draft("\(move.target)")
            defer { stores.abandonDraft("\(move.target)") }
            _ = try source.download(from, file: draft)
            _ = try target.upload(to, file: draft)
        }
    }

    private static func attempt(_ body: () throws(FileError) -> Void) throws(StoreError) {
        do throws(FileError) { try body() } catch { throw .file(error) }
    }
}
