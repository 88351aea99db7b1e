import Bytes
import Configuration
import Files
import Settings
import Testing

/// docs/settings.md is generated; this test keeps it fresh. `WRITE_DOCS=1 swift test --filter
/// ConfigurationTests` writes it.
@Suite struct SettingsChapterTests {
    private static let introduction = """
        Millrace reads one file, millrace.yaml in the working directory unless --config or
        MILLRACE_CONFIG names another. Every setting of this page can be given as an environment
        variable instead, which wins over the file; pipelines are in the file only. Relative paths
        start from the directory of the file, those of the environment from the working directory.
        An unknown key is an error. This page is made from the program's table of settings (make
        generate).
        """

    @Test func `docs/settings.md is what the table says`() throws {
        var directory = #filePath[...]
        for _ in 0..<4 {
            directory = directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)]
        }
        let path = "\(directory)/docs/settings.md"
        let text = MillraceSettings.table.markdown(
            title: "Settings",
            introduction: Self.introduction
        )
        let files = LocalFiles()
        if ProcessEnvironment.variables["WRITE_DOCS"] == "1" {
            try files.createDirectories(directoryName(of: path))
            try files.replace(path, with: Array(text.utf8).bytes)
        }
        let written = try files.contents(of: path, bytesMax: 1 << 20)
        #expect(String(decoding: [UInt8](copying: written.bytes), as: UTF8.self) == text)
    }

    @Test func `the example file with everything switched on is a valid configuration`() throws {
        let text = MillraceSettings.table.exampleFile()
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                let indent = line.prefix { $0 == " " }
                let rest = line.dropFirst(indent.count)
                // Those of a REST catalog exclude a file, and one another.
                let isSetting =
                    rest.hasPrefix("#") && !rest.hasPrefix("# ")
                    && !rest.hasPrefix("#catalog_")
                return isSetting ? String(indent + rest.dropFirst()) : String(line)
            }
            .joined(separator: "\n")
        let configuration = try configuration(text)
        let names = ["purchases", "orders", "deliveries", "game"]
        #expect(configuration.pipelines.map(\.name) == names)
        #expect(configuration.log.segmentBytes == 256 << 20)
    }
}
