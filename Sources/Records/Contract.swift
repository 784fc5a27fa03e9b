// A record format with its rules, as data: what a file must look like, byte for byte.
// Nothing here reads bytes; `RecordChecker`, `Framing` and `Envelope` are compiled from it.

/// A record format with its rules.
///
/// Written in YAML under `ops/contracts/`, decoded by `Settings`, sent to workers as JSON.
public struct Contract: Codable, Sendable, Equatable {
    /// The contract's name, `[a-z0-9-]+`; also the name of its file.
    public var name: String
    /// One line for people.
    public var title: String
    /// Bytes of one physical record without its separator, of CSV of one data record in its
    /// canonical form; 1 to `ContractLimits.recordBytesMax`.
    public var recordBytes: Int
    /// The separators a file may use; one file uses one of them throughout.
    public var framings: [Framing]
    /// A single byte allowed once after the end record (0x1A on files from old hosts); nil: none.
    public var endMark: UInt8?
    /// How text bytes are read.
    public var characters: CharacterRepertoire
    /// The kinds of record, told apart by their first byte, in CSV by their first cell; exactly one
    /// has the role `data`.
    public var recordTypes: [RecordType]
    /// The data field whose value decides the partition.
    public var partitionKey: String
    /// What must not occur twice in one file; empty: no such rule.
    ///
    /// All records of one unique key have the same partition key.
    public var uniqueKey: [FieldReference]
    /// What trailer records promise about their group.
    public var controlTotals: [ControlTotal]
    /// Header fields that must equal a value of the job or a constant.
    public var identity: [Identity]
    /// How records are written as lines of cells; nil: they are fixed.
    public var csv: CSVFormat?
    /// Small records that must be accepted or refused; nil: none.
    public var samples: ContractSamples?

    /// Memberwise.
    public init(
        name: String, title: String, recordBytes: Int, framings: [Framing], endMark: UInt8?,
        characters: CharacterRepertoire, recordTypes: [RecordType], partitionKey: String,
        uniqueKey: [FieldReference], controlTotals: [ControlTotal], identity: [Identity],
        csv: CSVFormat? = nil, samples: ContractSamples? = nil
    ) {
        self.name = name
        self.title = title
        self.recordBytes = recordBytes
        self.framings = framings
        self.endMark = endMark
        self.characters = characters
        self.recordTypes = recordTypes
        self.partitionKey = partitionKey
        self.uniqueKey = uniqueKey
        self.controlTotals = controlTotals
        self.identity = identity
        self.csv = csv
        self.samples = samples
    }

    /// The record type with this role; nil when the contract has none.
    public func recordType(_ role: RecordType.Role) -> RecordType? {
        recordTypes.first { $0.role == role }
    }
}

/// What stands between two records.
public enum Framing: String, Codable, Sendable, CaseIterable {
    case none, crlf, lf, cr

    /// The separator's bytes.
    public var separator: [UInt8] {
        switch self {
        case .none: []
        case .crlf: [0x0D, 0x0A]
        case .lf: [0x0A]
        case .cr: [0x0D]
        }
    }
}

/// The repertoire of characters a text field may hold.
public enum CharacterRepertoire: String, Codable, Sendable {
    /// 7-bit ASCII, 0x20–0x7E.
    case ascii
    /// JIS X 0201, 8 bit: 0x20–0x7E (0x5C is ¥, 0x7E is ‾) and half-width kana 0xA1–0xDF.
    case jisX0201 = "jis-x-0201"
    /// UTF-8 without control characters; `bytes` bounds bytes, `maxLength` characters.
    case utf8 = "utf-8"
}

/// One kind of record.
public struct RecordType: Codable, Sendable, Equatable {
    /// What a kind of record means to a file.
    public enum Role: String, Codable, Sendable, CaseIterable {
        case header, data, trailer, end
    }

    /// What it is for.
    public var role: Role
    /// The record's first byte.
    public var marker: UInt8
    /// The roles that may stand directly before it; `start: true` also allows the file's start.
    public var after: [Role]
    /// Whether it may be the first record of the file.
    public var first: Bool
    /// In the order of their position; need not cover every byte.
    public var fields: [Field]

