// The serial reference: one record after another into a dictionary, with no code of the product.
// Slow and plain on purpose; every fleet run must end with the same rows.

import Postgres

/// A row of the target, without the lock column.
struct Member: Equatable, CustomStringConvertible {
    var name: String?
    var lastDebitDate: String?
    var lastAmount: Int?
    var lastResultCode: String?
    var businessDate: String?
    var failuresBefore: Int?
    var failures = 0
    var updateCount = 0

    var description: String {
        let amount = lastAmount.map { String($0) }
        let before = failuresBefore.map { String($0) }
        return [
            name, lastDebitDate, amount, lastResultCode, businessDate, before, String(failures),
            String(updateCount),
        ].map { $0 ?? "NULL" }.joined(separator: "|")
    }
}

/// Loads files serially into a model of the target.
struct Reference {
    /// By customer number.
    var members: [String: Member]
    /// Whether a record without a row makes one.
    var inserts: Bool
    private(set) var inserted = 0
    private(set) var updated = 0
    private(set) var unchanged = 0
    /// Records without a row in mode `update`.
    private(set) var unknown: [Int] = []

    init(_ members: [String: Member], inserts: Bool) {
        self.members = members
        self.inserts = inserts
    }

    /// Applies every data record of a file but those left out, by physical number from 1.
    mutating func load(_ file: [UInt8], date: String, without left: Set<Int>) {
        // No byte of a record is CR, LF or 0x1A, so framing is whatever they are.
        let bytes = file.filter { $0 != 0x0D && $0 != 0x0A && $0 != 0x1A }
        var debitDate = ""
        for (index, start) in stride(from: 0, to: bytes.count, by: 120).enumerated() {
            let record = bytes[start..<min(start + 120, bytes.count)]
            func field(_ at: Int, _ count: Int) -> String {
                let from = record.startIndex + at - 1
                return String(decoding: record[from..<from + count], as: UTF8.self)
            }
            switch record.first {
            case UInt8(ascii: "1"): debitDate = Self.past(field(55, 4), date)
            case UInt8(ascii: "2") where !left.contains(index + 1):
                var customer = field(92, 20)
                while customer.hasSuffix(" ") { customer.removeLast() }
                apply(
                    customer, record: index + 1, debitDate: debitDate, amount: Int(field(81, 10)),
                    result: field(112, 1), date: date)
            default: break
            }
        }
    }

    private mutating func apply(
        _ customer: String, record: Int, debitDate: String, amount: Int?, result: String,
        date: String
    ) {
        guard inserts || members[customer] != nil else {
            unknown.append(record)
            return
        }
        let old = members[customer]
        var new = old ?? Member()
        // The count before this business date: it moves when the date does.
        if let old {
            let isNewDate = old.businessDate.map { $0 < date } ?? true
            new.failuresBefore = isNewDate ? old.failures : old.failuresBefore
        }
        new.lastDebitDate = debitDate
        new.lastAmount = amount
        new.lastResultCode = result
        new.businessDate = date
        new.failures = result == "0" ? 0 : (new.failuresBefore ?? 0) + 1
        if old == nil {
            new.updateCount = 1
            inserted += 1
        } else if old == new {
            unchanged += 1
        } else {
            new.updateCount += 1
            updated += 1
        }
        members[customer] = new
    }

    /// Closing writes the row, and no column of the model but the count of writes.
    mutating func close(_ customers: Set<String>) {
        for customer in customers { members[customer]?.updateCount += 1 }
    }

    /// MMDD in the year before or of the business date, whichever is not after it.
    private static func past(_ monthDay: String, _ date: String) -> String {
        let day = "\(monthDay.prefix(2))-\(monthDay.suffix(2))"
        let year = Int(date.prefix(4)) ?? 0
        return day <= date.suffix(5) ? "\(year)-\(day)" : "\(year - 1)-\(day)"
    }
}

extension Night {
    /// The target as it stands.
    func members() throws -> [String: Member] {
        let rows = try connection.query(
            """
            SELECT customer_number, name, last_debit_date::text, last_amount, last_result_code,
                business_date::text, failures_before, failures, update_count FROM member_account
            """)
        var result: [String: Member] = [:]
        for row in 0..<rows.count {
            result[rows.text(row, 0) ?? ""] = Member(
                name: rows.text(row, 1), lastDebitDate: rows.text(row, 2),
                lastAmount: rows.int(row, 3).map { Int($0) }, lastResultCode: rows.text(row, 4),
                businessDate: rows.text(row, 5), failuresBefore: rows.int(row, 6).map { Int($0) },
                failures: Int(rows.int(row, 7) ?? -1), updateCount: Int(rows.int(row, 8) ?? -1))
        }
        return result
    }
}
