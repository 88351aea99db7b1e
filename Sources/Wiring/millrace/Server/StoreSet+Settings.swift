import Configuration
import Files
import Stores
import Telemetry

extension StoreSet {
    /// The stores of the settings.
    convenience init(_ settings: MillraceConfiguration, _ files: LocalFiles = LocalFiles()) {
        self.init(
            files,
            options: settings.stores.mapValues { StoreOptions($0) },
            workFolder: "\(settings.dataDirectory)/stores",
            copyBytesMax: Int64(settings.lake.cacheBytes)
        )
    }
}

extension StoreOptions {
    /// What the settings say of a scheme's stores.
    init(_ settings: StoreConfiguration) {
        self.init()
        endpoint = settings.endpoint
        // Amazon tells where its buckets are, others need not know the question.
        region = settings.region ?? (settings.endpoint == nil ? nil : "us-east-1")
        isVirtualHosted = settings.style == .host
        accessKey = settings.accessKey?.revealed
        secret = settings.secret?.revealed
        token = settings.token?.revealed
        role = settings.role
        account = settings.account
        isAnonymous = settings.isAnonymous
        attemptsMax = settings.attempts
        connectTimeout = settings.connectTimeout
    }
}
