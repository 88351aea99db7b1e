import Glibc

/// One line on standard error that is written over again while something is under way. Nothing when
/// standard error is no terminal.
struct ProgressLine {
    private let isShown: Bool
    private var shown = ""

    init(isShown: Bool) {
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
    }

    mutating func show(_ text: String) {
        guard isShown, text != shown else { return }
        shown = text
        Terminal.writeError("\r\u{1B}[K\(text)")
    }

    mutating func end() {
        if !shown.isEmpty { Terminal.writeError("\r\u{1B}[K") }
        shown = ""
    }
}
