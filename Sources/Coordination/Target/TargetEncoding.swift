// Which target types a field can fill, and how its values are sent.

import Ledger
import Records

extension TargetCatalog {
    /// Decimal places of `numeric(p,s)`; nil: the type has no such limit.
    static func decimalPlaces(_ type: String) -> Int? {
        guard type.hasPrefix("numeric("), type.hasSuffix(")") else { return nil }
        let parts = type.dropFirst(8).dropLast().split(separator: ",")
        return parts.count == 2 ? Int(parts[1]) : 0
    }

    /// How a field of this type is sent to a column of this type; nil: it cannot fill it.
    ///
    /// Type ids are those of `pg_type`: 25 text, 1043 varchar, 1042 char, 21/23/20 integers,
    /// 1700 numeric, 1082 date.
    static func encoding(_ field: FieldType, typeID: Int64) -> TargetPlan.Encoding? {
        switch (field, typeID) {
        case (.text, 25), (.text, 1043), (.text, 1042), (.digits, 25), (.digits, 1043),
            (.digits, 1042):
            .text
        case (.integer, 21): .int2
        case (.integer, 23): .int4
        case (.integer, 20): .int8
        case (.integer, 1700): .numeric
        case (.decimal, 1700): .numeric
        case (.monthDay, 1082), (.date, 1082): .date
        default: nil
        }
    }
}
