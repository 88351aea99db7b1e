/// What the program's exit code means, for every command.
enum ExitCode: Int32 {
    /// It was done.
    case success = 0
    /// It was tried and failed; the message says why.
    case failure = 1
    /// The command line or the configuration was not understood; nothing was tried.
    case usage = 2
    /// `verify` found records missing or doubled.
    case unproven = 3
    /// The server that the command needs does not answer.
    case unavailable = 4
    /// Part of what was asked for could not be done; the output lists it, the rest was done.
    case incomplete = 5
}

/// A failure with the exit code it deserves.
struct CommandError: Error, CustomStringConvertible {
    /// The exit code.
    let code: ExitCode
    /// What happened, to what, and what to do.
    let description: String

    init(_ description: String, code: ExitCode = .failure) {
        self.code = code
        self.description = description
    }
}
