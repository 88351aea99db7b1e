public import Decoding
import Settings

/// What records are written in, as the settings file says it for a pipeline or one of its tables.
public struct FormatConfiguration: Sendable, Equatable {
    /// What values are written in.
    public var format = RecordFormat.json
    /// How many rows a record has.
    public var documents = DocumentCount.one
    /// What becomes of objects and arrays in new fields.
    public var nested = NestedValues.text

    /// The names of formats.
    enum Name: String, CaseIterable, Sendable {
        case json, csv, raw
    }

    /// JSON, one object a record.
    init() {}

    /// What `section` says; what it does not say is as in `base`. A record of CSV has `csvRows`
    /// unless it is said.
    init(
        _ section: SettingsSection,
        over base: FormatConfiguration,
        csvRows: DocumentCount = .many
    ) {
        self = base
        let name: Name? = section.optional("format", .choice(Name.self))
        let csv = section.section("csv")
        switch name {
        case .json:
            format = .json
            documents = .one
        case .csv:
            format = .csv(CSVFormat())
            documents = csvRows
        case .raw:
            format = .raw
            documents = .one
        case nil:
            break
        }
        if case .csv(let present) = format {
            if let csv { format = .csv(CSVFormat(csv, over: present)) }
        } else if let csv {
            csv.complain("says how CSV is written", advice: "write format: csv beside it")
        }
        documents = section.value(
            "documents",
            .choice(DocumentCount.self),
            default: documents
        )
        nested = section.value("nested", .choice(NestedValues.self), default: nested)
        if format == .raw, documents == .many {
            section.complain(
                at: "documents",
                "raw values are not cut into rows",
                advice: "leave it away, or write another format"
            )
        }
    }
}

extension CSVFormat {
    fileprivate init(_ section: SettingsSection, over base: CSVFormat) {
        self = base
        let names = section.optional("columns", .list(of: .text))
        let hasHeader = section.optional("header", .boolean)
        if let names { columns = names }
        if hasHeader == true {
            if names != nil {
                section.complain(
                    at: "header",
                    "stands beside columns",
                    advice: "either records begin with a row of names, or the names stand here"
                )
            }
            columns = nil
        } else if hasHeader == false, columns == nil {
            section.complain(
                at: "header",
                "without a header row nobody knows the columns",
                advice: "add columns with their names in order"
            )
        }
        delimiter = section.optional("delimiter", .byte) ?? delimiter
        quote = section.optional("quote", .byte) ?? quote
        if delimiter == quote {
            section.complain("delimiter and quote are the same", advice: "use two characters")
        }
        section.finish()
    }
}

extension ValueType where Value == UInt8 {
    /// One character of ASCII, or `tab`.
    static var byte: ValueType {
        ValueType(name: "character", example: ";") { (text) throws(SettingsComplaint) in
            if text == "tab" || text == "\t" || text == "\\t" { return 0x09 }
            guard text.utf8.count == 1, let byte = text.utf8.first, byte > 0x20, byte < 0x7F else {
                throw SettingsComplaint(
                    "\"\(text)\" is not one character",
                    advice: "write one character of ASCII, or tab"
                )
            }
            return byte
        }
    }
}
