import Testing

@testable import Prompt

/// What a person sees while editing.
@Suite struct ScreenTests {
    private static func editor(_ history: [String] = []) -> LineEditor {
        LineEditor(
            history: History(history),
            isComplete: InteractivePrompt.isComplete,
            complete: { _, _ in nil }
        )
    }

    private let size = Screen.Size(width: 20, height: 8)

    @Test
    func
        `lines are continued under the prompt, long ones are broken, the cursor is where it edits`()
    {
        var editor = Self.editor()
        var screen = Screen()
        var terminal = VirtualTerminal(width: 20)
        terminal.write("before\r\n")
        terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        #expect(terminal.lines == ["before", "millrace>"])
        #expect(terminal.row == 1 && terminal.column == 10)
        for key in [Key.text("select 剣剣"), .enter, .text("from a_long_table;")] {
            _ = editor.handle(key)
            terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        }
        #expect(
            terminal.lines == [
                "before", "millrace> select 剣", "剣", "     ...> from a_lon", "g_table;",
            ]
        )
        #expect(terminal.row == 4 && terminal.column == 8)
        _ = editor.handle(.up)
        terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        #expect(terminal.row == 2 && terminal.column == 2)
        _ = editor.handle(.home)
        terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        #expect(terminal.row == 1 && terminal.column == 10)
    }

    @Test func `behind a full row the cursor stands on the next`() {
        var editor = Self.editor()
        var screen = Screen()
        var terminal = VirtualTerminal(width: 20)
        _ = editor.handle(.text("0123456789"))
        terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        #expect(terminal.row == 1 && terminal.column == 0)
        _ = editor.handle(.left)
        terminal.write(screen.draw(editor, prompt: "millrace> ", size: size))
        #expect(terminal.row == 0 && terminal.column == 19)
    }

    @Test func `more rows than the terminal has show those around the cursor`() {
        var editor = Self.editor()
        var screen = Screen()
        _ = editor.handle(.paste((0..<20).map { "line \($0)" }.joined(separator: "\n")))
        var terminal = VirtualTerminal(width: 20)
        terminal.write(screen.draw(editor, prompt: "> ", size: size))
        #expect(terminal.lines.count == 8)
        #expect(terminal.lines.last == "...> line 19")
        for _ in 0..<19 { _ = editor.handle(.up) }
        terminal.write(screen.draw(editor, prompt: "> ", size: size))
        #expect(terminal.lines.first == "> line 0" && terminal.lines.count == 8)
        #expect(terminal.row == 0)
    }

    @Test func `a search shows what is searched and what was found`() {
        var editor = Self.editor(["select 1;"])
        var screen = Screen()
        var terminal = VirtualTerminal(width: 40)
        let wide = Screen.Size(width: 40, height: 8)
        for key in [Key.control("r"), .text("sel")] {
            _ = editor.handle(key)
            terminal.write(screen.draw(editor, prompt: "millrace> ", size: wide))
        }
        #expect(terminal.lines == ["(history: sel) select 1;"])
    }

    @Test func `drawing after any keys looks as if it were drawn for the first time`() {
        let keys: [Key] = [
            .text("a"), .text("剣x"), .text("select something "), .altEnter, .backspace, .left,
            .right, .up, .down, .home, .end, .control("k"), .control("u"), .control("y"),
            .wordLeft, .paste("two\nlines"), .control("r"), .control("c"), .delete,
        ]
        var state: UInt64 = 20_261_121
        var editor = Self.editor(["from t;", "select\n1;"])
        var screen = Screen()
        var terminal = VirtualTerminal(width: 20)
        let tall = Screen.Size(width: 20, height: 500)
        for step in 0..<1_500 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if case .cancel = editor.handle(keys[Int(state >> 33) % keys.count]) { editor.reset() }
            terminal.write(screen.draw(editor, prompt: "> ", size: tall))
            var fresh = VirtualTerminal(width: 20)
            var first = Screen()
            fresh.write(first.draw(editor, prompt: "> ", size: tall))
            guard terminal.lines == fresh.lines, terminal.row == fresh.row,
                terminal.column == fresh.column
            else {
                Issue.record("step \(step): \(terminal.lines) is not \(fresh.lines)")
                return
            }
        }
    }
}
