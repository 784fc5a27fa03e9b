// A slice whose rules were applied before: its records are read and put into their known order.

import Ledger
import Records

extension SliceRules {
    /// The check of a slice from what is known of it; nil: what is known is not about this slice.
    ///
    /// The order is not believed: it must be the sorted one, and must hold every record with a key.
    func restore(
        _ entry: CacheEntry, of bytes: [UInt8], breathe: () throws -> Void
    ) throws -> CheckedSlice? {
        let (bytes, origin) = try canonical(bytes, breathe: breathe)
        var keys: [UInt8] = []
        keys.reserveCapacity(bytes.count / 6)
        var found: [SliceEntry] = []
        found.reserveCapacity(entry.order.count)
        let span = bytes.span
        var offset = 0
        var sinceBreath = 0
        while offset < span.count {
            guard let place = SpoolRecord.read(span, at: offset) else {
                throw LoadingError.spoolTorn("record at byte \(offset) is cut off")
            }
            offset = place.next
            let keyAt = keys.count
            let record = span.extracting(place.at..<place.next)
            if checker.appendKeyImage(record, to: &keys) {
                found.append(
                    SliceEntry(
                        order: 0, at: Int32(place.at), count: Int32(place.count),
                        keyAt: Int32(keyAt), keyCount: Int32(keys.count - keyAt),
                        number: Int64(place.number), fileOffset: Int64(place.fileOffset),
                        digest: SliceEntry.digest(record, place), group: Int32(place.group),
                        isValid: false))
            }
            sinceBreath += 1
            if sinceBreath == LoadingLimits.recordsPerBreath {
                sinceBreath = 0
                try breathe()
            }
        }
        guard found.count == entry.order.count else { return nil }
        Self.setOrder(&found, keys: keys)
        try breathe()
        var entries: [SliceEntry] = []
        entries.reserveCapacity(found.count)
        for place in entry.order {
            let index = Int(place >> 1)
            guard index < found.count else { return nil }
            var next = found[index]
            next.isValid = place & 1 == 1
            // Strictly ascending: so none is there twice, and so none is missing.
            if let last = entries.last, !Self.isBefore(last, next, keys) { return nil }
            entries.append(next)
        }
        return CheckedSlice(
            bytes: bytes, origin: origin, keys: keys, entries: entries, findings: entry.findings,
            rejectedRecords: entry.rejectedRecords)
    }
}
