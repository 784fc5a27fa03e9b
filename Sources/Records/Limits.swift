// Every bound of this module beside those of a contract (`ContractLimits`), each with its reason.

/// Bounds of reading and reporting.
public enum RecordsLimits {
    /// Bytes shown around the place of a structural fault: enough to recognise it, too few to
    /// give away a name and an account number together.
    public static let excerptBytesMax = 16
    /// Columns of the shown line: 16 escapes of 4 columns are 64, so 120 always suffices.
    public static let excerptColumnsMax = 120
    /// Characters one pattern can stand for: its states are the bits of one 64-bit word, and one
    /// of them is the start.
    public static let patternPositionsMax = 63
    /// Identity faults listed for one file; one feed sent in place of another has one per header
    /// and rule, and nobody reads more than the first few.
    public static let identityFaultsMax = 1_000

    /// Bytes of one CSV record with its quotes and padding, without its separator: like a fixed
    /// one, so that a quote nobody closes is found out after 64 KiB and not after the file.
    public static let csvRecordBytesMax = ContractLimits.recordBytesMax
    /// Characters of a rejected CSV cell that are shown: it may be as long as a record.
    public static let shownCharactersMax = 60
    /// Small records a contract may show; each is checked by every `lint`.
    public static let contractSamplesMax = 200

    /// Bytes of the file's start that decide its framing: of fixed records two with their
    /// separators and one end mark, of CSV a byte order mark and one record.
    public static func headBytes(_ contract: Contract) -> Int {
        if contract.csv != nil { return csvRecordBytesMax + 5 }
        return 2 * (contract.recordBytes + 2) + 1
    }
}
