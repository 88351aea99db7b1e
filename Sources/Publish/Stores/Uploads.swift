internal import Synchronization
internal import Threads

/// Files on their way to a store: a few at a time, in the order in which they were finished.
final class Uploads: Sendable {
    /// Sends one file; returns its size.
    typealias Send = @Sendable (_ path: String, _ file: String) throws(StoreError) -> Int64

    private enum Stage {
        case waiting
        case sending
        case sent(Int64)
        case failed(StoreError)
    }

    private struct Entry {
        let file: String
        var stage: Stage
    }

    private struct State {
        /// By path in the store.
        var entries: [String: Entry] = [:]
        var queue: [String] = []
        /// Senders that have nothing to do.
        var idle = 0
        var isOver = false
    }

    /// Files that are sent at the same time. Each takes a buffer of some 10 MiB.
    private static let sendersMax = 4

    private let send: Send
    private let state: Condition<State>
    private let senders = Mutex<[Thread]>([])

    init(_ send: @escaping Send) {
        self.send = send
        state = Condition(State())
    }

    deinit {
        state.update { $0.isOver = true }
        for sender in senders.withLock({ $0 }) { sender.join() }
    }

    /// Puts a file at the end of the queue.
    func add(_ path: String, file: String) {
        let isBusy = state.update { state in
            state.entries[path] = Entry(file: file, stage: .waiting)
            state.queue.append(path)
            return state.queue.count > state.idle
        }
        guard isBusy else { return }
        let (state, send) = (state, send)
        senders.withLock { senders in
            guard senders.count < Self.sendersMax else { return }
            senders.append(Thread("store-send") { Self.sendAll(state, send) })
        }
    }

    /// Sends what waits until there is nobody left who could add something.
    private static func sendAll(_ state: Condition<State>, _ send: Send) {
        while true {
            state.update { $0.idle += 1 }
            let next = state.wait { state -> (String, String)?? in
                while !state.queue.isEmpty {
                    let path = state.queue.removeFirst()
                    guard let entry = state.entries[path], case .waiting = entry.stage else {
                        continue
                    }
                    state.entries[path]?.stage = .sending
                    state.idle -= 1
                    return (path, entry.file)
                }
                return state.isOver ? .some(nil) : nil
            }
            guard case .some(.some((let path, let file))) = next else { return }
            let stage: Stage
            do throws(StoreError) { stage = .sent(try send(path, file)) } catch {
                stage = .failed(error)
            }
            state.update { $0.entries[path]?.stage = stage }
        }
    }

    /// Sends those of `paths` again that did not arrive.
    func renew(_ paths: [String]) {
        for path in paths {
            let file = state.withLock { state -> String? in
                guard let entry = state.entries[path], case .failed = entry.stage else {
                    return nil
                }
                return entry.file
            }
            if let file { add(path, file: file) }
        }
    }

    /// Waits until a file has arrived: its size and where it lies here. Nil when there is no such
    /// file on its way.
    func arrival(of path: String) throws(StoreError) -> (bytes: Int64, file: String)? {
        enum Outcome {
            case none
            case sent(Int64, String)
            case failed(StoreError)
        }
        let outcome = state.wait { state -> Outcome? in
            guard let entry = state.entries[path] else { return Outcome.none }
            switch entry.stage {
            case .waiting, .sending: return nil
            case .sent(let bytes): return .sent(bytes, entry.file)
            case .failed(let error): return .failed(error)
            }
        }
        switch outcome {
        case .none?, nil: return nil
        case .sent(let bytes, let file): return (bytes, file)
        case .failed(let error): throw error
        }
    }

    /// Forgets a file, once it is not being sent any more; returns where it lies here.
    func forget(_ path: String) -> String? {
        let file = state.wait { state -> String?? in
            guard let entry = state.entries[path] else { return .some(nil) }
            if case .sending = entry.stage { return nil }
            state.entries[path] = nil
            return .some(entry.file)
        }
        return file ?? nil
    }
}
