/// Who may import whom.
struct Layering {
    let manifest: PackageManifest
    private let stages: [String: String]

    init(manifest: PackageManifest) {
        self.manifest = manifest
        stages = Dictionary(
            manifest.targets.filter { $0.kind != .tests && !$0.stage.isEmpty }
                .map { ($0.name, $0.stage) }
        ) { first, _ in first }
    }

    /// What the toolchain brings.
    private static let toolchain: Set<String> = ["Glibc", "Swift", "Synchronization", "Testing"]

    /// Stages that a stage may use, besides itself. The order is that of the data's way.
    private static let below: [String: Set<String>] = [
        "Support": [],
        "Specs": ["Support"],
        "Append": ["Support", "Specs"],
        "Land": ["Support", "Specs"],
        "Load": ["Support", "Specs"],
        "Publish": ["Support", "Specs"],
        "Query": ["Support", "Specs"],
        "Schedule": ["Support", "Specs"],
        "Accept": ["Support", "Specs", "Append", "Land", "Load", "Publish", "Query", "Schedule"],
        "Show": ["Support", "Specs", "Append", "Land", "Load", "Publish", "Query", "Schedule"],
    ]

    /// The one room in the middle that joins two stages: the adapter between the log and the
    /// pipelines.
    private static let adapters: Set<String> = ["LogSources>Append"]

    /// Rooms that use what lies above them or beside them.
    func direction() -> [Violation] {
        var found: [Violation] = []
        for target in manifest.targets where target.kind != .tests {
            guard let allowed = Self.below[target.stage] else { continue }
            for use in target.uses {
                guard let stage = stages[use] else {
                    found.append(violation("\(target.name) uses \(use), which is no room"))
                    continue
                }
                if stage == target.stage || allowed.contains(stage) { continue }
                if Self.adapters.contains("\(target.name)>\(stage)") { continue }
                found.append(
                    violation("\(target.name) (\(target.stage)) must not use \(use) (\(stage))")
                )
            }
        }
        return found
    }

    /// Imports that a target did not declare, and declarations that nothing imports.
    func imports(_ sources: [SwiftSource]) -> [Violation] {
        var found: [Violation] = []
        for target in manifest.targets where ![.shim, .library].contains(target.kind) {
            let own = sources.filter { $0.file.isIn(target.path) }
            var imported: Set<String> = []
            for source in own {
                for (index, name) in source.imports {
                    imported.insert(name)
                    if target.uses.contains(name) || Self.toolchain.contains(name) { continue }
                    found.append(
                        Violation(
                            path: source.file.path,
                            line: index + 1,
                            message: "imports \(name), which Package.swift does not allow here"
                        )
                    )
                }
            }
            guard !own.isEmpty else {
                found.append(violation("\(target.name) has no Swift file in \(target.path)"))
                continue
            }
            for use in target.uses where !imported.contains(use) {
                found.append(violation("\(target.name) declares \(use) and does not import it"))
            }
        }
        return found
    }

    /// Published documents as code have no files, threads or sockets. From Clocks they take the
    /// value types (moments, dates, UUIDs), never a clock.
    func purity(_ sources: [SwiftSource]) -> [Violation] {
        let impure: Set<String> = ["Files", "Threads", "Reactor", "Telemetry", "CLinux"]
        return sources.filter { $0.file.isIn("Sources/Specs") }.flatMap { source in
            let clocks = source.code.enumerated().filter { _, line in
                ["SystemClocks", "SystemRandom"].contains { Words.find($0, in: line) }
            }
            let read = clocks.map {
                Violation(
                    path: source.file.path,
                    line: $0.offset + 1,
                    message: "a room of Specs is pure; give it the moment or the generator"
                )
            }
            return read
                + source.imports.filter { impure.contains($0.name) }.map {
                    Violation(
                        path: source.file.path,
                        line: $0.index + 1,
                        message: "a room of Specs is pure and does not import \($0.name)"
                    )
                }
        }
    }

    /// Rooms without a target, and rooms without a README.
    func rooms(_ files: [TextFile]) -> [Violation] {
        let paths = Set(files.map(\.path))
        let folders = Set(
            files.filter { $0.isIn("Sources") }
                .map { $0.path.split(separator: "/").prefix(3).joined(separator: "/") }
        )
        let known = Set(manifest.targets.map(\.path))
        var found = folders.subtracting(known).sorted()
            .map { Violation(path: $0, line: 0, message: "no target of Package.swift is there") }
        for target in manifest.targets
        where [.room, .program].contains(target.kind) && target.path.hasPrefix("Sources/") {
            if !paths.contains("\(target.path)/README.md") {
                found.append(Violation(path: target.path, line: 0, message: "no README.md"))
            }
        }
        return found
    }

    private func violation(_ message: String) -> Violation {
        Violation(path: "Package.swift", line: 0, message: message)
    }
}

extension SwiftSource {
    /// Modules that the file imports, with the index of the line.
    var imports: [(index: Int, name: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ").map(String.init)
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                words[..<at].allSatisfy({ Self.importWords.contains($0) })
            else { return nil }
            // `import struct Module.Type` names the module second.
            let last = words[words.count - 1]
            return (index, last.split(separator: ".").first.map(String.init) ?? last)
        }
    }

    private static let importWords: Set<String> = [
        "public", "internal", "package", "private", "fileprivate", "@testable", "@preconcurrency",
        "@_exported",
    ]
}
