import Clocks

/// What the scans so far know of the files that are there now. Belongs to the scan under way.
struct FileScan: Sendable {
    /// A file that was taken, as it should be.
    struct Taken {
        let file: RegisteredFile
        /// As it was last looked at.
        var looked: Look
        /// It is not what was taken any more.
        var isChanged: Bool
    }

    /// One version of a file. Where only one of two tells its tag, size and time decide.
    struct Look: Equatable {
        let bytes: Int64
        let modifiedNanoseconds: Int64
        let tag: String

        init(_ file: StoredFile) {
            bytes = file.bytes
            modifiedNanoseconds = file.modifiedNanoseconds
            tag = file.tag
        }

        init(_ file: RegisteredFile) {
            bytes = file.bytes
            modifiedNanoseconds = file.modifiedNanoseconds
            tag = file.tag
        }

        static func == (left: Self, right: Self) -> Bool {
            left.bytes == right.bytes && left.modifiedNanoseconds == right.modifiedNanoseconds
                && (left.tag == right.tag || left.tag.isEmpty || right.tag.isEmpty)
        }
    }

    enum Seen {
        case taken(Taken)
        /// It may still grow; it is as it is since then.
        case settling(Look, since: MonotonicInstant)
        /// It is not what its name says; looked at again when it changes.
        case refused(Look)
    }

    /// By path.
    var seen: [String: Seen] = [:]
    /// Whether a scan has come to its end already.
    var hasLooked = false
    /// Where what can be read begins, as it was found last.
    var start: Int64 = 0
}
