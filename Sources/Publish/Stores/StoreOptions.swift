/// How the stores of one scheme are reached. What is not said here is found the way the cloud's own
/// tools find it: in the environment, in their configuration files, from the machine's role.
public struct StoreOptions: Hashable, Sendable {
    /// `http://host:port` or `https://…` of a store that speaks as the cloud's does; nil for the
    /// cloud's own.
    public var endpoint: String?
    /// S3: the region; nil for what the environment says, or the bucket itself.
    public var region: String?
    /// S3: buckets are named in host names, not in paths, at an endpoint, too.
    public var isVirtualHosted = false
    /// S3: the access key.
    public var accessKey: String?
    /// S3: the secret key. Azure: the account's key. GCS: a service account as JSON.
    public var secret: String?
    /// S3: the session token. Azure: a SAS token.
    public var token: String?
    /// S3: ARN of a role to take on.
    public var role: String?
    /// Azure: the account.
    public var account: String?
    /// Nothing is signed: for buckets that everybody may read.
    public var isAnonymous = false
    /// How often a request is sent that fails in passing, with growing pauses in between.
    public var attemptsMax = 5
    /// Longest time for a connection to come about.
    public var connectTimeout = Duration.seconds(3)

    /// The cloud's own store, credentials as its tools find them.
    public init() {}

    /// The endpoint's scheme and the rest of it.
    func endpointParts(_ uri: String) throws(StoreError) -> (scheme: String, host: String)? {
        guard let endpoint else { return nil }
        let pieces = endpoint.split(separator: "://", maxSplits: 1).map(String.init)
        guard pieces.count == 2, pieces[0] == "http" || pieces[0] == "https" else {
            throw .unusable(uri: uri, reason: "the endpoint \(endpoint) is no http(s) address")
        }
        var host = pieces[1][...]
        while host.last == "/" { host.removeLast() }
        return (pieces[0], String(host))
    }
}
