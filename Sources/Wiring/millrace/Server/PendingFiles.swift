import Bytes
import Files
import Stores

/// The names of data files that were opened and are not committed yet, one a line beside the
/// table's metadata.
///
/// Only so that a restart can remove what a crash left behind. Losing the list leaves an orphan
/// file behind, nothing worse, so nothing here is synced and no error stops a pipeline.
struct PendingFiles {
    private let path: String?
    private let files = LocalFiles()

    /// The list of one pipeline's files of the table at the URI `table`.
    init(table: String, pipeline: String) {
        path = try? FileURI.path(ofURI: "\(table)/metadata/pending-\(pipeline).txt")
    }

    /// The URIs in the list.
    var names: [String] {
        guard let path, let bytes = try? files.contents(of: path, bytesMax: 64 << 20) else {
            return []
        }
        return String(repairingUTF8: bytes.bytes).split(separator: "\n").map(String.init)
    }

    /// Adds the file that is about to be made.
    func add(_ uri: String) {
        guard let path, let file = try? files.open(path, .create) else { return }
        var line = ByteBuffer()
        line.append(utf8: uri + "\n")
        guard let size = try? file.size() else { return }
        try? file.write(line.bytes, at: size)
    }

    /// Empties the list: everything in it is part of the table.
    func clear() {
        guard let path else { return }
        try? files.remove(path)
    }
}
