import Testing

/// The rules themselves: each lets a good sample pass and catches a bad one.
@Suite struct TidySelfTests {
    private func swift(_ text: String, path: String = "Sources/Support/Room/File.swift")
        -> SwiftSource
    {
        SwiftSource(TextFile(path: path, text: text))
    }

    private func text(_ text: String, path: String) -> TextFile { TextFile(path: path, text: text) }

    @Test func `strings, comments and raw names are no code`() {
        let source = swift(
            """
            let a = "try! \\(b(")") + try! c) }" // as! d
            let e = #"x " try! \\(y) "# + 1 /* print( /* try! */ { */ + f
            func `print( }`() {}
            """
        )
        #expect(source.code[0].contains("try! c"))
        #expect(source.code[0].contains("b("))
        #expect(!source.code[0].contains("as!"))
        #expect(source.comments[0].contains("// as! d"))
        #expect(!source.code[1].contains("try!") && source.code[1].contains("+ f"))
        #expect(!source.code[2].contains("print"))
    }

    @Test func `a string over several lines is no code`() {
        let source = swift(
            "let a = \"\"\"\n    { try! \"x\" \\(b {\n        c })\n    \"\"\"\nlet d = {}\n"
        )
        #expect(!source.code[1].contains("try!"))
        #expect(source.code[2].contains("c }"))
        #expect(source.code[4] == "let d = {}")
    }

