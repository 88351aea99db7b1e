import Testing

/// The house rules, over the whole repository. CONTRIBUTING.md has them in words.
@Suite struct TidyTests {
    private func expectNone(_ violations: [Violation]) {
        let list = violations.map { "\n  \($0)" }.joined()
        #expect(violations.isEmpty, "\(violations.count) places:\(list)")
    }

    @Test func `the repository is found`() {
        #expect(Repository.sources.count > 50)
        #expect(Repository.files.contains { $0.path == "Package.swift" })
    }

    @Test func `lines have at most 100 columns`() {
        expectNone(Repository.files.flatMap { $0.wideLines() })
    }

    @Test func `functions have at most 70 lines`() {
        // A test may tell a long story in one piece; the product's code may not.
        let product = Repository.sources.filter { !$0.file.path.hasPrefix("Tests/") }
        expectNone(product.flatMap { $0.longFunctions() })
    }

    @Test func `files have at most 500 lines, but for those listed`() {
        expectNone(Repository.files.flatMap { $0.longFile() })
        let paths = Set(Repository.files.map(\.path))
        let gone = TextFile.longFiles.keys.filter { !paths.contains($0) }
        #expect(gone.isEmpty, "listed as long and not there: \(gone)")
    }

    @Test func `calls that have a better form are not made`() {
        expectNone(Repository.sources.flatMap { $0.bannedCalls() })
    }

    @Test func `nothing is unwrapped by force`() {
        expectNone(Repository.sources.flatMap { $0.forcedUnwraps() })
    }

    @Test func `what is unsafe says why it is not`() {
        expectNone(Repository.sources.flatMap { $0.unexplainedUnsafety() })
    }

    @Test func `what is unchecked says who owns it`() {
        expectNone(Repository.sources.flatMap { $0.unexplainedSendable() })
    }

    @Test func `white space is plain`() {
        expectNone(Repository.files.flatMap { $0.whitespace() })
    }

    @Test func `nothing is left unfinished`() {
        expectNone(Repository.files.flatMap { $0.unfinishedWork() })
    }

    @Test func `no path of one machine is written down`() {
        expectNone(Repository.files.flatMap { $0.machinePaths() })
    }

    @Test func `shell scripts stop at the first failure`() {
        expectNone(Repository.files.flatMap { $0.shellHabits() })
    }

    @Test func `a document has one title, first`() {
        expectNone(Repository.files.flatMap { $0.titles() })
    }

    @Test func `documents refer to what is there`() {
        let paths = Set(Repository.files.map(\.path))
        let folders = Set(
            paths.flatMap { path in
                let parts = path.split(separator: "/")
                return parts.indices.map { parts[..<$0].joined(separator: "/") }
            }
        )
        expectNone(
            Repository.files.flatMap { file in
                file.deadReferences { target in
                    let path = target.hasSuffix("/") ? String(target.dropLast()) : target
                    return paths.contains(path) || folders.contains(path)
                }
            }
        )
    }

    @Test func `no file is dead`() {
        expectNone(DeadFiles.find(in: Repository.sources))
    }

    @Test func `rooms use only what lies below them`() throws {
        expectNone(try layering().direction())
    }

    @Test func `rooms import what Package.swift says, and all of it`() throws {
        expectNone(try layering().imports(Repository.sources))
    }

    @Test func `rooms of Specs are pure`() throws {
        expectNone(try layering().purity(Repository.sources))
    }

    @Test func `every room has a target and a README`() throws {
        expectNone(try layering().rooms(Repository.files))
    }

    private func layering() throws -> Layering {
        let file = try #require(Repository.files.first { $0.path == "Package.swift" })
        let manifest = PackageManifest(file.text)
        #expect(manifest.targets.count > 40)
        return Layering(manifest: manifest)
    }
}
