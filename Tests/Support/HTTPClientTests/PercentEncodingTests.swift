import HTTPClient
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("aZ09-._~", "aZ09-._~"),
        ("a b/c?d=e&f", "a%20b%2Fc%3Fd%3De%26f"),
        ("50%+\u{1f}", "50%25%2B%1F"),
        ("räder", "r%C3%A4der"),
        ("", ""),
    ]) func `everything but unreserved characters is encoded`(text: String, encoded: String) {
        #expect(percentEncoded(text) == encoded)
    }
}
