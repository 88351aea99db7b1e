import Bytes
public import Files
public import Settings

extension MillraceConfiguration {
    /// The variable that names the settings file.
    public static let fileVariable = "MILLRACE_CONFIG"
    /// The settings file that is read when nothing else is said, in the working directory.
    public static let defaultFile = "millrace.yaml"

    /// Finds the settings file, reads and checks it.
    ///
    /// The file is `path`, else the one of MILLRACE_CONFIG, else millrace.yaml in the working
    /// directory; when that does not exist, the defaults count. A file that was named must exist.
    /// `otherVariables` are variables with our prefix that are no settings.
    public static func load(
        path: String?,
        environment: [String: String],
        otherVariables: Set<String> = [],
        workingDirectory: String = ".",
        files: some FileSystem
    ) throws(SettingsError) -> MillraceConfiguration {
        let named = path ?? environment[fileVariable]
        let source = SettingsSource(
            file: try file(named, workingDirectory: workingDirectory, files: files),
            environment: environment,
            otherVariables: otherVariables.union([fileVariable]),
            workingDirectory: workingDirectory,
            readSecretFile: { path in
                do throws(FileError) {
                    return .success(try bytes(of: path, files: files))
                } catch {
                    return .failure(SettingsComplaint(error.description))
                }
            }
        )
        return try MillraceConfiguration(from: source)
    }

    private static func file(
        _ named: String?,
        workingDirectory: String,
        files: some FileSystem
    ) throws(SettingsError) -> SettingsSource.File? {
        let name = named ?? defaultFile
        let path = name.hasPrefix("/") ? name : "\(workingDirectory)/\(name)"
        do throws(FileError) {
            return SettingsSource.File(
                name: name,
                directory: directoryName(of: path),
                text: try bytes(of: path, files: files)
            )
        } catch {
            if named == nil, error.isNotFound { return nil }
            let problem = SettingsProblem(
                place: name,
                message: "the settings file cannot be read: \(error)",
                advice: "millrace init writes one to start from"
            )
            throw SettingsError(problems: [problem])
        }
    }

    /// Larger files are refused here already; the readers have smaller limits of their own.
    private static func bytes(
        of path: String,
        files: some FileSystem
    ) throws(FileError) -> [UInt8] {
        let buffer = try files.contents(of: path, bytesMax: 16 << 20)
        return [UInt8](copying: buffer.bytes)
    }
}
