// A contract's own samples: records that it must accept or refuse. `kugiri lint` runs them.

extension Contract {
    /// What is wrong with the contract's samples; empty: each is judged as it says.
    ///
    /// The contract must be without `faults`. Months and days get their year from the last day of
    /// a leap year, so that every day of the calendar has one.
    public var sampleFaults: [ContractFault] {
        guard let samples else { return [] }
        let judge: SampleJudge
        do {
            judge = try SampleJudge(self)
        } catch {
            return [ContractFault(path: "samples", message: "\(error)")]
        }
        var found: [ContractFault] = []
        for (index, text) in samples.accepted.enumerated() {
            let rules = judge.rules(text)
            guard let (field, rule) = rules.first else { continue }
            found.append(
                ContractFault(
                    path: "samples.accepted[\(index + 1)]",
                    message: "\"\(text)\" is refused: field \(field) breaks the rule \(rule)"))
        }
        for (text, wanted) in samples.refused.sorted(by: { $0.key < $1.key }) {
            let rules = judge.rules(text)
            guard !rules.contains(where: { $0.rule == wanted.rawValue }) else { continue }
            let seen = rules.map { "\($0.rule) (\($0.field))" }.joined(separator: ", ")
            found.append(
                ContractFault(
                    path: "samples.refused",
                    message: "\"\(text)\" does not break the rule \(wanted.rawValue), but "
                        + (seen.isEmpty ? "is accepted" : seen)))
        }
        return found
    }
}

/// Judges one data record written as text.
private struct SampleJudge {
    private let contract: Contract
    private let checker: RecordChecker
    private let translator: CSVTranslator?
    private let names: [String]

    init(_ contract: Contract) throws {
        self.contract = contract
        checker = try RecordChecker(
            contract: contract, parameters: RunParameters(values: ["business_date": "2000-12-31"]))
        translator = CSVTranslator(contract: contract)
        names = contract.recordType(.data)?.fields.map(\.name) ?? []
    }

    /// The rules a record breaks, with their fields.
    func rules(_ text: String) -> [(field: String, rule: String)] {
        var violations: [Violation] = []
        guard let record = bytes(text) else { return [("(record)", "characters")] }
        guard let translator else {
            guard record.count <= contract.recordBytes else { return [("(record)", "length")] }
            let padding = [UInt8](repeating: 0x20, count: contract.recordBytes - record.count)
            _ = checker.check((record + padding).span, into: &violations)
            return violations.map { (names[$0.fieldIndex], $0.rule.rawValue) }
        }
        var scratch = CSVScratch()
        var canonical: [UInt8] = []
        _ = translator.translate(
            record.span, .data, &scratch, to: &canonical, violations: &violations)
        if violations.first?.rule != .cellCount {
            var others: [Violation] = []
            _ = checker.check(canonical.span, into: &others)
            violations += others.filter { other in
                !violations.contains { $0.fieldIndex == other.fieldIndex }
            }
        }
        return violations.map { (names[$0.fieldIndex], $0.rule.rawValue) }
    }

    /// The record as a file holds it; nil: a character has no bytes there.
    private func bytes(_ text: String) -> [UInt8]? {
        guard let format = contract.csv else { return contract.characters.bytes(of: text) }
        guard format.encoding == .cp932 else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let encoded = CP932Table.bytes(of: scalar) else { return nil }
            bytes += encoded
        }
        return bytes
    }
}
