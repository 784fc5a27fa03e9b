// The proof at the end: file ↔ fleet ↔ table, count by count, yen by yen.

package import Journal

/// One line of the proof.
package struct Proof: Codable, Sendable, Equatable {
    /// What is compared, in words.
    package var name: String
    package var expected: String
    package var found: String
    package var holds: Bool

    /// Memberwise.
    package init(name: String, expected: String, found: String) {
        self.name = name
        self.expected = expected
        self.found = found
        holds = expected == found
    }
}

/// The certificate of a run, as it is signed by its hash and chained to the one before.
package struct Certificate: Codable, Sendable, Equatable {
    /// A file and what it was.
    package struct SealedFile: Codable, Sendable, Equatable {
        package var name: String
        package var bytes: Int64
        package var sha256: String

        /// Memberwise.
        package init(name: String, bytes: Int64, sha256: String) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    package var schema = "kugiri.certificate/1"
    package var run: String
    package var job: String
    package var program: String
    package var businessDate: String?
    package var target: String
    package var input: RunSummary.Input
    package var contractHash: String
    package var counts: Counts
    package var controlTotals: [RunSummary.ControlTotal]
    package var partitions: [RunSummary.Partition]
    package var tolerances: [RunSummary.Tolerance]
    /// What the certificate says besides: trusted locks, figures omitted by the sender.
    package var remarks: [String]
    package var proofs: [Proof]
    package var files: [SealedFile]
    /// SHA-256 of the certificate published before this one, of any job; nil: the first.
    package var previous: String?
    package var madeAt: Timestamp
    package var version: String
    /// Of a run done again: which time, what of it, and why; nil: the first time.
    package var revision: Revision?

    /// What a certificate says of a rerun.
    package struct Revision: Codable, Sendable, Equatable {
        package var number: Int
        package var scope: String
        package var from: String
        package var reason: String

        /// Memberwise.
        package init(number: Int, scope: String, from: String, reason: String) {
            self.number = number
            self.scope = scope
            self.from = from
            self.reason = reason
        }
    }

    private enum CodingKeys: String, CodingKey {
        case schema, run, job, program, target, input, counts, partitions, tolerances, remarks
        case proofs, files, previous, version, revision
        case businessDate = "business_date"
        case contractHash = "contract_sha256"
        case controlTotals = "control_totals"
        case madeAt = "made_at"
    }

    /// The certificate for people; `hash` is that of its JSON form.
    package func text(hash: String) -> String {
        var lines = [
            "CERTIFICATE  \(run)", "",
            "job        \(job) (\(program))",
            "date       \(businessDate ?? "-")",
            "target     \(target)",
            "input      \(input.path)",
            "           \(Figures.bytes(input.bytes)), sha256 \(input.sha256 ?? "-")",
            "previous   \(previous ?? "none: the first of the chain")",
            "sha256     \(hash)", "",
        ]
        if let revision {
            lines.insert(
                "revision   \(revision.number): \(revision.scope), from \(revision.from): "
                    + revision.reason, at: 2)
        }
        lines.append(
            Table.render(
                columns: [
                    .init("proof"), .init("expected", .right), .init("found", .right), .init(""),
                ],
                rows: proofs.map { [$0.name, $0.expected, $0.found, $0.holds ? "✓" : "✗"] }))
        if !remarks.isEmpty { lines += remarks.map { "note: \($0)" } + [""] }
        lines += ["made \(madeAt.iso8601WithOffset) by kugiri \(version)", ""]
        return lines.joined(separator: "\n")
    }
}
