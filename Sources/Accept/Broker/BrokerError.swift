public import EventLog
public import Files

/// Why the broker cannot start.
public enum BrokerError: Error, Sendable, CustomStringConvertible {
    /// A file cannot be read or written.
    case storage(FileError)
    /// The file that says which producer ids are taken is not one.
    case producerIDs(path: String)
    /// The topic of committed offsets cannot be read or made.
    case offsets(topic: String, LogError)

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .storage(let error): return "\(error)"
        case .producerIDs(let path):
            return "\(path) does not say which producer ids are taken; restore it, or write a "
                + "number into it that is above every producer id in the log"
        case .offsets(let topic, let error):
            return "the committed offsets in topic \(topic) cannot be read: \(error)"
        }
    }
}
