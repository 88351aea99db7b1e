import IcebergModel
import Testing

/// What names say of fields, where ids do not.
struct NameMappingTests {
    @Test func `a mapping is read as it was written`() throws {
        let mapping = try NameMapping(
            json: """
                [{"field-id": 1, "names": ["id", "record_id"]}, {"names": ["s"], "fields": \
                [{"field-id": 3, "names": ["lat"]}]}, {"field-id": 4, "names": []}]
                """
        )
        #expect(mapping.fields.map(\.id) == [1, nil, 4])
        #expect(mapping.fields[0].names == ["id", "record_id"])
        #expect(mapping.fields[1].fields.map(\.id) == [3])
    }

    @Test func `what is no mapping is refused`() {
        let deep = String(repeating: #"[{"names": [], "fields": "#, count: 80)
        for text in [
            "", "{}", "[1]", #"[{"field-id": 1}]"#, #"[{"names": [], "fields": 5}]"#,
            deep + "[]" + String(repeating: "}]", count: 80),
        ] {
            #expect(throws: IcebergError.self) { _ = try NameMapping(json: text) }
        }
    }
}