    /// Memberwise.
    public init(role: Role, marker: UInt8, after: [Role], first: Bool, fields: [Field]) {
        self.role = role
        self.marker = marker
        self.after = after
        self.first = first
        self.fields = fields
    }

    /// The field with this name; nil when there is none.
    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

/// One field of a record: where it stands and what it may hold.
public struct Field: Codable, Sendable, Equatable {
    /// Its name in settings, rejects and reports.
    public var name: String
    /// 1-based position of the first byte, as in the standard's tables.
    public var at: Int
    /// Length in bytes.
    public var bytes: Int
    /// How its bytes become a value.
    public var type: FieldType
    /// Blank (all spaces; for numbers also all zeros is *not* blank) is refused.
    public var required: Bool
    /// The only values allowed, as normalised text; nil: any.
    public var values: [String]?
    /// A sequence of character classes with counts, matched against the whole normalised text.
    public var pattern: String?
    /// The smallest number allowed; only for `integer`.
    public var minimum: Int64?
    /// The longest normalised text allowed, in characters.
    public var maxLength: Int?
    /// How a date without a year gets one; only for `monthDay`.
    public var resolve: YearResolution?
    /// Personal data: shown in reports only masked.
    public var personal: Bool
    /// How `kugiri sample` fills it; nil: blank (numbers: zeros).
    public var sample: SampleRule?
    /// Whether a number may have a sign, which then is one of its bytes; nil: it may not.
    public var signed: Bool?
    /// Decimal places of a decimal, 0 to 17; nil for every other type.
    public var scale: Int?
    /// How a date is written; nil for every other type.
    public var dateFormat: DateFormat?
    /// Leading zeros are restored in CSV; nil: as the dialect says.
    public var zeroFill: Bool?
    /// Its name in a CSV header row; nil: the field's own.
    public var column: String?

    /// Memberwise, with the defaults of the YAML form.
    public init(
        name: String, at: Int, bytes: Int, type: FieldType, required: Bool = false,
        values: [String]? = nil, pattern: String? = nil, minimum: Int64? = nil,
        maxLength: Int? = nil, resolve: YearResolution? = nil, personal: Bool = false,
        sample: SampleRule? = nil, signed: Bool? = nil, scale: Int? = nil,
        dateFormat: DateFormat? = nil, zeroFill: Bool? = nil, column: String? = nil
    ) {
        self.name = name
        self.at = at
        self.bytes = bytes
        self.type = type
        self.required = required
        self.values = values
        self.pattern = pattern
        self.minimum = minimum
        self.maxLength = maxLength
        self.resolve = resolve
        self.personal = personal
        self.sample = sample
        self.signed = signed
        self.scale = scale
        self.dateFormat = dateFormat
        self.zeroFill = zeroFill
        self.column = column
    }
}

/// How a field's bytes become a value.
public enum FieldType: String, Codable, Sendable {
    /// A code of digits (N): kept as text with its leading zeros. Blank when optional: nil.
    case digits
    /// A number (N), right-aligned, zero-filled, at most 18 digits: an exact Int64. Signed ones
    /// begin with `-`, `+` or nothing.
    case integer
    /// A number with a decimal point, at most 18 digits with its decimal places: exact.
    case decimal
    /// A day of the calendar, written as `dateFormat` says.
    case date
    /// Text (C), left-aligned, space-filled: trailing spaces are padding, decoded to UTF-8.
    case text
    /// MMDD, a date whose year comes from the business date.
    case monthDay = "month-day"
    /// Not read at all.
    case filler
}

/// How a date is written.
public enum DateFormat: String, Codable, Sendable, CaseIterable {
    case hyphens = "yyyy-mm-dd"
    case plain = "yyyymmdd"
    case slashes = "yyyy/mm/dd"

    /// Its length in bytes.
    public var bytes: Int { rawValue.utf8.count }
}

/// Records that show what a contract accepts and refuses; `kugiri lint` checks them.
public struct ContractSamples: Codable, Sendable, Equatable {
    /// Data records without any violation, as text; fixed ones need not be filled with spaces.
    public var accepted: [String]
    /// Data records and the rule each of them breaks.
    public var refused: [String: RuleID]

