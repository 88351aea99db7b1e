import Settings
import Stores
public import Telemetry

/// How the stores of one scheme are reached: a part of `stores`.
public struct StoreConfiguration: Sendable, Equatable {
    /// How S3's buckets are named.
    public enum Style: String, CaseIterable, Sendable {
        /// In the path, at an endpoint; in the host name, at Amazon's.
        case path
        /// In the host name everywhere.
        case host
    }

    /// `http(s)://…` of a store that speaks as the cloud's does; nil for the cloud's.
    public var endpoint: String?
    /// The region; nil when it is not said.
    public var region: String?
    /// How buckets are named.
    public var style = Style.path
    /// S3: the access key.
    public var accessKey: Secret?
    /// S3: the secret key. Azure: the account's key. GCS: a service account as JSON.
    public var secret: Secret?
    /// S3: the session token. Azure: a SAS token.
    public var token: Secret?
    /// S3: ARN of a role to take on.
    public var role: String?
    /// Azure: the account.
    public var account: String?
    /// Nothing is signed.
    public var isAnonymous = false
    /// How often a request is sent that fails in passing.
    public var attempts = 5
    /// Longest time for a connection to come about.
    public var connectTimeout = Duration.seconds(3)

    /// The cloud's own store.
    public init() {}

    /// The part `stores`. Problems go to its reader.
    static func all(
        in section: SettingsSection?,
        environment: [String: String]
    ) -> [StoreURI.Scheme: StoreConfiguration] {
        var stores: [StoreURI.Scheme: StoreConfiguration] = [:]
        for (name, part) in section?.sections() ?? [] {
            guard let scheme = StoreURI.Scheme(rawValue: name), scheme != .file else {
                part.complain("is no store", advice: "there are s3, gs and abfs")
                continue
            }
            stores[scheme] = StoreConfiguration(scheme, part, environment)
        }
        if stores[.abfs] == nil {
            var store = StoreConfiguration()
            store.readAzure(environment)
            if store != StoreConfiguration() { stores[.abfs] = store }
        }
        return stores
    }

    private init(
        _ scheme: StoreURI.Scheme,
        _ section: SettingsSection,
        _ environment: [String: String]
    ) {
        endpoint = section.optional("endpoint", .endpoint)
        switch scheme {
        case .s3:
            region = section.optional("region", .text)
            style = section.value("style", .choice(Style.self), default: .path)
            accessKey = Self.secret("access_key", section, environment)
            secret = Self.secret("secret_key", section, environment)
            token = Self.secret("session_token", section, environment)
            role = section.optional("role", .text)
            if (accessKey == nil) != (secret == nil) {
                section.complain(
                    "has one of access_key and secret_key without the other",
                    advice: "write both, or neither for what Amazon's own tools would find"
                )
            }
        case .gs:
            secret = Self.secret("service_account", section, environment)
        case .abfs:
            account = section.optional("account", .text)
            secret = Self.secret("account_key", section, environment)
            token = Self.secret("sas_token", section, environment)
            readAzure(environment)
        case .file:
            break
        }
        isAnonymous = section.value("anonymous", .boolean, default: false)
        attempts = section.value("attempts", .integer(in: 1...20), default: attempts)
        connectTimeout = section.value(
            "connect_timeout",
            .duration(in: .milliseconds(100)...(.seconds(300))),
            default: connectTimeout
        )
        section.finish()
    }

    /// A secret is in a file that `<name>_file` names, or in a variable of the environment that
    /// `${NAME}` names.
    private static func secret(
        _ name: String,
        _ section: SettingsSection,
        _ environment: [String: String]
    ) -> Secret? {
        guard section.has(name) else { return section.optional(name, .secret) }
        guard let text = section.optional(name, .text) else { return nil }
        guard text.hasPrefix("${"), text.hasSuffix("}") else {
            section.complain(
                at: name,
                "is a secret, which may not stand in the settings",
                advice: "write ${NAME} for a variable of the environment, or \(name)_file"
            )
            return nil
        }
        do throws(SettingsComplaint) {
            return Secret(try SourceConfiguration.expanded(text, environment))
        } catch {
            section.complain(at: name, error.message, advice: error.advice)
            return nil
        }
    }

    /// The variables that Azure's own command line reads for an account.
    private mutating func readAzure(_ environment: [String: String]) {
        account =
            account ?? environment["AZURE_STORAGE_ACCOUNT"] ?? environment["AZURE_ACCOUNT_NAME"]
        if secret == nil, token == nil {
            secret = environment["AZURE_STORAGE_KEY"].map { Secret($0) }
            token = environment["AZURE_STORAGE_SAS_TOKEN"].map { Secret($0) }
        }
    }
}

extension ValueType where Value == String {
    /// The address of a store.
    static var endpoint: ValueType {
        ValueType(name: "address", example: "http://127.0.0.1:9000") {
            (text) throws(SettingsComplaint) in
            guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
                throw SettingsComplaint(
                    "\"\(text)\" is no address of a store",
                    advice: "write for example http://127.0.0.1:9000"
                )
            }
            return text
        }
    }

    /// A folder of a store that is reached over the network.
    static var warehouse: ValueType {
        ValueType(name: "URI of a store", example: "s3://bucket/lake") {
            (text) throws(SettingsComplaint) in
            do throws(StoreError) {
                let uri = try StoreURI(text)
                if uri.scheme != .file { return "\(uri)" }
            } catch {
                throw SettingsComplaint(
                    error.description,
                    advice: "write for example s3://bucket/lake"
                )
            }
            throw SettingsComplaint(
                "\"\(text)\" is on this machine",
                advice: "write it in lake.directory"
            )
        }
    }
}
