import Settings
public import Telemetry

/// An Iceberg REST catalog of somebody else.
public struct ForeignCatalogConfiguration: Sendable {
    /// Its address.
    public var uri: String
    /// Which of its warehouses; nil: its only one.
    public var warehouse: String?
    /// `id:secret` for OAuth 2's client credentials.
    public var credential: Secret?
    /// A token that is sent as it is.
    public var token: Secret?
    /// Where tokens are fetched; nil: where the catalog says.
    public var oauthURI: String?
    /// What tokens are asked for.
    public var scope: String
    /// How requests are signed for AWS; nil: not at all.
    public var signing: Signing?

    /// A service of AWS and who asks it.
    public struct Signing: Sendable {
        /// The region.
        public var region: String
        /// The service: `glue`, `s3tables`, `execute-api`.
        public var service: String
        /// The key's name.
        public var accessKey: String
        /// The key.
        public var secretKey: Secret
        /// The session's token, for keys that end.
        public var sessionToken: Secret?
    }

    /// What the settings say; nil when the catalog is a file.
    init?(_ reader: SettingsReader, _ environment: [String: String]) {
        // All are read, so that one without meaning is not called unknown.
        warehouse = reader.value(ForeignCatalogKeys.warehouse)
        credential = reader.value(ForeignCatalogKeys.credential)
        token = reader.value(ForeignCatalogKeys.token)
        oauthURI = reader.value(ForeignCatalogKeys.oauthURI)
        scope = reader.value(ForeignCatalogKeys.scope)
        let signing = reader.value(ForeignCatalogKeys.signing)
        let isMeant =
            warehouse != nil || credential != nil || token != nil || oauthURI != nil
            || signing != nil
        guard let uri = reader.value(LakeKeys.catalog),
            uri.hasPrefix("http://") || uri.hasPrefix("https://")
        else {
            if isMeant {
                reader.complain(
                    at: "lake.catalog",
                    "is no address, and there are settings of a REST catalog",
                    advice: "write its address, such as https://catalog.example.com, or take "
                        + "lake.catalog_* out"
                )
            }
            return nil
        }
        self.uri = uri
        if let signing { self.signing = Self.signing(signing, environment, reader) }
    }

    private static func signing(
        _ text: String,
        _ environment: [String: String],
        _ reader: SettingsReader
    ) -> Signing? {
        let halves = text.split(separator: "/").map(String.init)
        guard halves.count == 2 else {
            reader.complain(
                at: "lake.catalog_signing",
                "\"\(text)\" is no region and service",
                advice: "write for example eu-central-1/glue"
            )
            return nil
        }
        guard let key = environment["AWS_ACCESS_KEY_ID"],
            let secret = environment["AWS_SECRET_ACCESS_KEY"]
        else {
            reader.complain(
                at: "lake.catalog_signing",
                "has no keys to sign with",
                advice: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
            )
            return nil
        }
        return Signing(
            region: halves[0],
            service: halves[1],
            accessKey: key,
            secretKey: Secret(secret),
            sessionToken: environment["AWS_SESSION_TOKEN"].map { Secret($0) }
        )
    }

    /// Complains about what cannot work, or gives secrets away.
    func check(_ reader: SettingsReader, isInsecure: Bool, hasWarehouse: Bool) {
        if hasWarehouse {
            reader.complain(
                at: "lake.warehouse",
                "means nothing beside a REST catalog, which says itself where tables are",
                advice: "take it out; lake.catalog_warehouse names a warehouse of the catalog"
            )
        }
        if credential != nil, token != nil {
            reader.complain(
                at: "lake.catalog_token",
                "stands beside lake.catalog_credential",
                advice: "write one of them"
            )
        }
        if signing != nil, credential != nil || token != nil {
            reader.complain(
                at: "lake.catalog_signing",
                "stands beside a token or a credential",
                advice: "write one of them"
            )
        }
        let isSecret = credential != nil || token != nil
        for address in [uri, oauthURI ?? uri]
        where isSecret && !isInsecure && address.hasPrefix("http://") && !Self.isHere(address) {
            reader.complain(
                at: "lake.catalog",
                "\(address) is not encrypted, and a secret would be sent there",
                advice: "use https, or write insecure: true if nobody can listen"
            )
            return
        }
    }

    private static func isHere(_ address: String) -> Bool {
        let host = address.dropFirst("http://".count).prefix { $0 != "/" }
        return ["127.0.0.1", "localhost", "[::1]"].contains {
            host == $0 || host.hasPrefix($0 + ":")
        }
    }
}

enum ForeignCatalogKeys {
    static let warehouse = Setting(
        optional: "lake.catalog_warehouse",
        .text,
        absent: "the catalog's only one",
        example: "analytics",
        help: "With a REST catalog: which of its warehouses."
    )
    static let credential = Setting(
        optional: "lake.catalog_credential",
        .secret,
        absent: "no token is fetched",
        help: """
            With a REST catalog: an id and a secret, as id:secret, for which a token is fetched by
            OAuth 2's client credentials, and another one before it ends.
            """
    )
    static let token = Setting(
        optional: "lake.catalog_token",
        .secret,
        absent: "no token, or one that is fetched for lake.catalog_credential",
        help: "With a REST catalog: a bearer token that is sent as it is."
    )
    static let oauthURI = Setting(
        optional: "lake.catalog_oauth_uri",
        .endpoint,
        absent: "where the catalog says, or its /v1/oauth/tokens",
        example: "https://login.example.com/oauth/token",
        help: "With a REST catalog: where tokens are fetched."
    )
    static let scope = Setting(
        "lake.catalog_scope",
        .text,
        default: "catalog",
        help: "With a REST catalog: the scope that tokens are asked for."
    )

    static let signing = Setting(
        optional: "lake.catalog_signing",
        .text,
        absent: "requests are not signed",
        example: "eu-central-1/glue",
        help: """
            With a REST catalog of AWS: region and service that requests are signed for (Signature
            Version 4), with the keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
            AWS_SESSION_TOKEN.
            """
    )

    static let all = [
        warehouse.description, credential.description, token.description, oauthURI.description,
        scope.description, signing.description,
    ]
}
