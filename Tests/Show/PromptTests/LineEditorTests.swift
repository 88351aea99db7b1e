import Testing

@testable import Prompt

/// Keys in, text and cursor out.
@Suite struct LineEditorTests {
    private static func editor(_ history: [String] = []) -> LineEditor {
        LineEditor(
            history: History(history),
            isComplete: InteractivePrompt.isComplete,
            complete: { before, after in
                SQLCompleter(NameCatalog()).complete(before: before, after: after)
            }
        )
    }

    /// The text with `|` where the cursor is, after these keys.
    private func after(_ keys: [Key], _ editor: LineEditor = editor()) -> String {
        var editor = editor
        for key in keys { _ = editor.handle(key) }
        return editor.buffer.beforeCursor + "|" + editor.buffer.afterCursor
    }

    @Test func `text is typed, deleted and moved through by characters as people see them`() {
        #expect(after([.text("a👩‍🚀é"), .left, .left, .text("剣")]) == "a剣|👩‍🚀é")
        #expect(after([.text("a👩‍🚀é"), .backspace, .backspace]) == "a|")
        #expect(after([.text("e"), .text("\u{301}"), .text("x"), .left, .left]) == "|e\u{301}x")
        #expect(after([.text("ab"), .left, .delete, .delete]) == "a|")
    }

    @Test func `words and lines are moved over and cut`() {
        let text: [Key] = [.text("select a_1, b from t")]
        #expect(after(text + [.wordLeft, .wordLeft]) == "select a_1, b |from t")
        #expect(
            after(text + [.home, .wordRight, .wordRight])
                == "select a_1| , b from t".replacing(" ,", with: ",")
        )
        #expect(after(text + [.control("w"), .control("w")]) == "select a_1, b |")
        #expect(after(text + [.control("u")]) == "|")
        #expect(after(text + [.control("u"), .control("y"), .control("y")]).count == 41)
        #expect(after(text + [.wordLeft, .control("k")]) == "select a_1, b from |")
        #expect(after([.paste("a\nbc\nd"), .home, .left, .control("u")]) == "a\n|\nd")
    }

    @Test func `Enter submits a complete statement and otherwise begins a line`() {
        var editor = Self.editor()
        _ = editor.handle(.text("select 1"))
        #expect(editor.handle(.enter) == .redraw)
        #expect(editor.buffer.text == "select 1\n")
        _ = editor.handle(.text(", 2;"))
        #expect(editor.handle(.enter) == .submit("select 1\n, 2;"))
        for (text, isComplete) in [
            ("", true), (".tables", true), ("select ';", false), ("select 1; -- x", true),
            ("select 1; select 2", false), ("/* ; */", true), ("select 'a;b';", true),
        ] {
            #expect(InteractivePrompt.isComplete(text) == isComplete, "\(text)")
        }
        #expect(after([.text("select 1;"), .altEnter]) == "select 1;\n|")
    }

    @Test func `arrows go through lines first, then through the history, and back to the draft`() {
        let editor = Self.editor(["one;", "two\nlines;"])
        #expect(after([.text("draft"), .up], editor) == "two\nlines;|")
        #expect(
            after([.text("draft"), .up, .up], editor)
                == "two|\nlines;".replacing("two|", with: "two|")
        )
        #expect(after([.text("draft"), .up, .up, .up], editor) == "one;|")
        #expect(after([.text("draft"), .up, .up, .up, .up], editor) == "one;|")
        #expect(after([.text("draft"), .up, .down], editor) == "draft|")
        #expect(after([.paste("abc\nd\nefg"), .up, .up], editor) == "a|bc\nd\nefg")
    }

    @Test func `Ctrl-R finds older and older entries and gives the text back when left`() {
        let history = ["select a;", "SELECT b;", "from c;"]
        let editor = Self.editor(history)
        #expect(after([.control("r"), .text("sel")], editor) == "SELECT b;|")
        #expect(after([.control("r"), .text("sel"), .control("r")], editor) == "select a;|")
        #expect(
            after([.control("r"), .text("sel"), .control("r"), .control("r")], editor)
                == "select a;|"
        )
        #expect(after([.text("x"), .control("r"), .text("c;"), .control("c")], editor) == "x|")
        #expect(after([.control("r"), .text("a;"), .home, .text("!")], editor) == "!|select a;")
        #expect(after([.control("r"), .text("bx"), .backspace], editor) == "SELECT b;|")
        var submitting = editor
        for key in [Key.control("r"), .text("from")] { _ = submitting.handle(key) }
        #expect(submitting.handle(.enter) == .submit("from c;"))
    }

    @Test func `Ctrl-C cancels, Ctrl-D deletes or ends`() {
        var editor = Self.editor()
        #expect(editor.handle(.control("d")) == .end)
        _ = editor.handle(.text("ab"))
        _ = editor.handle(.home)
        #expect(editor.handle(.control("d")) == .redraw)
        #expect(editor.buffer.text == "b")
        #expect(editor.handle(.control("c")) == .cancel)
        #expect(editor.handle(.endOfInput) == .end)
    }

    @Test func `what was entered is remembered once`() {
        var editor = Self.editor(["a;"])
        editor.reset(remembering: "b;\nc")
        editor.reset(remembering: "b;\nc")
        editor.reset(remembering: "  ")
        #expect(editor.history.entries == ["a;", "b;\nc"])
        #expect(after([.up], editor) == "b;\nc|")
    }

    @Test func `a history file keeps lines, backslashes and every character`() {
        let entries = ["select 1;", "a\nb \\n c\\", "\\\n\\", "剣 'é';"]
        let text = History(entries).fileText
        #expect(text.split(separator: "\n").count == 4)
        #expect(History(fileText: text).entries == entries)
        #expect(History((0..<6_000).map(String.init)).entries.count == History.entriesMax)
    }
}
