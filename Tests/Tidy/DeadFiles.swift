/// Swift files of the product whose names nobody mentions.
enum DeadFiles {
    /// Files that declare nothing, or nothing that any other file names.
    static func find(in sources: [SwiftSource]) -> [Violation] {
        var filesByName: [Substring: Set<String>] = [:]
        for source in sources {
            for line in source.code {
                for name in Words.names(in: line) {
                    filesByName[name, default: []].insert(source.file.path)
                }
            }
        }
        return sources.compactMap { source in
            let path = source.file.path
            guard source.isProduct, source.file.name != "main.swift", !source.isMain else {
                return nil
            }
            let names = source.declaredNames
            if names.isEmpty { return Violation(path: path, line: 0, message: "declares nothing") }
            let used = names.contains {
                filesByName[$0[...], default: []].subtracting([path]).isEmpty == false
            }
            return used
                ? nil : Violation(path: path, line: 0, message: "nobody uses what it declares")
        }
    }
}

extension SwiftSource {
    fileprivate var isMain: Bool { code.contains { $0.contains("@main") } }

    private static let declaring: Set<Substring> = [
        "func", "struct", "class", "enum", "protocol", "actor", "typealias", "var", "let", "case",
        "extension", "init", "subscript", "macro",
    ]

    /// Names behind declaring words, locals included: it is enough that one of them is used
    /// elsewhere.
    fileprivate var declaredNames: Set<String> {
        var names: Set<String> = []
        for line in code {
            let words = Words.names(in: line)
            for (word, next) in zip(words, words.dropFirst())
            where Self.declaring.contains(word) && !Self.declaring.contains(next) {
                names.insert(String(next))
            }
        }
        return names
    }
}
