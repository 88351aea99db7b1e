public import Bytes
internal import CArrow
internal import Files
import Glibc

/// Objects of a bucket or container, through Arrow's file systems.
///
/// Credentials are found the way the cloud's own tools find them, unless the options have some:
/// the environment, their configuration files, the machine's role. May be used from any thread.
///
/// SAFETY: the handle is Arrow's, which several threads may use; it is freed in `deinit`.
@safe
public final class BucketStore: RemoteObjects, @unchecked Sendable {
    // @unchecked Sendable: Arrow's file systems lock what they change.
    private let handle: OpaquePointer
    /// The bucket, as people write it: `s3://name`.
    public let uri: String

    /// The bucket of `uri` (`s3://bucket`), which nobody has talked to yet.
    public init(_ uri: String, _ options: StoreOptions = StoreOptions()) throws(StoreError) {
        let place = try StoreURI(uri)
        let endpoint = try options.endpointParts(uri)
        let kind: Int
        switch place.scheme {
        case .s3: kind = C_ARROW_STORE_S3
        case .gs: kind = C_ARROW_STORE_GCS
        case .abfs: kind = C_ARROW_STORE_AZURE
        case .file: kind = C_ARROW_STORE_LOCAL
        }
        let account = place.azure.account ?? options.account
        if place.scheme == .abfs, account == nil {
            throw .unusable(
                uri: uri,
                reason: "it names no account; write abfs://container@account.dfs.core.windows.net, "
                    + "or stores.abfs.account in the settings"
            )
        }
        let texts = Texts([
            endpoint?.scheme, endpoint?.host, options.region, place.authority, account,
            options.accessKey, options.secret, options.token, options.role,
        ])
        var status = c_arrow_status()
        // SAFETY: the texts live until the call returns, which copies what it keeps.
        let opened = unsafe texts.withPointers { texts in
            var chosen = unsafe c_arrow_store_options()
            unsafe chosen.kind = Int32(kind)
            unsafe chosen.is_anonymous = options.isAnonymous ? 1 : 0
            unsafe chosen.is_virtual_hosted = options.isVirtualHosted ? 1 : 0
            unsafe chosen.scheme = texts[0]
            unsafe chosen.endpoint = texts[1]
            unsafe chosen.region = texts[2]
            unsafe chosen.bucket = texts[3]
            unsafe chosen.account = texts[4]
            unsafe chosen.key_id = texts[5]
            unsafe chosen.secret = texts[6]
            unsafe chosen.token = texts[7]
            unsafe chosen.role = texts[8]
            unsafe chosen.attempts_max = Int64(max(1, options.attemptsMax))
            unsafe chosen.connect_seconds = options.connectTimeout / .seconds(1)
            unsafe chosen.give_up_seconds = Self.giveUpSeconds(options)
            return unsafe c_arrow_store_open(&chosen, &status)
        }
        guard let opened = unsafe opened else { throw Self.error(uri, status) }
        // SAFETY: from here on this object owns the handle.
        unsafe handle = opened
        self.uri = "\(place.root)"
    }

    /// About as long as the attempts with their pauses take.
    private static func giveUpSeconds(_ options: StoreOptions) -> Double {
        Double(max(1, options.attemptsMax)) * 2
    }

    deinit {
        unsafe c_arrow_store_free(handle)
    }