    @Test func `a function's length is counted from its name to its brace`() {
        let long =
            "func f(a: () -> Void = {}) {\n" + String(repeating: "    x()\n", count: 69) + "}\n"
        #expect(swift(long).longFunctions().map(\.line) == [1])
        #expect(
            swift(long.replacing("x()\n    x()", with: "x()", maxReplacements: 1)).longFunctions()
                .isEmpty
        )
        let protocols = """
            protocol P {
                func a(b: Int) throws -> Int
                init(c: Int)
                func d<T>(e: T)
                    where T: Equatable
            }
            struct S {
                init(f: Int) { self.init() }
                func g()
                    throws
                {
                }
                deinit {}
            }
            """
        let found = swift(protocols).functions
        #expect(found.map(\.name) == ["init", "g", "deinit"])
        #expect(found.map { $0.last - $0.first } == [0, 3, 0])
    }

    @Test(arguments: [
        "let x = try! y()", "let x = y as! Z", "import Foundation", "print(x)", "let d = Date()",
        "try await Task.sleep(for: .seconds(1))", "let q = DispatchQueue(label: l)", "exit(1)",
        "let n = Int.random(in: 0...1)", "let c = ContinuousClock.now", "Glibc.usleep(5)",
        "public import FoundationEssentials", "Task.detached { }",
    ])
    func `a banned call is caught`(line: String) {
        #expect(swift(line + "\n").bannedCalls().count == 1)
    }

    @Test(arguments: [
        "let x = try? y()", "import FoundationX", "sprint(x)", "Terminal.print_(x)",
        "let d = myDate()",
        "// print(x)", "let s = \"exit(1)\"", "let n = Int.random(in: 0...1, using: &g)",
        "let imprint = 1", "atexit(f)",
        "func print(_ a: Int) {}; print(1)",
    ])
    func `what only looks like a banned call passes`(line: String) {
        #expect(swift(line + "\n").bannedCalls().isEmpty)
    }

    @Test func `a banned call is allowed where it is at home`() {
        #expect(swift("Task.sleep", path: "Sources/Support/Reactor/A.swift").bannedCalls().isEmpty)
        #expect(swift("Task.sleep", path: "Tests/Support/A.swift").bannedCalls().isEmpty)
        #expect(swift("try! x", path: "Tests/Support/A.swift").bannedCalls().count == 1)
    }

    @Test func `forced unwrapping is caught, negation and inequality are not`() {
        let bad = ["a!", "a()!.b", "a[0]!", "var c: Int!", "a?!"]
        let good = [
            "!a", "a != b", "a! = b".replacing("! ", with: " !"), "if !(a) {}", "\"a!\"", "// a!",
        ]
        for line in bad { #expect(swift(line).forcedUnwraps().count == 1, "\(line)") }
        for line in good { #expect(swift(line).forcedUnwraps().isEmpty, "\(line)") }
    }

    @Test func `unsafe needs a sentence near it or in its function`() {
        #expect(swift("let a = unsafe b").unexplainedUnsafety().count == 1)
        #expect(swift("// SAFETY: b lives.\nlet a = unsafe b").unexplainedUnsafety().isEmpty)
        let gap = String(repeating: "x()\n", count: 12)
        #expect(swift("// SAFETY: far.\n\(gap)unsafe b\n").unexplainedUnsafety().count == 1)
        let function =
            "func f() {\n// SAFETY: all of it.\n\(gap)unsafe b\n}\nfunc g() {\n\(gap)unsafe c\n}\n"
        #expect(swift(function).unexplainedUnsafety().count == 1)
        let type = "/// SAFETY: owned.\n@safe\nfinal class C {\n\(gap)unsafe b\n}\n\(gap)unsafe c\n"
        #expect(swift(type).unexplainedUnsafety().map(\.line) == [30])
        #expect(swift("@unsafe func f() {}").unexplainedUnsafety().isEmpty)
        #expect(swift("withUnsafeBytes { }").unexplainedUnsafety().isEmpty)
    }

    @Test func `unchecked needs a reason`() {
        let bare = "final class A: @unchecked Sendable {\n    var b = 1\n}\n"
        #expect(swift(bare).unexplainedSendable().count == 1)
        let reason = bare.replacing("{\n", with: "{\n    // @unchecked Sendable: under `lock`.\n")
        #expect(swift(reason).unexplainedSendable().isEmpty)
    }

    @Test func `wide lines, long files and stray white space are caught`() {
        let wide = String(repeating: "é", count: 101) + "\n"
        #expect(text(wide, path: "Sources/A.swift").wideLines().count == 1)
        #expect(
            text(wide.replacing("éé", with: "é", maxReplacements: 1), path: "A.swift").wideLines()
                .isEmpty
        )
        #expect(text(String(repeating: "x\n", count: 501), path: "A.swift").longFile().count == 1)
        #expect(text(String(repeating: "x\n", count: 500), path: "A.swift").longFile().isEmpty)
        #expect(text("a \n", path: "a.md").whitespace().count == 1)
        #expect(text("a\tb\n", path: "a.md").whitespace().count == 1)
        #expect(text("a\r\n", path: "a.md").whitespace().count == 1)
        #expect(text("a", path: "a.md").whitespace().count == 1)
        #expect(text("a\n\tb\n", path: "Makefile").whitespace().isEmpty)
    }

    @Test func `unfinished work and machines' paths are caught`() {
        let mark = "TO" + "DO"
        #expect(text("// \(mark): later\n", path: "A.swift").unfinishedWork().count == 1)
        #expect(text("let \(mark)s = 1\n", path: "A.swift").unfinishedWork().isEmpty)
        let home = "/ho" + "me/ann/x"
        #expect(text("see \(home)\n", path: "a.md").machinePaths().count == 1)
        #expect(text("\"\(home)\"\n", path: "a.md").machinePaths().count == 1)
        #expect(text("a\(home)\n", path: "a.md").machinePaths().isEmpty)
    }

    @Test func `a document's titles and references are checked`() {
        func titles(_ words: String) -> Int { text(words, path: "docs/a.md").titles().count }
        #expect(titles("# A\n\n## B\n\n```\n# c\n```\n") == 0)
        #expect(titles("# A\n# B\n") == 1)
        #expect(titles("A\n") == 1)
        let links = text(
            "[a](../x.md#y) [b](https://z) `Sources/A/` `Sources/*`\n",
            path: "docs/a.md"
        )
        #expect(links.deadReferences { $0 == "x.md" || $0 == "Sources/A/" }.isEmpty)
        #expect(links.deadReferences { _ in false }.count == 2)
    }

    @Test func `a script without strict mode is caught`() {
        #expect(text("#!/usr/bin/env bash\nls\n", path: "x").shellHabits().count == 1)
        #expect(text("#!/usr/bin/env bash\nset -euo pipefail\n", path: "x").shellHabits().isEmpty)
    }

    private let manifest = PackageManifest(
        """
        targets: [
                shim("CLow"),
                room("Support", "Low", uses: ["CLow"]),
                room("Specs", "Form", uses: ["Low"]),
                room(
                    "Append",
                    "Book",
                    uses: [
                        "Low", "Form",
                    ]
                ),
                room("Land", "Ship", uses: ["Book"]),
                room("Support", "Lost", uses: ["Form", "Gone"]),
                .executableTarget(
                    name: "app",
                    dependencies: ["Book"],
                    path: "Sources/Wiring/app"
                ),
                tests("Append", "Book", uses: ["Low"]),
        """
    )

    @Test func `the manifest is read`() {
        #expect(
            manifest.targets.map(\.name) == [
                "CLow", "Low", "Form", "Book", "Ship", "Lost", "app", "BookTests",
            ]
        )
        #expect(manifest.targets[3].uses == ["Low", "Form"])
        #expect(manifest.targets[6].path == "Sources/Wiring/app")
        #expect(manifest.targets[7].uses == ["Book", "Low"])
    }

    @Test func `a use against the direction is caught`() {
        #expect(
            Layering(manifest: manifest).direction().map(\.message) == [
                "Ship (Land) must not use Book (Append)",
                "Lost (Support) must not use Form (Specs)",
                "Lost uses Gone, which is no room",
            ]
        )
    }

    @Test func `imports and declarations must agree`() {
        let sources = [
            swift("public import Low\nimport Glibc\n", path: "Sources/Specs/Form/A.swift"),
            swift(
                "@testable import struct Low.X\nimport Clocks\n",
                path: "Sources/Append/Book/A.swift"
            ),
        ]
        let found = Layering(manifest: manifest).imports(sources).map(\.description)
        #expect(
            found.contains(
                "Sources/Append/Book/A.swift:2: "
                    + "imports Clocks, which Package.swift does not allow here"
            )
        )
        #expect(found.contains("Package.swift: Book declares Form and does not import it"))
        #expect(!found.contains { $0.contains("Form declares") || $0.contains("Glibc") })
    }

    @Test func `a room of Specs with a clock is caught`() {
        let source = swift(
            "import Files\nlet a = SystemClocks()\n",
            path: "Sources/Specs/Form/A.swift"
        )
        #expect(Layering(manifest: manifest).purity([source]).count == 2)
    }

    @Test func `a room without a target or a README is caught`() {
        let files = [
            text("", path: "Sources/Append/Book/README.md"),
            text("", path: "Sources/Append/Hut/A.swift"),
        ]
        let found = Layering(manifest: manifest).rooms(files).map(\.path)
        #expect(found.contains("Sources/Append/Hut"))
        #expect(found.contains("Sources/Land/Ship"))
        #expect(!found.contains("Sources/Append/Book"))
    }

    @Test func `a file that nobody uses is dead`() {
        let sources = [
            swift("struct Used {}\n", path: "Sources/A/A/Used.swift"),
            swift("struct Lonely { let used: Used }\n", path: "Sources/A/A/Lonely.swift"),
            swift("// nothing\n", path: "Sources/A/A/Empty.swift"),
        ]
        #expect(
            DeadFiles.find(in: sources).map(\.path) == [
                "Sources/A/A/Lonely.swift", "Sources/A/A/Empty.swift",
            ]
        )
    }
}
