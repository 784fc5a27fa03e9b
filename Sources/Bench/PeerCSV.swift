// The peers' input: the records of a Zengin file as CSV of the columns their SQL needs. With no
// code of the product, so that comparing the rows compares two readers.

import Coordination

/// Turns records of a Zengin 91 result into CSV lines.
package struct PeerCSV {
    /// `2026-11-20`; gives the month and day of headers their year.
    private let businessDate: String
    private var debitDate = ""

    private static let recordBytes = 120

    /// A converter of a file for this business date.
    package init(businessDate: String) { self.businessDate = businessDate }

    /// Appends one line for a data record: customer number, debit date, amount, result code.
    ///
    /// Headers are remembered, other records are passed over.
    ///
    /// - Parameter record: 120 bytes.
    package mutating func append(_ record: ArraySlice<UInt8>, to output: inout [UInt8]) {
        func field(_ at: Int, _ count: Int) -> ArraySlice<UInt8> {
            record[(record.startIndex + at - 1)..<(record.startIndex + at - 1 + count)]
        }
        switch record.first {
        case UInt8(ascii: "1"):
            debitDate = past(String(decoding: field(55, 4), as: UTF8.self))
        case UInt8(ascii: "2"):
            var customer = field(92, 20)
            while customer.last == UInt8(ascii: " ") { customer.removeLast() }
            output.append(contentsOf: customer)
            output.append(UInt8(ascii: ","))
            output.append(contentsOf: debitDate.utf8)
            output.append(UInt8(ascii: ","))
            var amount = field(81, 10)
            while amount.count > 1, amount.first == UInt8(ascii: "0") { amount.removeFirst() }
            output.append(contentsOf: amount)
            output.append(UInt8(ascii: ","))
            output.append(contentsOf: field(112, 1))
            output.append(UInt8(ascii: "\n"))
        default: break
        }
    }

    /// MMDD in the year of the business date, or the year before when that would be later.
    private func past(_ monthDay: String) -> String {
        let day = "\(monthDay.prefix(2))-\(monthDay.suffix(2))"
        let year = Int(businessDate.prefix(4)) ?? 0
        return day <= businessDate.suffix(5) ? "\(year)-\(day)" : "\(year - 1)-\(day)"
    }

    /// Converts a whole file whose records are followed by CR LF.
    static func convert(_ path: String, businessDate: String, to output: String) throws {
        let file = try Files.openForReading(path)
        let result = try Files.openForWriting(output, append: false)
        let stride = recordBytes + 2
        var converter = PeerCSV(businessDate: businessDate)
        let wanted = BenchLimits.blockBytes / stride * stride
        var block = [UInt8](repeating: 0, count: wanted)
        var lines: [UInt8] = []
        var offset: Int64 = 0
        while true {
            let got = try file.read(into: &block, count: wanted, from: offset)
            var at = 0
            while at + recordBytes <= got {
                converter.append(block[at..<(at + recordBytes)], to: &lines)
                at += stride
            }
            try result.write(lines.span)
            lines.removeAll(keepingCapacity: true)
            guard got == wanted else { return }
            offset += Int64(got)
        }
    }
}

/// Sorted CSV lines divided for two connections, with the keys at which chunks begin.
struct DividedCSV {
    /// One file per connection.
    var files: [String] = []
    /// The first key of every chunk, per file.
    var chunks: [[String]] = []
    /// Keys at which the whole is cut into as many pieces as the job has partitions.
    var cuts: [String] = []

    private static let connections = 2
    private static let partitions = 4

    /// Divides a sorted file of this many lines.
    init(_ path: String, lines total: Int, to prefix: String) throws {
        let file = try Files.openForReading(path)
        var line = 0
        var rest: [UInt8] = []
        var block = [UInt8](repeating: 0, count: BenchLimits.blockBytes)
        let perFile = (total + Self.connections - 1) / Self.connections
        let perPartition = max(1, total / Self.partitions)
        for index in 0..<Self.connections {
            files.append("\(prefix)\(index + 1).csv")
            chunks.append([])
            _ = try Files.openForWriting(files[index], append: false)
        }
        while true {
            let got = try file.read(into: &block, at: 0, count: block.count)
            guard got > 0 else { break }
            rest.append(contentsOf: block[..<got])
            var start = 0
            var from = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let place = line % perFile
                if place == 0, start > from {
                    try write(rest[from..<start], to: (line - 1) / perFile)
                    from = start
                }
                if place % BenchLimits.chunkRows == 0 {
                    chunks[line / perFile].append(Self.key(rest[start..<end]))
                }
                if line > 0, line % perPartition == 0, cuts.count < Self.partitions - 1 {
                    cuts.append(Self.key(rest[start..<end]))
                }
                line += 1
                start = end + 1
            }
            if start > from { try write(rest[from..<start], to: (line - 1) / perFile) }
            rest.removeFirst(start)
        }
        guard line == total, rest.isEmpty else {
            throw BenchFault("\(path) has \(line) lines, not \(total)", exitCode: 70)
        }
    }

    private func write(_ lines: ArraySlice<UInt8>, to index: Int) throws {
        let file = try Files.openForWriting(files[index], append: true)
        try file.write(Array(lines).span)
    }

    private static func key(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
    }
}
