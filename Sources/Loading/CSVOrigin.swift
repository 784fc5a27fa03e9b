// CSV records of a slice become canonical before they are checked; what is said of them afterwards
// is said of the file's own bytes.

import Records

/// Where the canonical records of a slice came from, and what did not fit.
struct CSVOrigin {
    /// The spool file's bytes.
    let raw: [UInt8]
    /// Bytes of a canonical record with its place in front.
    let strideBytes: Int
    /// Where each record's own bytes are in `raw`, in the order of the slice.
    let places: [Range<Int32>]
    /// What did not fit, by the record's index in the slice.
    let violations: [Int: [Violation]]

    /// The record of the file that became the canonical one at this place.
    func index(ofRecordAt at: Int) -> Int { (at - SpoolRecord.headerBytes) / strideBytes }

    /// The record's own bytes.
    func place(_ index: Int) -> Range<Int> {
        Int(places[index].lowerBound)..<Int(places[index].upperBound)
    }

    /// Adds what did not fit to what the rules found, and gives everything its place in the file.
    ///
    /// A field that did not fit is told once, by that; a record with a wrong number of cells too.
    func judge(
        _ place: SpoolRecord, _ isValid: Bool, _ found: inout [Violation], _ rules: SliceRules
    ) -> Bool {
        let index = index(ofRecordAt: place.at)
        let misfits = violations[index] ?? []
        guard !misfits.isEmpty || !isValid, let translator = rules.translator else {
            return isValid
        }
        guard !misfits.contains(where: { $0.rule == .cellCount }) else {
            found = misfits
            return false
        }
        let record = raw.span.extracting(self.place(index))
        let others = found.filter { violation in
            !misfits.contains { $0.fieldIndex == violation.fieldIndex }
        }
        var judged = misfits
        for violation in others {
            let byte = translator.place(
                ofField: violation.fieldIndex, byte: violation.byteInRecord, in: record)
            judged.append(
                Violation(
                    fieldIndex: violation.fieldIndex, rule: violation.rule, byteInRecord: byte))
        }
        found = judged.sorted { $0.fieldIndex < $1.fieldIndex }
        return false
    }
}

extension SliceRules {
    /// The slice with canonical records in place of CSV ones; a fixed slice as it is.
    func canonical(
        _ bytes: [UInt8], breathe: () throws -> Void
    ) throws -> (bytes: [UInt8], origin: CSVOrigin?) {
        guard let translator else { return (bytes, nil) }
        var canonical: [UInt8] = []
        var places: [Range<Int32>] = []
        var violations: [Int: [Violation]] = [:]
        var scratch = CSVScratch()
        var record: [UInt8] = []
        var found: [Violation] = []
        let span = bytes.span
        var offset = 0
        while offset < span.count {
            guard let place = SpoolRecord.read(span, at: offset) else {
                throw LoadingError.spoolTorn("record at byte \(offset) is cut off")
            }
            offset = place.next
            record.removeAll(keepingCapacity: true)
            let fits = translator.translate(
                span.extracting(place.at..<place.next), .data, &scratch, to: &record,
                violations: &found)
            if !fits {
                violations[places.count] = found
                found.removeAll(keepingCapacity: true)
            }
            places.append(Int32(place.at)..<Int32(place.next))
            guard canonical.count + record.count < Int(Int32.max) else {
                throw LoadingError.spoolTorn("a slice of more canonical bytes than 2 GiB")
            }
            SpoolRecord.append(
                number: place.number, fileOffset: place.fileOffset, group: place.group,
                bytes: record.span, from: 0, count: record.count, to: &canonical)
            if places.count % LoadingLimits.recordsPerBreath == 0 { try breathe() }
        }
        return (
            canonical,
            CSVOrigin(
                raw: bytes, strideBytes: contract.recordBytes + SpoolRecord.headerBytes,
                places: places, violations: violations)
        )
    }

    /// Where the partition key stands in the record of the file.
    func keyByte(_ entry: SliceEntry, _ slice: CheckedSlice) -> Int {
        let byte = data.fields[partitionKeyField].at - 1
        guard let origin = slice.origin, let translator else { return byte }
        let place = origin.place(origin.index(ofRecordAt: Int(entry.at)))
        return translator.place(
            ofField: partitionKeyField, byte: byte, in: origin.raw.span.extracting(place))
    }

    /// A field as people see it, masked, from the file's own bytes.
    func shown(_ field: Int, _ entry: SliceEntry, _ slice: CheckedSlice) -> String {
        guard let origin = slice.origin, let translator else {
            let bytes = slice.bytes
            return checker.display(field, bytes.span.extracting(entry.place), masked: true)
        }
        let place = origin.place(origin.index(ofRecordAt: Int(entry.at)))
        return translator.display(field, origin.raw.span.extracting(place), masked: true)
    }
}
