// `certificate verify`: is everything a certificate speaks of still what it was?

import FoundationEssentials
import Journal
import Ledger
import Loading
package import Postgres

/// Verifies certificates.
package enum CertificateCheck {
    /// Every line of the verification of a run's certificate; nil: it has none.
    package static func verify(
        run: String, _ connection: borrowing Connection
    ) throws -> [Proof]? {
        guard let stored = try RunLedger.certificate(of: run, connection),
            let row = try RunLedger.get(run, connection)
        else { return nil }
        let decoder = JSONDecoder()
        var definition = try decoder.decode(
            RunDefinition.self, from: Data(row.definition.utf8))
        // A rerun that is under way has no certificate yet: the one there is speaks of a revision
        // before it.
        definition.revision = stored.revision > 1 ? stored.revision : nil
        if let input = definition.inputRevision, input > stored.revision {
            definition.inputRevision = nil
        }
        let certificate = try decoder.decode(Certificate.self, from: Data(stored.body.utf8))
        let directory =
            LogGenerations.directory(of: run, definition)
            ?? definition.runDirectory(of: run) + definition.revisionFolder
        var proofs = [
            Proof(
                name: "ledger: hash of the certificate", expected: short(stored.sha256),
                found: short(Files.sha256(ofText: stored.body)))
        ]
        // Of a purged run the files are gone, and the ledger's copy is the certificate.
        if try PurgeLedger.day(of: run, connection) == nil {
            proofs += files(
                certificate, sealed: stored.sha256, directory: directory,
                input: definition.archivedInput(of: run))
        }
        if let previous = stored.previous {
            proofs.append(
                Proof(
                    name: "chain: the certificate before it", expected: short(previous),
                    found: short(
                        try RunLedger.hasCertificate(previous, connection) ? previous : "missing"))
            )
        }
        for proof in certificate.proofs { proofs.append(proof) }
        return proofs
    }

    /// The run's files against what the certificate says of them.
    private static func files(
        _ certificate: Certificate, sealed: String, directory: String, input: String
    ) -> [Proof] {
        var proofs = [
            Proof(
                name: "certificate.json: hash", expected: short(sealed),
                found: short(hash("\(directory)/certificate.json", nil))),
            Proof(
                name: "archived input: hash", expected: short(certificate.input.sha256 ?? "-"),
                found: short(hash(input, nil))),
        ]
        for file in certificate.files {
            proofs.append(
                Proof(
                    name: "\(file.name): hash of \(file.bytes) bytes",
                    expected: short(file.sha256),
                    found: short(hash("\(directory)/\(file.name)", file.bytes))))
        }
        return proofs
    }

    private static func hash(_ path: String, _ bytes: Int64?) -> String {
        (try? Files.sha256(path, bytes: bytes)) ?? "cannot be read"
    }

    private static func short(_ hash: String) -> String {
        hash.count == 64 ? String(hash.prefix(16)) + "…" : hash
    }
}
