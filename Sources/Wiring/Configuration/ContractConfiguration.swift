import Decoding
import Settings

extension TableContract {
    /// The part `contract` of a table, or of the pipeline for all of its tables.
    init(_ section: SettingsSection, over base: TableContract) {
        self = base
        guard let part = section.section("contract") else { return }
        if let rule = part.optional("tables", .contractRule([.evolve, .freeze])) { tables = rule }
        if let rule = part.optional("columns", .contractRule(ContractRule.allCases)) {
            columns = rule
        }
        if let rule = part.optional("types", .contractRule(ContractRule.allCases)) {
            types = rule
        }
        part.finish()
    }
}

extension ValueType where Value == ContractRule {
    /// One of those rules.
    static func contractRule(_ rules: [ContractRule]) -> ValueType {
        let list = rules.map(\.rawValue).joined(separator: ", ")
        return ValueType(name: "one of \(list)", example: "freeze") {
            (text) throws(SettingsComplaint) in
            guard let rule = ContractRule(rawValue: text), rules.contains(rule) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no rule here",
                    advice: "write one of \(list)"
                )
            }
            return rule
        }
    }
}