    fileprivate static func error(_ uri: String, _ status: c_arrow_status) -> StoreError {
        if status.system_error == ENOENT { return .notFound(uri: uri) }
        var message = status.message
        // SAFETY: the shim ends the message with a zero.
        let reason = unsafe withUnsafePointer(to: &message) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 504) {
                unsafe String(cString: $0)
            }
        }
        if status.system_error == ENOSPC || status.system_error == EDQUOT {
            return .file(FileError(operation: "write", path: uri, code: status.system_error))
        }
        return .answered(uri: uri, reason: reason)
    }

    /// The URI of a path of this store, for messages.
    private func name(_ path: String) -> String {
        guard let slash = path.firstIndex(of: "/") else { return uri }
        return (path.hasPrefix("/") ? FileURI.scheme : uri) + path[slash...]
    }

    /// Collects what a call tells.
    private final class Listing {
        var found: [StoredObject] = []
    }

    private static let visit:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<c_arrow_object>?) -> Void = {
            (context, object) in
            // SAFETY: the context is the listing of the call under way; the texts live as long as
            // this call of it and are copied.
            guard let context = unsafe context, let object = unsafe object?.pointee else { return }
            let listing = unsafe Unmanaged<Listing>.fromOpaque(context).takeUnretainedValue()
            unsafe listing.found.append(
                StoredObject(
                    path: String(cString: object.path),
                    bytes: object.bytes,
                    modifiedNanoseconds: object.modified_ns,
                    tag: String(cString: object.tag)
                )
            )
        }

    /// See `RemoteObjects.list`; tags are not told.
    public func list(
        _ folder: String,
        isDeep: Bool,
        withFolders: Bool = false
    ) throws(StoreError) -> [StoredObject] {
        // Arrow tells only those folders of Google's that have an object of their own.
        if withFolders, !isDeep, isGoogles {
            return Self.grouped(try list(folder, isDeep: true), below: folder)
        }
        let listing = Listing()
        var status = c_arrow_status()
        // SAFETY: the listing outlives the call.
        unsafe c_arrow_store_list(
            handle,
            folder,
            isDeep ? 1 : 0,
            withFolders ? 1 : 0,
            Self.visit,
            Unmanaged.passUnretained(listing).toOpaque(),
            &status
        )
        guard status.code == 0 else { throw Self.error(name(folder), status) }
        return listing.found
    }

    /// What lies directly in `folder`, with the folders there must be.
    private static func grouped(_ objects: [StoredObject], below folder: String) -> [StoredObject] {
        var folders: Set<String> = []
        return objects.compactMap { object in
            let name = object.path.dropFirst(folder.utf8.count + 1)
            guard let slash = name.firstIndex(of: "/") else { return object }
            let path = String(object.path[..<slash])
            guard folders.insert(path).inserted else { return nil }
            return StoredObject(path: path, bytes: -1, modifiedNanoseconds: 0, tag: "")
        }
    }

    private var isGoogles: Bool { uri.hasPrefix("gs:") || uri.hasPrefix("gcs:") }

    /// See `RemoteObjects.head`.
    public func head(_ path: String) throws(StoreError) -> StoredObject? {
        let listing = Listing()
        var status = c_arrow_status()
        // SAFETY: the listing outlives the call.
        let isThere = unsafe c_arrow_store_head(
            handle,
            path,
            Self.visit,
            Unmanaged.passUnretained(listing).toOpaque(),
            &status
        )
        guard status.code == 0 else { throw Self.error(name(path), status) }
        return isThere == 1 ? listing.found.first : nil
    }

    /// See `RemoteObjects.size`.
    public func size(_ path: String) throws(StoreError) -> Int64? {
        do throws(StoreError) { return try open(path).size() } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// See `RemoteObjects.read`.
    public func read(_ path: String, bytesMax: Int) throws(StoreError) -> ByteBuffer {
        let object = try open(path)
        let size = try object.size()
        guard size <= bytesMax else {
            throw .unusable(uri: name(path), reason: "it has \(size) bytes, more than expected")
        }
        var buffer = ByteBuffer(capacity: Int(size))
        let got = size == 0 ? 0 : try object.read(at: 0, count: Int(size), into: &buffer)
        guard got == size else {
            throw .wrongSize(uri: name(path), expected: size, found: Int64(got))
        }
        return buffer
    }

    /// See `RemoteObjects.read(_:at:count:into:)`.
    public func read(
        _ path: String,
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(StoreError) -> Int {
        try open(path).read(at: position, count: count, into: &buffer)
    }

    /// See `RemoteObjects.put`.
    public func put(_ path: String, _ bytes: RawSpan) throws(StoreError) {
        var status = c_arrow_status()
        let handle = unsafe handle
        // SAFETY: the bytes live until the call returns.
        unsafe bytes.withUnsafeBytes { block in
            unsafe c_arrow_store_put(handle, path, block.baseAddress, Int64(block.count), &status)
        }
        guard status.code == 0 else { throw Self.error(name(path), status) }
        // S3 and Azure check what comes against a checksum or a list of parts.
        if isGoogles { try checkSize(path, Int64(bytes.byteCount)) }
    }

    /// See `RemoteObjects.upload`.
    public func upload(_ path: String, file: String) throws(StoreError) -> Int64 {
        var status = c_arrow_status()
        // SAFETY: the texts live until the call returns.
        let sent = unsafe c_arrow_store_upload(handle, path, file, &status)
        guard status.code == 0 else { throw Self.error(name(path), status) }
        try checkSize(path, sent)
        return sent
    }

    /// Asks the store what it has: Google's resumable uploads were seen to end early, without an
    /// error, when connections were cut.
    private func checkSize(_ path: String, _ expected: Int64) throws(StoreError) {
        let found = try size(path)
        guard found == expected else {
            throw .unavailable(
                uri: name(path),
                reason: "it has \(found ?? 0) bytes of the \(expected) that were sent"
            )
        }
    }

    /// See `RemoteObjects.download`.
    public func download(_ path: String, file: String) throws(StoreError) -> Int64 {
        var status = c_arrow_status()
        // SAFETY: the texts live until the call returns.
        let got = unsafe c_arrow_store_download(handle, path, file, &status)
        guard status.code == 0 else { throw Self.error(name(path), status) }
        return got
    }

    /// See `RemoteObjects.delete`.
    public func delete(_ path: String) throws(StoreError) {
        var status = c_arrow_status()
        // SAFETY: the text lives until the call returns.
        unsafe c_arrow_store_delete(handle, path, &status)
        guard status.code == 0 else {
            let error = Self.error(name(path), status)
            if !error.isNotFound { throw error }
            return
        }
    }

    /// See `RemoteObjects.deleteFolder`.
    public func deleteFolder(_ path: String) throws(StoreError) {
        var status = c_arrow_status()
        // SAFETY: the text lives until the call returns.
        unsafe c_arrow_store_delete_folder(handle, path, &status)
        guard status.code == 0 else { throw Self.error(name(path), status) }
    }

    /// See `RemoteObjects.copy`.
    public func copy(_ path: String, to target: String) throws(StoreError) {
        var status = c_arrow_status()
        // SAFETY: the texts live until the call returns.
        unsafe c_arrow_store_copy(handle, path, target, &status)
        guard status.code == 0 else { throw Self.error(name(path), status) }
    }

    /// Buckets have no folders.
    public func createFolder(_: String) throws(StoreError) {}

    /// Opens an object for reading. That there is none may only be told when it is read.
    public func open(_ path: String) throws(StoreError) -> BucketObject {
        var status = c_arrow_status()
        // SAFETY: the call fills the status; the object owns the reader and keeps the store.
        guard let reader = unsafe c_arrow_object_open(handle, path, &status) else {
            throw Self.error(name(path), status)
        }
        return unsafe BucketObject(reader, name: name(path), of: self)
    }
}

/// Texts for C that may be missing.
private struct Texts {
    private var bytes: [CChar] = []
    private var starts: [Int?] = []

    init(_ texts: [String?]) {
        for text in texts {
            starts.append(text.map { _ in bytes.count })
            if let text { bytes.append(contentsOf: text.utf8CString) }
        }
    }

    /// Pointers that live as long as `body` runs.
    @unsafe
    func withPointers<R>(_ body: ([UnsafePointer<CChar>?]) -> R) -> R {
        // SAFETY: each start lies in the block.
        unsafe bytes.withUnsafeBufferPointer { block in
            unsafe body(
                starts.map { start in
                    unsafe start.flatMap { at in unsafe block.baseAddress.map { unsafe $0 + at } }
                }
            )
        }
    }
}

/// An open object, read in ranges; one thread at a time.
///
/// SAFETY: the handle is owned, used by one thread at a time, and freed in `deinit`.
@safe
public final class BucketObject: @unchecked Sendable {
    // @unchecked Sendable: handed from thread to thread, never shared.
    private let reader: OpaquePointer
    private let name: String
    private let store: BucketStore

    fileprivate init(_ reader: OpaquePointer, name: String, of store: BucketStore) {
        // SAFETY: from here on this object owns the reader.
        unsafe self.reader = reader
        self.name = name
        self.store = store
    }

    deinit {
        unsafe c_arrow_object_free(reader)
    }

    /// Its size.
    public func size() throws(StoreError) -> Int64 {
        var status = c_arrow_status()
        // SAFETY: the call fills the status.
        let bytes = unsafe c_arrow_object_size(reader, &status)
        guard status.code == 0 else { throw BucketStore.error(name, status) }
        return bytes
    }

    /// Appends up to `count` bytes from `position` on to `buffer`; returns how many there were.
    /// Fewer means that the object ends there.
    public func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(StoreError) -> Int {
        var status = c_arrow_status()
        var got = 0
        // SAFETY: the call writes at most `count` bytes into the block it is given.
        unsafe buffer.appendUninitialized(capacity: count) { block in
            got = unsafe Int(
                c_arrow_object_read(reader, position, Int64(count), block.baseAddress, &status)
            )
            return status.code == 0 ? got : 0
        }
        guard status.code == 0 else { throw BucketStore.error(name, status) }
        return got
    }
}
