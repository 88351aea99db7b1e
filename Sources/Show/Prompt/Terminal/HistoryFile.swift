import Glibc

/// Where entered statements are kept between sessions. Failing to read or write it is no reason to
/// stop anybody from asking.
struct HistoryFile: Sendable {
    let path: String?

    /// What the file holds; nothing when it cannot be read.
    func read() -> History {
        guard let path, let file = unsafe fopen(path, "re") else { return History() }
        // SAFETY: the file is open until the end of this function, and closed once.
        defer { unsafe _ = fclose(file) }
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&block, 1, block.count, file)
            if count == 0 { break }
            all += block[..<count]
        }
        let history = History(fileText: String(decoding: all, as: UTF8.self))
        // Grown beyond what is kept: write it anew.
        let text = history.fileText
        if all.count > text.utf8.count + text.utf8.count / 2 { replace(with: text) }
        return history
    }

    /// Adds one entry; the file is readable by its owner alone.
    func append(_ entry: String) {
        write(History.line(entry), flags: O_APPEND)
    }

    private func replace(with text: String) { write(text, flags: O_TRUNC) }

    private func write(_ text: String, flags: Int32) {
        guard let path else { return }
        // SAFETY: the path is a Swift string, which lives through the call.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o600)
        guard descriptor >= 0 else { return }
        try? OutputFile(descriptor: descriptor).write(text)
        close(descriptor)
    }
}
