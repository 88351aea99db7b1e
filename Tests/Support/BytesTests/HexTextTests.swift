import Bytes
import Testing

struct HexTextTests {
    @Test func `bytes become two digits each and come back`() {
        let bytes = (0...255).map { UInt8($0) }
        let text = HexText.encoded(bytes.bytes)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.utf8.count == 512)
        #expect(HexText.decoded(text) == bytes)
        #expect(HexText.decoded(text.uppercased()) == bytes)
        #expect(HexText.decoded("") == [])
    }

    @Test(arguments: ["0", "0g", "g0", " 00", "00 ", "é0"])
    func `what is no pairs of digits is refused`(_ text: String) {
        #expect(HexText.decoded(text) == nil)
    }
}
