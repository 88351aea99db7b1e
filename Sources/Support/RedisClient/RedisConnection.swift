internal import CHiredis

/// Why Redis did not do what it was asked.
public enum RedisError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The server cannot be reached, or went away. The connection is of no more use.
    case unreachable(String)
    /// The server refused, in its words.
    case refused(String)

    /// What happened.
    public var description: String {
        switch self {
        case .unreachable(let reason): "it cannot be reached: \(reason)"
        case .refused(let reason): "it refused: \(reason)"
        }
    }
}

/// What a server answered.
public enum RedisReply: Equatable, Sendable {
    /// A text, or a status.
    case text(String)
    /// A number.
    case integer(Int64)
    /// Several answers.
    case list([RedisReply])
    /// There is no such thing.
    case none
}

/// A connection to a Redis server. Calls block, each at most for the time limit.
///
/// Belongs to one thread.
@safe
public final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>

    /// Connects, logs in and chooses the database.
    public init(_ address: RedisAddress, timeout: Duration) throws(RedisError) {
        let (seconds, attoseconds) = timeout.components
        let limit = timeval(
            tv_sec: Int(seconds),
            tv_usec: Int(attoseconds / 1_000_000_000_000)
        )
        guard
            let context = unsafe redisConnectWithTimeout(address.host, address.port, limit)
        else { throw .unreachable("there is no memory for a connection") }
        // SAFETY: the context is live until `deinit`, or freed here when nobody has it yet.
        unsafe self.context = context
        guard unsafe context.pointee.err == 0, unsafe redisSetTimeout(context, limit) == REDIS_OK
        else { throw .unreachable(unsafe String(cString: c_redis_error(context))) }
        if let password = address.password {
            _ = try run(["AUTH"] + (address.user.map { [$0] } ?? []) + [password])
        }
        if address.database != 0 { _ = try run(["SELECT", String(address.database)]) }
    }

    deinit {
        // SAFETY: the context is live and freed exactly once.
        unsafe redisFree(context)
    }

    /// Sends a command with its arguments and waits for the answer.
    public func run(_ command: [String]) throws(RedisError) -> RedisReply {
        var bytes: [UInt8] = []
        var lengths: [Int] = []
        for argument in command {
            bytes += argument.utf8
            lengths.append(argument.utf8.count)
        }
        // SAFETY: the bytes are read during the call; `lengths` says how many belong to each
        // argument, and they sum up to all of them.
        let reply = unsafe bytes.withUnsafeBytes { bytes in
            unsafe c_redis_command(
                context,
                Int32(command.count),
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                lengths
            )
        }
        guard let reply = unsafe reply else {
            throw .unreachable(unsafe String(cString: c_redis_error(context)))
        }
        // SAFETY: the reply is live until it is freed, once.
        defer { unsafe freeReplyObject(reply) }
        if unsafe reply.pointee.type == REDIS_REPLY_ERROR {
            throw .refused(unsafe Self.text(reply))
        }
        return unsafe Self.value(reply)
    }

    /// SAFETY of both: whoever calls has a live reply.
    private static func value(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        switch unsafe reply.pointee.type {
        case REDIS_REPLY_INTEGER: return unsafe .integer(reply.pointee.integer)
        case REDIS_REPLY_NIL: return .none
        case REDIS_REPLY_ARRAY:
            var list: [RedisReply] = []
            for index in 0..<(unsafe reply.pointee.elements) {
                // SAFETY: there are `elements` of them, all live as long as the reply.
                guard let element = unsafe reply.pointee.element?[index] else { continue }
                list.append(unsafe value(element))
            }
            return .list(list)
        default: return unsafe .text(text(reply))
        }
    }

    private static func text(_ reply: UnsafeMutablePointer<redisReply>) -> String {
        // SAFETY: as above; `str` has `len` bytes.
        let bytes = unsafe UnsafeRawBufferPointer(
            start: reply.pointee.str,
            count: reply.pointee.len
        )
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}
