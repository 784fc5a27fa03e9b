// What sample file is wanted: everything that decides its bytes, checked once.

/// A sample file to be written, checked: a writer made from it cannot fail.
///
/// Two plans that are equal in every value give the same bytes; plans that differ in the seed
/// alone are two nights of the same customers.
public struct SamplePlan: Sendable {
    /// The format; its fields' `sample` rules say what is written.
    public let contract: Contract
    /// Data records in the file.
    public let records: Int
    /// Decides everything that is drawn.
    public let seed: UInt64
    /// The year of the parameter `business_date`.
    public let businessYear: Int
    /// The month of the parameter `business_date`, 1 to 12.
    public let businessMonth: Int
    /// The day of the parameter `business_date`, 1 to 31.
    public let businessDay: Int
    /// What stands between two records, and behind the last.
    public let framing: Framing
    /// Data records per header group; the last group has the rest.
    public let groupRecords: Int
    /// Header groups in the file; at least one.
    public let groups: Int
    /// How many defects of each kind are planted.
    public let defects: [SampleDefect: Int]
    /// Texts of header fields that replace the contract's, by field name.
    public let constants: [String: String]

    /// The contract in the form the writer uses.
    let layout: SampleLayout
    /// Where the defects stand.
    let plantings: SamplePlantings

    /// Checks a plan.
    ///
    /// - Parameters:
    ///   - contract: The format.
    ///   - records: Data records; 0 is a file without data, and no fault.
    ///   - seed: Any number.
    ///   - businessYear: Year of the business date, 1 to 9999.
    ///   - businessMonth: Its month.
    ///   - businessDay: Its day.
    ///   - framing: One of the contract's framings.
    ///   - groupRecords: Data records per header group, 1 to `SampleLimits.groupRecordsMax`.
    ///   - defects: Counts by kind; kinds with 0 are left out.
    ///   - constants: Overrides of header fields, e.g. `consignor_code`.
    /// - Throws: The first thing that makes the plan impossible.
    public init(
        contract: Contract, records: Int, seed: UInt64, businessYear: Int, businessMonth: Int,
        businessDay: Int, framing: Framing = .none,
        groupRecords: Int = SampleLimits.groupRecordsMax, defects: [SampleDefect: Int] = [:],
        constants: [String: String] = [:]
    ) throws(SampleFault) {
        guard let day = SampleDay(year: businessYear, month: businessMonth, day: businessDay)
        else { throw .notADate(year: businessYear, month: businessMonth, day: businessDay) }
        guard contract.framings.contains(framing) else { throw .framingNotAllowed(framing) }
        guard (1...SampleLimits.groupRecordsMax).contains(groupRecords) else {
            throw .groupRecordsOutOfRange(
                groupRecords: groupRecords, limit: SampleLimits.groupRecordsMax)
        }
        let recordsMax = groupRecords * ContractLimits.groupsMax
        guard records >= 0 else { throw .recordsOutOfRange(records: records, limit: recordsMax) }
        let groups = max(1, records / groupRecords + (records % groupRecords > 0 ? 1 : 0))
        guard groups <= ContractLimits.groupsMax else {
            throw .tooManyGroups(groups: groups, limit: ContractLimits.groupsMax)
        }
        self.contract = contract
        self.records = records
        self.seed = seed
        self.businessYear = businessYear
        self.businessMonth = businessMonth
        self.businessDay = businessDay
        self.framing = framing
        self.groupRecords = groupRecords
        self.defects = defects.filter { $0.value != 0 }
        self.constants = constants
        layout = try SampleLayout(
            try Self.contract(contract, with: constants), framing: framing, businessDay: day,
            groupRecords: groupRecords, records: records)
        plantings = try SamplePlantings(
            self.defects, layout: layout, records: records, groupRecords: groupRecords,
            groups: groups, seed: seed)
        self.groups = groups
    }

    /// The contract whose header fields have these constants.
    private static func contract(
        _ contract: Contract, with constants: [String: String]
    ) throws(SampleFault) -> Contract {
        var changed = contract
        let header = changed.recordTypes.firstIndex { $0.role == .header }
        // Sorted, so that of two faults always the same one is thrown.
        for (name, text) in constants.sorted(by: { $0.key < $1.key }) {
            guard let header,
                let field = changed.recordTypes[header].fields.firstIndex(where: {
                    $0.name == name && $0.at > 1
                })
            else { throw .unknownConstant(name) }
            changed.recordTypes[header].fields[field].sample = .constant(text)
        }
        return changed
    }
}
