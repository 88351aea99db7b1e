public import Bytes
internal import CArrow

/// An object as its store tells of it.
public struct StoredObject: Equatable, Sendable {
    /// Bucket and name: `bucket/folder/name`.
    public let path: String
    /// Its size.
    public let bytes: Int64
    /// When it was made, in nanoseconds since 1970; stores tell it to the second or finer.
    public let modifiedNanoseconds: Int64
    /// What the store calls this version of it (S3's ETag); empty where it does not tell.
    public let tag: String
}

/// Where a bucket is, beyond its name.
public struct BucketOptions: Hashable, Sendable {
    /// `http://host:port` or `https://…` of a store that speaks as S3 does; nil for Amazon's own.
    /// Buckets are named in paths there, not in host names.
    public var endpoint: String?
    /// The region; nil for what the environment says, or the bucket itself.
    public var region: String?

    /// Amazon's store.
    public init() {}
}

/// Objects of a bucket, through Arrow's file systems: listed, looked at, and read in ranges.
///
/// Credentials are found the way Amazon's tools find them: the environment (AWS_ACCESS_KEY_ID, …),
/// their configuration files, the machine's role. May be used from any thread.
///
/// SAFETY: the handle is Arrow's, which several threads may use; it is freed in `deinit`.
@safe
public final class BucketStore: @unchecked Sendable {
    // @unchecked Sendable: Arrow's file systems lock what they change.
    private let handle: OpaquePointer
    /// The bucket, as people write it: `s3://name`.
    public let uri: String

    /// The bucket of `uri` (`s3://bucket`), which nobody has talked to yet.
    public init(_ uri: String, _ options: BucketOptions = BucketOptions()) throws(StoreError) {
        var parts: [String] = []
        if let endpoint = options.endpoint {
            let pieces = endpoint.split(separator: "://", maxSplits: 1)
            guard pieces.count == 2, pieces[0] == "http" || pieces[0] == "https" else {
                throw .unusable(uri: uri, reason: "the endpoint \(endpoint) is no http(s) address")
            }
            parts += ["scheme=\(pieces[0])", "endpoint_override=\(pieces[1])"]
        }
        if let region = options.region { parts.append("region=\(region)") }
        let full = parts.isEmpty ? uri : uri + "?" + parts.joined(separator: "&")
        var status = c_arrow_status()
        // SAFETY: the call reads the URI and fills the status.
        guard let opened = unsafe c_arrow_store_open(full, &status) else {
            throw Self.error(uri, status)
        }
        // SAFETY: from here on this object owns the handle.
        unsafe handle = opened
        self.uri = uri
    }

    deinit {
        unsafe c_arrow_store_free(handle)
    }

    fileprivate static func error(_ uri: String, _ status: c_arrow_status) -> StoreError {
        var message = status.message
        // SAFETY: the shim ends the message with a zero.
        let reason = unsafe withUnsafePointer(to: &message) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 504) {
                unsafe String(cString: $0)
            }
        }
        return .unavailable(uri: uri, reason: reason)
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

    /// The objects below `folder` (`bucket/folder`), and below its folders if `isDeep`; without
    /// their tags. None when there is no such folder.
    public func list(_ folder: String, isDeep: Bool) throws(StoreError) -> [StoredObject] {
        let listing = Listing()
        var status = c_arrow_status()
        // SAFETY: the listing outlives the call.
        unsafe c_arrow_store_list(
            handle,
            folder,
            isDeep ? 1 : 0,
            Self.visit,
            Unmanaged.passUnretained(listing).toOpaque(),
            &status
        )
        guard status.code == 0 else { throw Self.error("\(uri) (\(folder))", status) }
        return listing.found
    }

    /// What is at `path` (`bucket`, `bucket/name`); folders and buckets have -1 bytes. Nil when
    /// there is nothing.
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
        guard status.code == 0 else { throw Self.error("\(uri) (\(path))", status) }
        return isThere == 1 ? listing.found.first : nil
    }

    /// Opens an object for reading.
    public func open(_ path: String) throws(StoreError) -> BucketObject {
        var status = c_arrow_status()
        // SAFETY: the call fills the status; the object owns the reader and keeps the store.
        guard let reader = unsafe c_arrow_object_open(handle, path, &status) else {
            throw Self.error("\(uri) (\(path))", status)
        }
        return unsafe BucketObject(reader, path: path, of: self)
    }
}

/// An open object, read in ranges; one thread at a time.
///
/// SAFETY: the handle is owned, used by one thread at a time, and freed in `deinit`.
@safe
public final class BucketObject: @unchecked Sendable {
    // @unchecked Sendable: handed from thread to thread, never shared.
    private let reader: OpaquePointer
    private let path: String
    private let store: BucketStore

    fileprivate init(_ reader: OpaquePointer, path: String, of store: BucketStore) {
        // SAFETY: from here on this object owns the reader.
        unsafe self.reader = reader
        self.path = path
        self.store = store
    }

    deinit {
        unsafe c_arrow_object_free(reader)
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
        guard status.code == 0 else { throw BucketStore.error(path, status) }
        return got
    }
}
