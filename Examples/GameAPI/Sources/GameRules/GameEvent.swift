import JSONText

/// What a request becomes in the log: one flat JSON object.
public enum GameEvent {
    /// The event's own fields, then the request's header lines as fields with lower-case names.
    ///
    /// A header never overwrites a field of the event; a header that is sent several times becomes
    /// one field with its values joined by commas, as RFC 9110 reads them. All values are text.
    public static func json(
        of action: GameAction,
        strength: Int?,
        headers: some Sequence<(name: String, value: String)>
    ) -> String {
        var event: JSONObject = ["event_type": .string(action.eventType)]
        event["description"] = action.description.map { .string($0) }
        if action.hasStrength { event["strength"] = strength.map { .string(String($0)) } }
        let own = Set(["event_type", "description", "strength"])
        for header in headers {
            let name = header.name.lowercased()
            guard !own.contains(name) else { continue }
            if let before = event[name]?.stringValue {
                event[name] = .string(before + ", " + header.value)
            } else {
                event[name] = .string(header.value)
            }
        }
        return JSONValue.object(event).text()
    }
}
