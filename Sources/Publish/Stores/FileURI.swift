/// Paths as Iceberg's metadata name them: `file://` and the absolute path *as it is*.
///
/// Iceberg's readers do not decode percent signs (PyIceberg 0.12, DuckDB 1.5.5 and Hadoop's Path
/// open exactly the characters behind `file://`), so a space stays a space and `%20` is a name
/// with a percent sign. Characters that make them see something else than a path are refused.
public enum FileURI {
    /// What stands before the path.
    public static let scheme = "file://"

    /// The URI of an absolute path.
    public static func uri(ofPath path: String) throws(StoreError) -> String {
        guard path.hasPrefix("/") else {
            throw .unusable(uri: path, reason: "it is not an absolute path")
        }
        // `?` and `#` end the path of a URI for PyIceberg, `"` a name for DuckDB.
        if let scalar = path.unicodeScalars.first(where: {
            $0 == "?" || $0 == "#" || $0 == "\"" || $0.value < 0x20 || $0.value == 0x7F
        }) {
            throw .unusable(
                uri: path,
                reason: "Iceberg's readers cannot open paths with the character "
                    + "\(scalar.debugDescription); choose another folder"
            )
        }
        return scheme + collapsed(path)
    }

    /// The path a URI means: `file:///a`, `file:/a` (as Java writes it) or `/a`.
    public static func path(ofURI uri: String) throws(StoreError) -> String {
        if uri.hasPrefix("/") { return collapsed(uri) }
        guard uri.hasPrefix("file:") else {
            let scheme = uri.prefix { $0 != ":" }
            throw .unusable(
                uri: uri,
                reason: uri.contains(":") ? "\(scheme) is no file store" : "it is not a URI"
            )
        }
        var rest = uri.dropFirst("file:".count)
        if rest.hasPrefix("//") {
            // An authority: none, or this machine.
            rest = rest.dropFirst(2)
            if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        }
        guard rest.hasPrefix("/") else {
            throw .unusable(uri: uri, reason: "it names another machine, or no absolute path")
        }
        return collapsed(String(rest))
    }

    /// The path with percent signs decoded, for URIs that somebody did encode; nil when nothing
    /// changes or the result is no text.
    static func decoded(_ path: String) -> String? {
        guard path.utf8.contains(UInt8(ascii: "%")) else { return nil }
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        guard !bytes.contains(0) else { return nil }
        let text = String(validating: bytes, as: UTF8.self)
        return text == path ? nil : text
    }

    /// A name for a folder made from any text: what might trouble a reader becomes `-` and its code
    /// in hexadecimal.
    public static func folderName(for text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_":
                name.unicodeScalars.append(scalar)
            case "-", ".":
                // Not at the start: hidden files are passed over by many tools.
                if name.isEmpty { name += "_" }
                name.unicodeScalars.append(scalar)
            default:
                name += "-" + String(scalar.value, radix: 16)
            }
        }
        return name.isEmpty ? "_" : name
    }

    /// Without doubled slashes and a slash at the end.
    private static func collapsed(_ path: String) -> String {
        var result = ""
        for part in path.split(separator: "/") { result += "/" + part }
        return result.isEmpty ? "/" : result
    }
}
