import IcebergModel
import Testing

/// The vectors of the specification's appendix B, and the arithmetic of the transforms.
struct TransformTests {
    private static let local: Int64 = 1_510_871_468_000_000  // 2017-11-16T22:31:08

    @Test(arguments: [
        (IcebergValue.int(34), Int32(2_017_239_379)),
        (.long(34), 2_017_239_379),
        (.decimal(unscaled: 1420, scale: 2), -500_754_589),
        (.date(17_486), -653_330_422),
        (.time(81_068_000_000), -662_762_989),
        (.timestamp(local), -2_047_944_441),
        (.timestamp(local + 1), -1_207_196_810),
        (.timestamptz(local), -2_047_944_441),
        (.string("iceberg"), 1_210_000_089),
        (
            .uuid([
                0xf7, 0x9c, 0x3e, 0x09, 0x67, 0x7c, 0x4b, 0xbd, 0xa4, 0x79, 0x3f, 0x34, 0x9c, 0xb7,
                0x85, 0xe7,
            ]), 1_488_055_340
        ),
        (.fixed([0, 1, 2, 3]), -188_683_207),
        (.binary([0, 1, 2, 3]), -188_683_207),
    ])
    func `the hash is the specification's`(value: IcebergValue, hash: Int32) {
        #expect(Transform.hash(value) == hash)
    }

    @Test func `a bucket is never negative`() {
        // The hash of 2017-11-16 is negative.
        #expect(
            Transform.bucket(buckets: 10).apply(.date(17_486))
                == .int((-653_330_422 & Int32.max) % 10)
        )
        #expect(Transform.bucket(buckets: 16).apply(.int(34)) == .int(3))
    }

    @Test func `truncate goes down to a multiple`() {
        let ten = Transform.truncate(width: 10)
        #expect(ten.apply(.int(1)) == .int(0))
        #expect(ten.apply(.int(-1)) == .int(-10))
        #expect(ten.apply(.long(-10)) == .long(-10))
        #expect(ten.apply(.long(99)) == .long(90))
        let wide = Transform.truncate(width: Int(Int32.max))
        #expect(wide.apply(.int(Int32.max - 1)) == .int(0))
        #expect(wide.apply(.int(-1)) == .int(-Int32.max))
        #expect(ten.apply(.long(Int64.max)) == .long(Int64.max - 7))
        #expect(
            Transform.truncate(width: 50).apply(.decimal(unscaled: 1065, scale: 2))
                == .decimal(unscaled: 1050, scale: 2)
        )
        #expect(
            Transform.truncate(width: 50).apply(.decimal(unscaled: -1065, scale: 2))
                == .decimal(unscaled: -1100, scale: 2)
        )
    }

    @Test func `truncate counts code points of text and bytes of binary`() {
        let three = Transform.truncate(width: 3)
        #expect(three.apply(.string("iceberg")) == .string("ice"))
        #expect(three.apply(.string("\u{1F9CA}\u{1F9CA}ab")) == .string("\u{1F9CA}\u{1F9CA}a"))
        #expect(three.apply(.string("ab")) == .string("ab"))
        #expect(three.apply(.binary([1, 2, 3, 4])) == .binary([1, 2, 3]))
    }

    @Test(arguments: [
        // micros, year, month, day, hour
        (Int64(0), Int32(0), Int32(0), Int32(0), Int32(0)),
        (-1, -1, -1, -1, -1),
        (-86_400_000_000, -1, -1, -1, -24),
        (-86_400_000_001, -1, -1, -2, -25),
        (local, 47, 574, 17_486, 419_686),
        (951_782_400_000_000, 30, 361, 11_016, 264_384),  // 2000-02-29
        (-2_208_988_800_000_000, -70, -840, -25_567, -613_608),  // 1900-01-01
    ])
    func `points in time fall into the period that contains them, also before 1970`(
        micros: Int64,
        year: Int32,
        month: Int32,
        day: Int32,
        hour: Int32
    ) {
        for value in [IcebergValue.timestamp(micros), .timestamptz(micros)] {
            #expect(Transform.year.apply(value) == .int(year))
            #expect(Transform.month.apply(value) == .int(month))
            #expect(Transform.day.apply(value) == .date(day))
            #expect(Transform.hour.apply(value) == .int(hour))
        }
        #expect(Transform.year.apply(.date(day)) == .int(year))
        #expect(Transform.month.apply(.date(day)) == .int(month))
        #expect(Transform.day.apply(.date(day)) == .date(day))
    }

    @Test(arguments: [
        Transform.identity, .bucket(buckets: 4), .truncate(width: 4), .year, .month, .day, .hour,
        .void,
    ])
    func `null stays null`(transform: Transform) {
        #expect(transform.apply(nil) == nil)
    }

    @Test func `void makes everything null`() {
        #expect(Transform.void.apply(.int(5)) == nil)
    }
}

