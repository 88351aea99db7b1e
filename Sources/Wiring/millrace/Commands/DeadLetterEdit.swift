import Bytes
import Configuration
import Files
import Glibc
import JSONText
import Pipelines

/// A letter's value in the person's editor, until it can be a row or the person gives up.
struct DeadLetterEdit {
    /// Largest value that is read back.
    private static let bytesMax = 1 << 30

    let desk: DeadLetterDesk
    let table: String
    let place: RecordPlace

    func run() throws -> ExitCode {
        let letter = try desk.show(table, place)
        let original = Self.value(of: letter)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = "\(folder.path)/value"
        try Self.write(original, to: path)
        Terminal.writeError(
            "\(letter["reason"]?.stringValue ?? ""): \(letter["detail"]?.stringValue ?? "")\n"
        )
        while true {
            try Self.openEditor(on: path)
            let mended = Self.withoutAddedEnd(try Self.contents(of: path), original)
            if mended == original {
                Terminal.write("The value was not changed; nothing was done.\n")
                return .success
            }
            var request = ReplayRequest()
            request.places = [place]
            request.value = mended
            request.isRehearsal = true
            let rehearsal = try desk.replayAll(table, request)
            if DeadLetterText.isComplete(rehearsal) {
                request.isRehearsal = false
                let report = try desk.replayAll(table, request)
                Terminal.write(DeadLetterText.replay(report))
                return DeadLetterText.isComplete(report) ? .success : .incomplete
            }
            Terminal.writeError(DeadLetterText.replay(rehearsal))
            guard Self.wantsAgain() else { return .incomplete }
        }
    }

    private static func value(of letter: JSONValue) -> [UInt8] {
        if let text = letter["value"]?.stringValue { return Array(text.utf8) }
        return letter["value_hex"]?.stringValue.flatMap(HexText.decoded) ?? []
    }

    /// Editors end the last line; a value that had no such end shall not get one.
    private static func withoutAddedEnd(_ bytes: [UInt8], _ original: [UInt8]) -> [UInt8] {
        let lineFeed = UInt8(ascii: "\n")
        return bytes.last == lineFeed && original.last != lineFeed ? bytes.dropLast() : bytes
    }

    private static func wantsAgain() -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("Edit again? [Y/n] ")
        return readLine().map { !$0.lowercased().hasPrefix("n") } ?? false
    }

    private static func openEditor(on path: String) throws(CommandError) {
        let variables = ProcessEnvironment.variables
        let editor =
            [variables["VISUAL"], variables["EDITOR"]].compactMap { $0 }
            .first { !$0.isEmpty } ?? "vi"
        // As git does: the variable is a command of the person's shell. The path has no quotes.
        // SAFETY: the text lives during the call.
        let status = unsafe system("\(editor) '\(path)'")
        guard status == 0 else {
            throw CommandError("the editor '\(editor)' failed; nothing was done")
        }
    }

    // Files

    static func contents(of path: String) throws(CommandError) -> [UInt8] {
        do throws(FileError) {
            let bytes = try LocalFiles().contents(of: path, bytesMax: bytesMax)
            return Array(copying: bytes.bytes)
        } catch { throw CommandError("\(error)") }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(CommandError) {
        do throws(FileError) {
            try LocalFiles().open(path, .create).write(bytes.bytes, at: 0)
        } catch { throw CommandError("\(error)") }
    }
}

/// A folder that only this user can look into, for a value under work.
private struct TemporaryFolder {
    let path: String

    init() throws(CommandError) {
        let parent = ProcessEnvironment.variables["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 }
        var template = Array("\(parent ?? "/tmp")/millrace-letter-XXXXXX".utf8CString)
        // SAFETY: mkdtemp writes into the array, which ends in NUL.
        let made: String? = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        guard let made, !made.contains("'") else {
            throw CommandError("no folder for the value can be made in \(parent ?? "/tmp")")
        }
        path = made
    }

    func remove() {
        let files = LocalFiles()
        for name in (try? files.list(path)) ?? [] { try? files.remove("\(path)/\(name)") }
        // SAFETY: the text lives during the call.
        _ = unsafe rmdir(path)
    }
}
