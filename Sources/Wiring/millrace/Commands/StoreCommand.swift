import Arguments
import Bytes
import Clocks
import Glibc
import JSONText
import Stores

/// `millrace store`
struct StoreCommand: Command {
    let description = CommandDescription(
        "store",
        summary: "Look at objects of stores, copy and remove them",
        discussion: """
            ls   what lies in a folder, or an object; with --recursive in its folders, too
            cat  the bytes of an object
            cp   copies an object, or with --recursive a folder: from and to stores and this machine
            rm   removes an object, or with --recursive a folder, after asking
            du   objects and bytes below a folder, by the folders in it

            A URI is s3://bucket/name, gs://bucket/name, abfs://container@account…/name, or a path.
            How stores are reached stands under stores in the configuration; without it credentials
            are found as the cloud's own tools find them.
            """,
        positionals: ["ls|cat|cp|rm|du", "URI", "[TARGET]"],
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription("recursive", help: "ls, cp, rm: folders with all that is in them"),
            OptionDescription("force", help: "cp: in the place of objects that are there already"),
            OptionDescription("yes", help: "rm: without asking"),
            OptionDescription("dry-run", help: "cp, rm: say what would happen and change nothing"),
        ],
        examples: [
            ("millrace store ls s3://lake/default", "what is in a folder"),
            ("millrace store cat s3://lake/notes.txt", "an object's bytes"),
            ("millrace store cp --recursive events/ gs://inbox/events", "a folder into a bucket"),
            ("millrace store rm --recursive s3://lake/old --dry-run", "what would go"),
            ("millrace store du s3://lake/default --json", "how large the tables are"),
        ]
    )

    /// Bytes that `cat` reads at a time.
    private static let catBytes = 8 << 20

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let words = arguments.positionals
        let wanted = words[0] == "cp" ? 3 : 2
        guard words.count == wanted else {
            throw ArgumentError(
                words[0] == "cp" ? "cp takes a source and a target" : "\(words[0]) takes one URI"
            )
        }
        let stores = StoreSet(try CommandConfiguration(arguments).settings)
        do throws(StoreError) {
            switch words[0] {
            case "ls": return try list(stores, try Self.uri(words[1]), arguments)
            case "cat": return try cat(stores, try Self.uri(words[1]))
            case "rm": return try remove(stores, try Self.uri(words[1]), arguments)
            case "du": return try sizes(stores, try Self.uri(words[1]), arguments)
            case "cp":
                let copy = StoreCopy(stores, arguments)
                return try copy.run(from: try Self.uri(words[1]), to: words[2])
            default: break
            }
        } catch { throw CommandError(error.description) }
        throw ArgumentError("there is no store \(words[0]), only ls, cat, cp, rm and du")
    }

    /// A URI, or a path of this machine from the working directory.
    static func uri(_ text: String) throws(StoreError) -> StoreURI {
        if text.contains("://") || text.hasPrefix("/") || text.hasPrefix("file:") {
            return try StoreURI(text)
        }
        // SAFETY: getcwd's block is copied and freed here.
        let folder = unsafe getcwd(nil, 0)
        defer { unsafe free(folder) }
        let directory = unsafe folder.map { unsafe String(cString: $0) } ?? ""
        let parts = text.split(separator: "/").filter { $0 != "." }
        return try StoreURI(directory + "/" + parts.joined(separator: "/"))
    }

    // ls

    private func list(
        _ stores: StoreSet,
        _ uri: StoreURI,
        _ arguments: ParsedArguments
    ) throws(StoreError) -> ExitCode {
        let found = try StoreListing(stores, uri, isDeep: arguments.has("recursive"))
        if arguments.has("json") {
            let entries: [JSONValue] = found.objects.map { object in
                [
                    "uri": .string("\(found.uri(of: object))"),
                    "kind": .string(object.isFolder ? "folder" : "object"),
                    "bytes": object.isFolder ? .null : .integer(object.bytes),
                    "modified": Self.time(object).map { .string($0) } ?? .null,
                ]
            }
            let answer: JSONValue = ["objects": .array(entries)]
            Terminal.write(answer.text(.pretty) + "\n")
            return .success
        }
        var table = TextTable([("bytes", .right), ("modified", .left), ("name", .left)])
        for object in found.objects {
            table.append([
                object.isFolder ? "" : grouped(object.bytes), Self.time(object) ?? "",
                found.name(of: object) + (object.isFolder ? "/" : ""),
            ])
        }
        if !found.objects.isEmpty { Terminal.write(table.text) }
        return .success
    }

    private static func time(_ object: StoredObject) -> String? {
        guard object.modifiedNanoseconds > 0, !object.isFolder else { return nil }
        return Timestamp(milliseconds: object.modifiedNanoseconds / 1_000_000).iso8601
    }

    // cat

    private func cat(_ stores: StoreSet, _ uri: StoreURI) throws(StoreError) -> ExitCode {
        let objects = try stores.objects(uri)
        var position: Int64 = 0
        while true {
            var buffer = ByteBuffer()
            let got = try objects.read(
                uri.objectPath,
                at: position,
                count: Self.catBytes,
                into: &buffer
            )
            Terminal.write(buffer.bytes)
            position += Int64(got)
            if got < Self.catBytes { return .success }
        }
    }

    // rm

    private func remove(
        _ stores: StoreSet,
        _ uri: StoreURI,
        _ arguments: ParsedArguments
    ) throws(StoreError) -> ExitCode {
        let objects = try stores.objects(uri)
        let found = try StoreListing(stores, uri, isDeep: true)
        let files = found.objects.filter { !$0.isFolder }
        let bytes = files.reduce(0) { $0 + $1.bytes }
        if !found.isObject, !arguments.has("recursive") {
            Terminal.writeError("millrace: \(uri) is a folder; --recursive removes it\n")
            return .usage
        }
        let what =
            found.isObject ? "\(uri)" : "\(grouped(Int64(files.count))) objects below \(uri)"
        if arguments.has("dry-run") {
            Terminal.write("would remove \(what), \(grouped(bytes)) bytes\n")
            return .success
        }
        if !found.isObject, !arguments.has("yes") {
            guard Self.isConfirmed("Remove \(what), \(grouped(bytes)) bytes?") else {
                Terminal.writeError("Nothing was removed; --yes removes \(what).\n")
                return .failure
            }
        }
        if found.isObject {
            try objects.delete(uri.objectPath)
        } else {
            try objects.deleteFolder(uri.objectPath)
        }
        Terminal.write("removed \(what), \(grouped(bytes)) bytes\n")
        return .success
    }

    private static func isConfirmed(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else { return false }
        Terminal.writeError("\(question) [y/N] ")
        return readLine().map { $0.lowercased().hasPrefix("y") } ?? false
    }

    // du

    private func sizes(
        _ stores: StoreSet,
        _ uri: StoreURI,
        _ arguments: ParsedArguments
    ) throws(StoreError) -> ExitCode {
        let found = try StoreListing(stores, uri, isDeep: true)
        var parts: [String: (objects: Int64, bytes: Int64)] = [:]
        for object in found.objects where !object.isFolder {
            let name = found.name(of: object)
            let part = name.firstIndex(of: "/").map { String(name[...$0]) } ?? ""
            parts[part, default: (0, 0)].objects += 1
            parts[part, default: (0, 0)].bytes += object.bytes
        }
        let all = parts.values.reduce((Int64(0), Int64(0))) { ($0.0 + $1.objects, $0.1 + $1.bytes) }
        let rows = parts.sorted { $0.key < $1.key }
        if arguments.has("json") {
            let answer: JSONValue = [
                "uri": .string("\(uri)"), "objects": .integer(all.0), "bytes": .integer(all.1),
                "folders": .array(
                    rows.filter { !$0.key.isEmpty }.map { name, part in
                        [
                            "name": .string(name), "objects": .integer(part.objects),
                            "bytes": .integer(part.bytes),
                        ]
                    }
                ),
            ]
            Terminal.write(answer.text(.pretty) + "\n")
            return .success
        }
        var table = TextTable([("objects", .right), ("bytes", .right), ("", .left)])
        for (name, part) in rows where !name.isEmpty {
            table.append([grouped(part.objects), grouped(part.bytes), name])
        }
        table.append([grouped(all.0), grouped(all.1), "\(uri)"])
        Terminal.write(table.text)
        return .success
    }
}
