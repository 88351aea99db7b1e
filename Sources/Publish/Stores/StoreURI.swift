/// A name in a store: `s3://bucket/folder/name`, taken apart.
public struct StoreURI: Hashable, Sendable, CustomStringConvertible {
    /// How a store is talked to.
    public enum Scheme: String, Sendable, CaseIterable {
        /// This machine's files.
        case file
        /// Amazon S3 and its likes.
        case s3
        /// Google Cloud Storage.
        case gs
        /// Azure Blob Storage.
        case abfs
    }

    /// How its store is talked to.
    public let scheme: Scheme
    /// The bucket, or `container@account.dfs.core.windows.net`; empty for files.
    public let authority: String
    /// The name within it, without a slash at either end; for files the whole path.
    public let key: String
    /// What it was written with: `s3a` and `abfss` say the same as `s3` and `abfs`.
    private let writtenScheme: String

    private static let otherNames: [String: Scheme] = [
        "s3a": .s3, "s3n": .s3, "gcs": .gs, "abfss": .abfs, "wasb": .abfs, "wasbs": .abfs,
        "az": .abfs,
    ]

    /// Reads a URI, or an absolute path of this machine.
    public init(_ text: String) throws(StoreError) {
        guard let colon = text.firstRange(of: "://") else {
            key = try FileURI.path(ofURI: text)
            (scheme, authority, writtenScheme) = (.file, "", "file")
            return
        }
        let name = text[..<colon.lowerBound].lowercased()
        guard let scheme = Scheme(rawValue: name) ?? Self.otherNames[name] else {
            throw .unusable(
                uri: text,
                reason: "\(name) is no store; there are file, s3, gs and abfs"
            )
        }
        if scheme == .file {
            key = try FileURI.path(ofURI: text)
            (self.scheme, authority, writtenScheme) = (.file, "", "file")
            return
        }
        let rest = text[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        self.scheme = scheme
        writtenScheme = name
        key = rest[slash...].split(separator: "/").joined(separator: "/")
        try check(text)
    }

    private init(_ scheme: Scheme, _ writtenScheme: String, _ authority: String, _ key: String) {
        self.scheme = scheme
        self.writtenScheme = writtenScheme
        self.authority = authority
        self.key = key
    }

    private func check(_ text: String) throws(StoreError) {
        if authority.isEmpty {
            throw .unusable(uri: text, reason: "it names no \(container)")
        }
        let isName = authority.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"?#%\"\\<>".utf8.contains(byte)
        }
        guard isName, !authority.contains(":") || scheme == .abfs else {
            throw .unusable(uri: text, reason: "\(authority) is no name of a \(container)")
        }
        // Copies of objects lie in folders of this machine, under their own names.
        if key.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
            throw .unusable(uri: text, reason: "it has a part . or .., which says nothing here")
        }
        if key.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw .unusable(uri: text, reason: "it has a control character")
        }
    }

    /// What the authority is called.
    private var container: String {
        switch scheme {
        case .file: "machine"
        case .s3, .gs: "bucket"
        case .abfs: "container"
        }
    }

    /// The URI, as it was written but for doubled slashes.
    public var description: String {
        if scheme == .file { return FileURI.scheme + key }
        let root = "\(writtenScheme)://\(authority)"
        return key.isEmpty ? root : "\(root)/\(key)"
    }

    /// The bucket, container or cluster it lies in.
    public var root: StoreURI {
        scheme == .file
            ? StoreURI(.file, "file", "", "/") : StoreURI(scheme, writtenScheme, authority, "")
    }

    /// The same store with another key.
    public func with(key: String) -> StoreURI {
        StoreURI(scheme, writtenScheme, authority, key)
    }

    /// What lies in it under `name`.
    public func appending(_ name: String) -> StoreURI {
        let slash = key.isEmpty || key.hasSuffix("/") ? "" : "/"
        return with(key: key + slash + name)
    }

    /// True for this place and what lies below it, however the two are written.
    public func contains(_ other: StoreURI) -> Bool {
        scheme == other.scheme && other.parts.starts(with: parts)
    }

    /// Bucket and folders, or folders.
    private var parts: [Substring] { (scheme == .file ? key : objectPath).split(separator: "/") }

    /// The last part of the name; the bucket's when there is none.
    public var lastComponent: String {
        key.split(separator: "/").last.map(String.init) ?? authority
    }

    /// Azure's account and container: `container@account.dfs.core.windows.net`. The account is nil
    /// where only a container stands, and the settings name the account.
    var azure: (container: String, account: String?) {
        let parts = authority.split(separator: "@", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return (authority, nil) }
        return (parts[0], String(parts[1].prefix { $0 != "." && $0 != ":" }))
    }

    /// Bucket and key, as Arrow's file systems and Google's and Amazon's names have them.
    public var objectPath: String {
        let bucket = scheme == .abfs ? azure.container : authority
        return key.isEmpty ? bucket : "\(bucket)/\(key)"
    }
}