    /// Memberwise.
    public init(accepted: [String], refused: [String: RuleID]) {
        self.accepted = accepted
        self.refused = refused
    }
}

/// How a month and day get their year from the business date.
public enum YearResolution: String, Codable, Sendable {
    /// The latest such date on or before the business date (results of what has happened).
    case past
    /// The earliest such date on or after the business date (instructions).
    case future
}

/// A field of the data record, or of the header of its group.
///
/// Text form: `amount` or `header.debit_date`.
public struct FieldReference: Codable, Sendable, Equatable, Hashable {
    /// `data` or `header`.
    public var role: RecordType.Role
    /// The field's name.
    public var field: String

    /// Memberwise.
    public init(role: RecordType.Role, field: String) {
        self.role = role
        self.field = field
    }
}

/// A promise of a trailer record about the data records of its group.
public struct ControlTotal: Codable, Sendable, Equatable {
    /// Its name in settings, rejects and reports.
    public var name: String
    /// The trailer's integer field that holds the promised figure.
    public var trailerField: String
    /// The data record's integer field that is summed; nil: records are counted.
    public var sum: String?
    /// Only records whose field has one of these values; nil: all.
    public var condition: Condition?
    /// The whole set of totals marked so may be zero in a group to mean "not given".
    public var optionalWhenAllZero: Bool

    /// `field in values`, on normalised text, or its opposite.
    public struct Condition: Codable, Sendable, Equatable {
        /// The field's name.
        public var field: String
        /// Normalised texts.
        public var values: [String]
        /// True: the records whose field is *not* among the values.
        public var negated: Bool

        /// Memberwise.
        public init(field: String, values: [String], negated: Bool) {
            self.field = field
            self.values = values
            self.negated = negated
        }
    }

    /// Memberwise.
    public init(
        name: String, trailerField: String, sum: String?, condition: Condition?,
        optionalWhenAllZero: Bool = false
    ) {
        self.name = name
        self.trailerField = trailerField
        self.sum = sum
        self.condition = condition
        self.optionalWhenAllZero = optionalWhenAllZero
    }
}

/// A header field that tells whether this is the right file.
public struct Identity: Codable, Sendable, Equatable {
    /// The field's name.
    public var field: String
    /// What it must equal.
    public var expectation: Expectation

    /// What the header field must equal.
    public enum Expectation: Codable, Sendable, Equatable {
        /// This normalised text.
        case constant(String)
        /// The job's `identity:` setting of this name; a job that does not set it does not check it.
        case setting(String)
    }

    /// Memberwise.
    public init(field: String, expectation: Expectation) {
        self.field = field
        self.expectation = expectation
    }
}

/// How the sample writer fills a field.
public enum SampleRule: Codable, Sendable, Equatable {
    /// The same text in every record.
    case constant(String)
    /// 1…N in an order shuffled by the seed, zero-filled to the field's length.
    case shuffledNumber
    /// A number between these bounds, inclusive.
    case number(low: Int64, high: Int64)
    /// One of these texts, by weight.
    case choice([WeightedText])
    /// The parameter `business_date` as MMDD.
    case businessMonthDay
    /// The control total of this name over the group (trailer fields).
    case controlTotal(String)

    /// A text and how often it is drawn relative to the others.
    public struct WeightedText: Codable, Sendable, Equatable {
        /// What is written.
        public var text: String
        /// How often, relative to the other texts.
        public var weight: Int

        /// Memberwise.
        public init(text: String, weight: Int) {
            self.text = text
            self.weight = weight
        }
    }
}

/// Bounds of what a contract may describe.
public enum ContractLimits {
    /// One record; 64 KiB keeps the largest slice of records inside a worker's memory.
    public static let recordBytesMax = 65_536
    /// An integer field; 18 decimal digits always fit an Int64.
    public static let integerDigitsMax = 18
    /// Header groups in one file; their headers are kept in memory by the splitter.
    public static let groupsMax = 65_535
}