/// Single-value bytes (appendix D) and truncated bounds.
struct BoundsTests {
    @Test(arguments: [
        (IcebergValue.boolean(true), IcebergType.boolean, [UInt8]([1])),
        (.int(1234), .int, [0xD2, 0x04, 0, 0]),
        (.long(-2), .long, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        (.float(-4.5), .float, [0, 0, 0x90, 0xC0]),
        (.double(6), .double, [0, 0, 0, 0, 0, 0, 0x18, 0x40]),
        (.date(1000), .date, [0xE8, 0x03, 0, 0]),
        (.time(10_000), .time, [0x10, 0x27, 0, 0, 0, 0, 0, 0]),
        (.timestamp(400_000), .timestamp, [0x80, 0x1A, 0x06, 0, 0, 0, 0, 0]),
        (.timestamptz(100_000), .timestamptz, [0xA0, 0x86, 0x01, 0, 0, 0, 0, 0]),
        (.string("ABC"), .string, [0x41, 0x42, 0x43]),
        (.fixed([1, 2]), .fixed(length: 2), [1, 2]),
        (.binary([0xFF]), .binary, [0xFF]),
        (.decimal(unscaled: 1420, scale: 2), .decimal(precision: 9, scale: 2), [0x05, 0x8C]),
        (.decimal(unscaled: 345, scale: 1), .decimal(precision: 9, scale: 1), [0x01, 0x59]),
        (.decimal(unscaled: 0, scale: 0), .decimal(precision: 9, scale: 0), [0]),
        (.decimal(unscaled: 128, scale: 0), .decimal(precision: 9, scale: 0), [0, 0x80]),
        (.decimal(unscaled: -128, scale: 0), .decimal(precision: 9, scale: 0), [0x80]),
        (.decimal(unscaled: -129, scale: 0), .decimal(precision: 9, scale: 0), [0xFF, 0x7F]),
        (
            .decimal(unscaled: Int128("99999999999999999999999999999999999999") ?? 0, scale: 0),
            .decimal(precision: 38, scale: 0),
            [
                0x4b, 0x3b, 0x4c, 0xa8, 0x5a, 0x86, 0xc4, 0x7a, 0x09, 0x8a, 0x22, 0x3f, 0xff, 0xff,
                0xff, 0xff,
            ]
        ),
    ])
    func `a value has the specification's bytes and comes back`(
        value: IcebergValue,
        type: IcebergType,
        bytes: [UInt8]
    ) {
        #expect(value.singleValueBytes == bytes)
        #expect(IcebergValue(singleValueBytes: bytes, type: type) == value)
    }

    @Test func `a bound from before a column was widened is read by its length`() {
        #expect(IcebergValue(singleValueBytes: [5, 0, 0, 0], type: .long) == .long(5))
        #expect(IcebergValue(singleValueBytes: [0, 0, 0x90, 0xC0], type: .double) == .double(-4.5))
    }

    @Test func `bytes of the wrong length are no value`() {
        #expect(IcebergValue(singleValueBytes: [1, 2], type: .int) == nil)
        #expect(IcebergValue(singleValueBytes: [], type: .decimal(precision: 9, scale: 2)) == nil)
        #expect(IcebergValue(singleValueBytes: [0xFF], type: .string) == nil)
        #expect(IcebergValue(singleValueBytes: [1], type: .uuid) == nil)
    }

    @Test func `a long text's lower bound is its beginning and its upper bound lies above it`() {
        let text = IcebergValue.string("sword of a thousand truths")
        #expect(Bounds.lower(text) == Array("sword of a thous".utf8))
        #expect(Bounds.upper(text) == Array("sword of a thout".utf8))
        #expect(Bounds.upper(.string("sword of a thous")) == Array("sword of a thous".utf8))
    }

    @Test func `raising passes over what cannot be raised`() {
        let last = "\u{10FFFF}"
        #expect(
            Bounds.upper(.string("a" + last + last + "x"), truncateLength: 3)
                == Array("b".utf8)
        )
        #expect(Bounds.upper(.string(last + last), truncateLength: 1) == nil)
        #expect(
            Bounds.upper(.string("\u{D7FF}x"), truncateLength: 1) == Array("\u{E000}".utf8)
        )
        #expect(Bounds.upper(.binary([1, 0xFF, 0xFF]), truncateLength: 2) == [2])
        #expect(Bounds.upper(.binary([0xFF, 0xFF, 0]), truncateLength: 2) == nil)
    }

    @Test func `a NaN is never a bound`() {
        #expect(Bounds.lower(.double(.nan)) == nil)
        #expect(Bounds.upper(.float(.nan)) == nil)
    }

    @Test func `order of values is the order of bounds`() {
        #expect(IcebergValue.double(-0.0).precedes(.double(0.0)))
        #expect(!IcebergValue.double(0.0).precedes(.double(-0.0)))
        // By bytes, not by what looks alike: e with an accent in one and in two code points.
        #expect(IcebergValue.string("e\u{301}").precedes(.string("\u{E9}")))
        #expect(IcebergValue.string("Z").precedes(.string("a")))
    }
}
