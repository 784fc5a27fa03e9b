// What `run --json` and `resume --json` say, read by code of the tests' own.

import FoundationEssentials
import Testing

/// The end of a run as a scheduler sees it.
struct Conclusion {
    var ended: Ended
    /// nil: no run came into being.
    var report: Report?

    init(_ ended: Ended) throws {
        self.ended = ended
        // A refusal is an object of another schema, without a run.
        guard ended.stdout.contains("kugiri.run/1") else { return }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        report = try decoder.decode(Report.self, from: Data(ended.stdout.utf8))
    }

    /// The exit code; nil: a signal ended it.
    var code: Int32? { ended.code }

    /// The run's id; fails the test when there is none.
    var run: String { get throws { try facts.runId } }

    /// The report; fails the test when there is none.
    var facts: Report {
        get throws { try #require(report, "\(ended.status) \(ended.stderr)") }
    }
}

/// The schema `kugiri.run/1`, as far as the tests look.
struct Report: Decodable, Equatable {
    var schema: String
    var runId: String
    var result: String
    var exitCode: Int32
    var counts: Figures
    var controlTotals: [Total]
    var partitions: [Part]
    var phases: [Phase]
    var workers: [Worker]
    var tolerances: [Tolerance]
    var certificate: String?
    var directory: String

    struct Figures: Decodable, Equatable {
        var input: Int
        var inserted: Int
        var updated: Int
        var deleted: Int
        var closed: Int
        var unchanged: Int
        var rejected: Int
        var conflicts: Int
        var absent: Int

        /// Invariant 1.
        var balances: Bool {
            input + absent == inserted + updated + deleted + closed + unchanged + rejected
                + conflicts
        }

        /// All figures, in one order.
        var list: [Int] {
            [input, inserted, updated, deleted, closed, unchanged, rejected, conflicts, absent]
        }
    }

    struct Total: Decodable, Equatable {
        var group: Int
        var name: String
        var promised: Int
        var found: Int
        var holds: Bool
    }

    struct Part: Decodable, Equatable {
        var number: Int
        var low: String
        var high: String?
        var counts: Figures
        var workers: [String]
        var attempts: Int
        var done: Bool
    }

    struct Phase: Decodable, Equatable {
        var name: String
        var elapsedSeconds: Double
    }

    struct Worker: Decodable, Equatable {
        var name: String
        var claims: Int
        var records: Int
    }

    struct Tolerance: Decodable, Equatable {
        var name: String
        var value: String
    }
}
