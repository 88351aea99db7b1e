import CLinux

/// The environment variables of this process.
public enum ProcessEnvironment {
    /// All variables by name; the first of two with one name counts, as for `getenv`.
    public static var variables: [String: String] {
        var found: [String: String] = [:]
        var index = 0
        // SAFETY: the array ends with nil, its strings with zero, and nothing in this process
        // changes the environment.
        while let entry = unsafe c_linux_environment()[index] {
            let text = unsafe String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                let name = String(text[..<equals])
                if found[name] == nil { found[name] = String(text[text.index(after: equals)...]) }
            }
            index += 1
        }
        return found
    }
}
