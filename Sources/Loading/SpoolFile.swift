// A spool slice on disk, read whole and checked against what the ledger says of it.

import Glibc
package import Ledger
import Records

/// A spool slice on disk.
package enum SpoolFile {
    /// Reads a slice; length and checksum must be the ledger's (PROTOCOL 5).
    package static func read(_ slice: SliceRow, directory: String) throws -> [UInt8] {
        let path = "\(directory)/\(slice.file)"
        guard slice.bytes <= Int64(LoadingLimits.sliceBytesMax) else {
            throw LoadingError.spoolTorn(
                "\(path) has \(slice.bytes) bytes; a worker reads at most "
                    + "\(LoadingLimits.sliceBytesMax): lower slice_records")
        }
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LoadingError.spoolTorn("\(path) cannot be opened (errno \(errno))")
        }
        defer { close(descriptor) }
        let wanted = Int(slice.bytes)
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            count = 0
            while count < wanted {
                let got = unsafe Glibc.read(
                    descriptor, buffer.baseAddress?.advanced(by: count), wanted - count)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                count += got
            }
        }
        guard bytes.count == wanted else {
            throw LoadingError.spoolTorn("\(path) has \(bytes.count) bytes of \(wanted)")
        }
        guard XXHash64.hash(bytes.span) == slice.checksum else {
            throw LoadingError.spoolTorn("\(path) does not have its checksum")
        }
        return bytes
    }
}
