import Settings
import Telemetry
import Testing

@Suite struct SettingsDocumentsTests {
    /// The example file with its settings switched on: `#key: value` without the mark, comments (`#
    /// text`) as they are.
    private func switchedOn(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let indent = line.prefix { $0 == " " }
            let rest = line.dropFirst(indent.count)
            guard rest.hasPrefix("#"), !rest.hasPrefix("# "), rest != "#" else {
                return String(line)
            }
            return String(indent + rest.dropFirst())
        }
        .joined(separator: "\n")
    }

    @Test func `the example file is a settings file that changes nothing`() throws {
        let reader = Sample.reader(Sample.table.exampleFile())
        #expect(reader.value(Sample.partitions) == 1)
        #expect(reader.section("pipes") == nil)
        try reader.finish()
    }

    @Test func `every line of the example file can be switched on`() throws {
        let text = switchedOn(Sample.table.exampleFile())
        let reader = Sample.reader(text, files: ["/run/secrets/password": "p"])
        for setting in Sample.table.settings where !setting.isSecret {
            #expect(reader.isGiven(setting), "\(setting.key)")
        }
        #expect(reader.value(Sample.data) == "/etc/m/store")
        #expect(reader.value(Sample.segment) == 64 << 20)
        #expect(reader.value(Sample.password)?.revealed == "p")
        let pipes = try #require(reader.section("pipes"))
        #expect(pipes.section("shop")?.optional("from", .text) == "events")
        try reader.finish()
    }

    @Test func `help and the chapter name every setting with its default and variable`() {
        let help = Sample.table.help()
        let chapter = Sample.table.markdown(title: "Settings", introduction: "All of them.")
        for setting in Sample.table.settings {
            #expect(help.contains("  \(setting.key)  ("))
            #expect(chapter.contains("### `\(setting.key)`\n"))
            #expect(chapter.contains("`\(setting.environmentName)`"))
        }
        #expect(chapter.contains("- default: `64MiB`"))
        #expect(chapter.contains("- without it: the host's name"))
        #expect(chapter.contains("- takes effect: at once"))
        #expect(chapter.hasPrefix("# Settings\n"))
        #expect(chapter.hasSuffix("```\n"))
    }

    @Test func `a default that is no value traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = Setting("a", .boolean, default: "yes", help: "")
        }
        await #expect(processExitsWith: .failure) {
            let setting = Setting("a", .boolean, default: "true", help: "")
            _ = SettingsTable(settings: [setting.description, setting.description], sections: [])
        }
    }
}
