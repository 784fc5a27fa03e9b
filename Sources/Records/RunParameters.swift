// What a run is told from outside (`--set name=value`). Nothing in this module asks a clock.

/// A parameter whose value cannot be used.
public struct ParameterFault: Error, Sendable, Equatable {
    /// The parameter's name.
    public var name: String
    /// Its value as given.
    public var value: String
    /// One English sentence.
    public var message: String

    /// Memberwise.
    public init(name: String, value: String, message: String) {
        self.name = name
        self.value = value
        self.message = message
    }
}

/// The values a run was started with.
///
/// Encoded as the plain dictionary of its values.
public struct RunParameters: Sendable, Equatable {
    /// Every value by its parameter's name.
    public private(set) var values: [String: String]
    /// The parameter `business_date`; nil: it was not given.
    public private(set) var businessDate: CalendarDate?

    /// The name of the parameter that gives months and days their year.
    public static let businessDateName = "business_date"

    /// Reads `business_date`; every other value is kept as it is.
    public init(values: [String: String]) throws(ParameterFault) {
        self.values = values
        guard let text = values[Self.businessDateName] else { return }
        guard let date = CalendarDate(iso: text) else {
            throw ParameterFault(
                name: Self.businessDateName, value: text,
                message: "\(Self.businessDateName) is \"\(text)\", which is not a date as "
                    + "yyyy-mm-dd.")
        }
        businessDate = date
    }
}

extension RunParameters: Codable {
    /// From the dictionary of values.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let values = try container.decode([String: String].self)
        do throws(ParameterFault) {
            try self.init(values: values)
        } catch {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.message)
        }
    }

    /// As the dictionary of values.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
