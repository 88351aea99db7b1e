/// What a person does at the keyboard, as far as the editor cares.
public enum Key: Equatable, Sendable {
    /// Text typed.
    case text(String)
    /// Text pasted in one go; its line ends are no Enter.
    case paste(String)
    /// A control key by its letter, such as Ctrl-C as `"c"`.
    case control(Character)
    /// Alt with a letter.
    case alt(Character)
    /// Enter, and Enter with Alt, which never submits.
    case enter, altEnter
    /// Tab.
    case tab
    /// Escape on its own.
    case escape
    /// Deletes before and under the cursor.
    case backspace, delete
    /// One place.
    case left, right, up, down
    /// One word.
    case wordLeft, wordRight
    /// Start and end of the line.
    case home, end
    /// The input has come to its end.
    case endOfInput
}
