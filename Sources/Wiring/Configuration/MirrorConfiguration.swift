public import RedisClient
import Settings

/// Where a pipeline's checkpoints are shown besides, for tools that look there.
public struct MirrorConfiguration: Sendable, Equatable {
    /// The Redis server.
    public var redis: RedisAddress
    /// What its keys begin with.
    public var prefix: String

    /// What `mirror` of a pipeline says; nil when there is none, or it cannot be understood.
    init?(_ section: SettingsSection, _ environment: [String: String]) {
        guard let mirror = section.section("mirror") else { return nil }
        defer { mirror.finish() }
        prefix = mirror.value("prefix", .text, default: "")
        guard let text = mirror.required("redis", .text) else { return nil }
        do throws(SettingsComplaint) {
            let expanded = try SourceConfiguration.expanded(text, environment)
            redis = try Self.address(expanded)
        } catch {
            mirror.complain(at: "redis", error.message, advice: error.advice)
            return nil
        }
    }

    private static func address(_ text: String) throws(SettingsComplaint) -> RedisAddress {
        do throws(RedisAddress.Problem) { return try RedisAddress(text) } catch {
            throw SettingsComplaint(
                "is no address of Redis: \(error.message)",
                advice: "write redis://host:6379/0, with user:password@ before the host if need be"
            )
        }
    }
}
