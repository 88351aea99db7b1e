/// A store with large files, which programs write and read as files of this machine.
///
/// A new file is a draft until `finish` was called and `makeDurable` has returned; a store that is
/// elsewhere sends it there in between. Nobody can see a draft, or half of a file, under its URI.
public protocol DataStore: ObjectStore {
    /// Where the new object `uri` is to be written: a path of this machine, at which there is
    /// nothing unless the object exists.
    func draft(_ uri: String) throws(StoreError) -> String
    /// The draft of `uri` is whole: it may be on its way from now on. `makeDurable` tells whether
    /// it arrived.
    func finish(_ uri: String)
    /// The draft of `uri` was given up, and its file removed.
    func abandonDraft(_ uri: String)
    /// Files of this machine with the bytes of objects, which stay as long as what is returned.
    func copies(of uris: [String]) throws(StoreError) -> LocalCopies
}

/// Files of this machine with the bytes of objects. They may go when this goes.
public final class LocalCopies: Sendable {
    /// Their paths, in the order in which they were asked for.
    public let paths: [String]
    private let release: @Sendable () -> Void

    init(paths: [String], release: @escaping @Sendable () -> Void = {}) {
        self.paths = paths
        self.release = release
    }

    /// Copies that other ones keep.
    convenience init(paths: [String], parts: [LocalCopies]) {
        self.init(paths: paths) { withExtendedLifetime(parts) {} }
    }

    deinit { release() }
}

extension LocalStore: DataStore {
    /// The file itself.
    public func draft(_ uri: String) throws(StoreError) -> String { try FileURI.path(ofURI: uri) }

    /// Nothing is left to be done.
    public func finish(_: String) {}

    /// Nothing is left to be done.
    public func abandonDraft(_: String) {}

    /// The files themselves.
    public func copies(of uris: [String]) throws(StoreError) -> LocalCopies {
        var paths: [String] = []
        for uri in uris { paths.append(try existing(uri)) }
        return LocalCopies(paths: paths)
    }
}
