internal import Bytes
internal import Checksums
internal import Clocks

extension Transform {
    private static let microsPerDay: Int64 = 86_400_000_000
    private static let microsPerHour: Int64 = 3_600_000_000

    /// The partition value of `value`; null stays null. Nil also when the transform is not for such
    /// values.
    public func apply(_ value: IcebergValue?) -> IcebergValue? {
        guard let value else { return nil }
        switch self {
        case .identity: return value
        case .void, .unknown: return nil
        case .bucket(let buckets):
            guard let hash = Self.hash(value) else { return nil }
            return .int((hash & Int32.max) % Int32(clamping: buckets))
        case .truncate(let width): return Self.truncate(value, to: width)
        case .day: return Self.day(value).map { .date($0) }
        case .hour:
            switch value {
            case .timestamp(let micros), .timestamptz(let micros):
                return .int(Int32(clamping: Self.floor(micros, by: Self.microsPerHour)))
            default: return nil
            }
        case .year: return Self.day(value).map { .int(Self.month(ofDay: $0).years) }
        case .month:
            return Self.day(value).map {
                let month = Self.month(ofDay: $0)
                return .int(month.years * 12 + month.months)
            }
        }
    }

    private static func day(_ value: IcebergValue) -> Int32? {
        switch value {
        case .date(let days): days
        case .timestamp(let micros), .timestamptz(let micros):
            Int32(clamping: floor(micros, by: microsPerDay))
        default: nil
        }
    }

    private static func floor(_ value: Int64, by unit: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func month(ofDay day: Int32) -> (years: Int32, months: Int32) {
        let date = CalendarDate(dayNumber: Int64(day))
        return (Int32(clamping: date.year - 1970), Int32(clamping: date.month - 1))
    }

    private static func truncate(_ value: IcebergValue, to width: Int) -> IcebergValue? {
        switch value {
        case .int(let number):
            // Wraps, as other implementations do, where the multiple lies below the smallest int.
            let rest = remainder(Int64(number), by: Int64(width))
            return .int(Int32(truncatingIfNeeded: Int64(number) - rest))
        case .long(let number):
            return .long(number &- remainder(number, by: Int64(width)))
        case .decimal(let unscaled, let scale):
            return .decimal(
                unscaled: unscaled - remainder(unscaled, by: Int128(width)),
                scale: scale
            )
        case .string(let text):
            return .string(String(text.unicodeScalars.prefix(width)))
        case .binary(let bytes):
            return .binary(Array(bytes.prefix(width)))
        default:
            return nil
        }
    }

    /// What is left of `value` above the multiple of `width` at or below it; never negative.
    private static func remainder<T: FixedWidthInteger>(_ value: T, by width: T) -> T {
        let rest = value % width
        return rest < 0 ? rest + width : rest
    }

    /// The 32-bit hash of appendix B; nil for types that are not hashed.
    ///
    /// Every whole number and point in time is hashed as a long, so that widening a column keeps
    /// its buckets.
    public static func hash(_ value: IcebergValue) -> Int32? {
        let bytes: [UInt8]
        switch value {
        case .int(let number), .date(let number):
            bytes = IcebergValue.long(Int64(number)).singleValueBytes
        case .long, .time, .timestamp, .timestamptz, .decimal, .string, .uuid, .fixed, .binary:
            bytes = value.singleValueBytes
        case .boolean, .float, .double:
            return nil
        }
        var buffer = ByteBuffer(capacity: bytes.count)
        buffer.append(bytes)
        return Int32(bitPattern: murmur3x86_32(buffer.bytes))
    }
}
