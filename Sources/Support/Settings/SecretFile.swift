/// Files that hold one secret each.
enum SecretFile {
    static let bytesMax = 64 << 10

    /// The file's text without the line end that editors add.
    static func read(
        _ path: String,
        from directory: String,
        with reader: (String) -> Result<[UInt8], SettingsComplaint>
    ) throws(SettingsComplaint) -> String {
        let full = try ValueType.path.value(text: path, directory: directory)
        var bytes = try reader(full).get()[...]
        guard bytes.count <= bytesMax else {
            throw SettingsComplaint("\(full) has more than \(bytesMax) bytes; it is no secret")
        }
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard !bytes.isEmpty else { throw SettingsComplaint("\(full) is empty") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsComplaint("\(full) is not UTF-8 text")
        }
        return text
    }

    /// For a secret that stands in the settings file.
    static func plain(_ key: String) -> SettingsComplaint {
        SettingsComplaint(
            "a secret must not stand in the settings file",
            advice: "put it in a file of its own and name that as \(key)\(SettingsTable.fileSuffix)"
        )
    }
}
