import Glibc

/// A terminal that hands over every key as it is pressed, until this is dropped.
///
/// Output keeps its usual meaning (a line feed begins a new line), so that answers can be written
/// while the terminal is raw. Bracketed paste is asked for.
struct RawTerminal: ~Copyable {
    private let input: Int32
    private let output: OutputFile
    private let before: termios

    /// Nil when `input` is no terminal.
    init?(input: Int32, output: OutputFile) {
        var settings = termios()
        // SAFETY: the kernel fills `settings`, which lives during the calls.
        guard unsafe tcgetattr(input, &settings) == 0 else { return nil }
        self.input = input
        self.output = output
        before = settings
        enter()
    }

    deinit { leave() }

    /// Goes back to the terminal's own ways while `body` runs.
    func withUsualTerminal(_ body: () -> Void) {
        leave()
        body()
        enter()
    }

    private func enter() {
        var raw = before
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP | BRKINT)
        // SAFETY: `raw` lives during the call.
        unsafe _ = tcsetattr(input, TCSADRAIN, &raw)
        try? output.write("\u{1B}[?2004h")
    }

    private func leave() {
        try? output.write("\u{1B}[?2004l")
        var usual = before
        // SAFETY: `usual` lives during the call.
        unsafe _ = tcsetattr(input, TCSADRAIN, &usual)
    }
}
