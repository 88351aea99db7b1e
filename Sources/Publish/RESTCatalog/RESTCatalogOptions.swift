public import HTTPClient
public import Telemetry

/// Where a foreign catalog is, and who asks it.
public struct RESTCatalogOptions: Sendable {
    /// The catalog's address, without `/v1`.
    public var uri: String
    /// Which of its warehouses; nil: the catalog's only one.
    public var warehouse: String?
    /// `id:secret`, or a secret alone, for OAuth 2's client credentials.
    public var credential: Secret?
    /// A token that is sent as it is.
    public var token: Secret?
    /// Where tokens are fetched; nil: where the catalog says, or its own `/v1/oauth/tokens`.
    public var oauthURI: String?
    /// What tokens are asked for.
    public var scope = "catalog"
    /// How requests are signed for AWS; nil: not at all.
    public var signature: HTTPSignature?
    /// When a request is given up.
    public var timeout = Duration.seconds(60)
    /// How often what can be sent again is sent, and the first pause between; pauses double.
    public var attemptsMax = 4
    /// See `attemptsMax`.
    public var firstPause = Duration.milliseconds(200)

    /// The catalog at `uri`, open to everybody.
    public init(_ uri: String) {
        var uri = uri
        while uri.hasSuffix("/") { uri.removeLast() }
        if uri.hasSuffix("/v1") { uri.removeLast(3) }
        self.uri = uri
    }
}
