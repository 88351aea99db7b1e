/// The editor of the prompt: keys in, a state to draw out. It knows no terminal and no engine.
public struct LineEditor: Sendable {
    /// What a key led to.
    public enum Outcome: Equatable, Sendable {
        /// Draw the editor again.
        case redraw
        /// The text is complete: run it.
        case submit(String)
        /// Ctrl-C: the text is thrown away.
        case cancel
        /// Ctrl-D or the end of input: leave.
        case end
        /// Ctrl-L: clear the screen, then draw.
        case clearScreen
        /// Ctrl-Z: go to the background.
        case suspend
        /// Several ways to complete what stands before the cursor.
        case list([String])
    }

    /// A search through the history that goes on.
    struct Search: Equatable, Sendable {
        var text = ""
        /// The entry found.
        var match: Int?
        /// What was edited before.
        var original: String
    }

    /// The text and its cursor.
    public internal(set) var buffer = TextBuffer()
    /// What was entered before.
    public internal(set) var history: History
    var search: Search?
    /// The entry shown, `history.entries.count` when it is the text being written.
    private var historyIndex: Int
    /// What was being written before older entries were looked at.
    private var draft = ""
    private let isComplete: @Sendable (String) -> Bool
    private let complete: @Sendable (_ before: String, _ after: String) -> Completion?

    /// An editor that submits at Enter when `isComplete` says so and completes with `complete`.
    public init(
        history: History = History(),
        isComplete: @escaping @Sendable (String) -> Bool,
        complete: @escaping @Sendable (_ before: String, _ after: String) -> Completion?
    ) {
        self.history = history
        self.isComplete = isComplete
        self.complete = complete
        historyIndex = history.entries.count
    }

    /// Acts on one key.
    public mutating func handle(_ key: Key) -> Outcome {
        if search != nil, let outcome = handleInSearch(key) { return outcome }
        switch key {
        case .text(let text), .paste(let text): buffer.insert(text)
        case .enter: return enter()
        case .altEnter: buffer.insert("\n")
        case .tab: return tab()
        case .backspace: buffer.deleteBackward()
        case .delete: buffer.deleteForward()
        case .left: buffer.move(by: -1)
        case .right: buffer.move(by: 1)
        case .up: if !buffer.moveLine(by: -1) { showEntry(historyIndex - 1) }
        case .down: if !buffer.moveLine(by: 1) { showEntry(historyIndex + 1) }
        case .wordLeft, .alt("b"): buffer.moveWordLeft()
        case .wordRight, .alt("f"): buffer.moveWordRight()
        case .home: buffer.moveToLineStart()
        case .end: buffer.moveToLineEnd()
        case .control(let letter): return control(letter)
        case .endOfInput: return .end
        case .alt, .escape: break
        }
        return .redraw
    }

    /// Forgets the text, and remembers `entry` as the newest of the history.
    public mutating func reset(remembering entry: String? = nil) {
        if let entry { history.add(entry) }
        buffer = TextBuffer()
        search = nil
        draft = ""
        historyIndex = history.entries.count
    }

    private mutating func control(_ letter: Character) -> Outcome {
        switch letter {
        case "a": buffer.moveToLineStart()
        case "b": buffer.move(by: -1)
        case "c": return .cancel
        case "d":
            if buffer.text.isEmpty { return .end }
            buffer.deleteForward()
        case "e": buffer.moveToLineEnd()
        case "f": buffer.move(by: 1)
        case "k": buffer.killToLineEnd()
        case "l": return .clearScreen
        case "n": showEntry(historyIndex + 1)
        case "p": showEntry(historyIndex - 1)
        case "r": search = Search(match: nil, original: buffer.text)
        case "u": buffer.killToLineStart()
        case "w": buffer.killWordBackward()
        case "y": buffer.yank()
        case "z": return .suspend
        default: break
        }
        return .redraw
    }

    private mutating func enter() -> Outcome {
        if isComplete(buffer.text) { return .submit(buffer.text) }
        buffer.insert("\n")
        return .redraw
    }

    private mutating func showEntry(_ index: Int) {
        guard index >= 0, index <= history.entries.count, index != historyIndex else { return }
        if historyIndex == history.entries.count { draft = buffer.text }
        historyIndex = index
        buffer.set(index == history.entries.count ? draft : history.entries[index])
    }

    private mutating func tab() -> Outcome {
        guard let completion = complete(buffer.beforeCursor, buffer.afterCursor) else {
            return .redraw
        }
        if let text = completion.insertion {
            buffer.deleteBackward(completion.replaces)
            buffer.insert(text)
            return .redraw
        }
        return .list(completion.candidates)
    }

    /// Nil when the key ends the search and is to be acted on as usual.
    private mutating func handleInSearch(_ key: Key) -> Outcome? {
        guard var current = search else { return nil }
        let newest = history.entries.count
        switch key {
        case .text(let text), .paste(let text):
            current.text += text
            current.match =
                history.search(current.text, before: (current.match ?? newest - 1) + 1)
                ?? current.match
        case .control("r"):
            current.match =
                history.search(current.text, before: current.match ?? newest)
                ?? current.match
        case .backspace:
            current.text = String(current.text.dropLast())
            current.match = history.search(current.text, before: newest)
        case .control("c"), .control("g"):
            search = nil
            buffer.set(current.original)
            return .redraw
        default:
            search = nil
            return key == .escape ? .redraw : nil
        }
        search = current
        buffer.set(current.match.map { history.entries[$0] } ?? current.original)
        return .redraw
    }
}
