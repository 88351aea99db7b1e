import Settings

/// A Kafka cluster that pipelines may read.
public struct SourceConfiguration: Sendable, Equatable {
    /// One of librdkafka's properties.
    public struct Property: Sendable, Equatable {
        /// Its name, as librdkafka writes it.
        public var name: String
        /// Its value; may be a secret.
        public var value: String
    }

    /// Name by which pipelines call it.
    public var name: String
    /// Properties in the order of the file.
    public var properties: [Property]

    /// The sources of the part `sources`. Problems go to its reader.
    static func all(
        in section: SettingsSection?,
        environment: [String: String]
    ) -> [SourceConfiguration] {
        guard let section else { return [] }
        return section.sections().compactMap { name, section -> SourceConfiguration? in
            guard let kafka = section.section("kafka") else {
                section.complain(
                    "does not say what it is",
                    advice: "a Kafka cluster is kafka: {bootstrap.servers: \"host:9092\"}"
                )
                section.finish()
                return nil
            }
            section.finish()
            let properties: [Property] = kafka.values(.text).compactMap { name, text in
                do throws(SettingsComplaint) {
                    let value = try expanded(text, environment)
                    return Property(name: name, value: value)
                } catch {
                    kafka.complain(at: name, error.message, advice: error.advice)
                    return nil
                }
            }
            kafka.finish()
            return SourceConfiguration(name: name, properties: properties)
        }
    }

    /// `text` with the environment's values in place of `${NAME}`: secrets need not stand in the
    /// file.
    static func expanded(
        _ text: String,
        _ environment: [String: String]
    ) throws(SettingsComplaint) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            let name = String(rest[start.upperBound..<end])
            guard let value = environment[name] else {
                throw SettingsComplaint(
                    "the environment has no variable \(name)",
                    advice: "set it before Millrace starts"
                )
            }
            result += rest[..<start.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
