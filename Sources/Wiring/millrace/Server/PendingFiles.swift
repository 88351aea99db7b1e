import Bytes
import Files

/// The names of data files that the writer of one epoch has opened and not committed yet, one a
/// line, beside the table's metadata, or beside the catalog for tables that lie elsewhere.
///
/// Only so that a restart can remove what a crash left behind. Losing the list leaves an orphan
/// file behind, nothing worse, so nothing here is synced and no error stops a pipeline.
struct PendingFiles {
    /// The writer's epoch.
    let epoch: Int64
    private let path: String?
    private let files = LocalFiles()

    private static func prefix(_ pipeline: String) -> String { "pending-\(pipeline)-" }
    private static let suffix = ".txt"

    /// The list of the writer of `epoch` of one pipeline, in the folder of a table.
    init(in folder: String?, pipeline: String, epoch: Int64) {
        self.epoch = epoch
        path = folder.map { "\($0)/\(Self.prefix(pipeline))\(epoch)\(Self.suffix)" }
    }

    /// The lists that are there, of all epochs.
    static func all(in folder: String?, pipeline: String) -> [PendingFiles] {
        guard let folder, let names = try? LocalFiles().list(folder) else { return [] }
        let prefix = prefix(pipeline)
        return names.compactMap { name in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
            let number = name.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
            return Int64(number).map {
                PendingFiles(in: folder, pipeline: pipeline, epoch: $0)
            }
        }
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
        guard let path else { return }
        guard let file = open(path) else { return }
        var line = ByteBuffer()
        line.append(utf8: uri + "\n")
        guard let size = try? file.size() else { return }
        try? file.write(line.bytes, at: size)
    }

    /// Opens the list; its folder is made when it is missing.
    private func open(_ path: String) -> LocalFile? {
        if let file = try? files.open(path, .create) { return file }
        try? files.createDirectories(directoryName(of: path))
        return try? files.open(path, .create)
    }

    /// Empties the list: everything in it is part of the table.
    func clear() {
        guard let path else { return }
        try? files.remove(path)
    }
}
