// An input file and what is true about it.

import FoundationEssentials
import Postgres

/// A file for a run.
struct Sample {
    var path: String
    /// The business date it was written for.
    var date: String
    /// What is wrong in it, by its own truth.
    var defects: [Defect]

    /// A file whose faults the test knows.
    init(path: String, date: String, defects: [Defect]) {
        self.path = path
        self.date = date
        self.defects = defects
    }

    /// A file of `kugiri sample` with its truth beside it.
    init(path: String, date: String) throws {
        self.init(path: path, date: date, defects: [])
        let text = try String(contentsOfFile: path + ".truth", encoding: .utf8)
        for line in text.split(separator: "\n") where line.contains("\"kind\":\"defect\"") {
            defects.append(try JSONDecoder().decode(Defect.self, from: Data(line.utf8)))
        }
    }

    /// The file's bytes.
    var bytes: [UInt8] { get throws { Array(try Data(contentsOf: URL(filePath: path))) } }
}

/// A fault at a place: planted by the writer, or found by a run.
struct Defect: Decodable, Hashable, Comparable, CustomStringConvertible {
    var record: Int
    var byte: Int
    var field: String?
    var rule: String

    var description: String { "record \(record) byte \(byte) \(field ?? "-"): \(rule)" }

    static func < (left: Defect, right: Defect) -> Bool {
        (left.record, left.byte, left.field ?? "", left.rule)
            < (right.record, right.byte, right.field ?? "", right.rule)
    }
}

/// Files written by hand, record by record: what the sample writer cannot do.
enum Handmade {
    /// A debit for one customer.
    struct Debit {
        var customer: String
        var amount: Int
        var result: String = "0"
    }

    /// A file of groups, each with a debit day (MMDD) and its debits; its totals hold.
    static func file(_ groups: [(day: String, debits: [Debit])]) -> [UInt8] {
        var text = ""
        for group in groups {
            text += header(day: group.day)
            for debit in group.debits { text += data(debit) }
            text += trailer(group.debits)
        }
        return Array((text + pad("9", to: 120)).utf8)
    }

    private static func header(day: String) -> String {
        pad(
            "1910" + "1234567890" + pad("TEST", to: 40) + day + "9997" + pad("", to: 15) + "903"
                + pad("", to: 15) + "19000001", to: 120)
    }

    private static func data(_ debit: Debit) -> String {
        pad(
            "2" + "9998" + pad("", to: 15) + "001" + pad("", to: 15) + pad("", to: 4) + "1"
                + "0000001" + pad("TEST", to: 30) + number(debit.amount, 10) + "0"
                + pad(debit.customer, to: 20) + debit.result, to: 120)
    }

    private static func trailer(_ debits: [Debit]) -> String {
        let good = debits.filter { $0.result == "0" }
        let bad = debits.filter { $0.result != "0" }
        let figures = [debits, good, bad].map {
            number($0.count, 6) + number($0.reduce(0) { $0 + $1.amount }, 12)
        }
        return pad("8" + figures.joined(), to: 120)
    }

    private static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: width - text.utf8.count)
    }

    private static func number(_ value: Int, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}

extension Sample {
    /// The data records as they stand: physical number, byte in the file, customer.
    ///
    /// - Parameter stride: 120 and the separator's bytes.
    func debits(stride: Int = 122) throws -> [(record: Int, byte: Int, customer: String)] {
        let file = try bytes
        return Swift.stride(from: 0, to: file.count, by: stride).enumerated()
            .compactMap { index, start in
                guard file[start] == UInt8(ascii: "2") else { return nil }
                let field = String(decoding: file[start + 91..<start + 111], as: UTF8.self)
                let customer = field.split(separator: " ").first.map { String($0) } ?? ""
                return (index + 1, start, customer)
            }
    }
}

extension Night {
    /// Makes members as the online side would have them, with a name each.
    func enrol(_ customers: [String]) throws {
        _ = try connection.query(
            "INSERT INTO member_account (customer_number, name) "
                + "SELECT c, 'member ' || c FROM unnest($1::text[]) c", [.textArray(customers)])
    }
}
