// Statements about what operators ask of a run that is on: cancel it, drain a worker.

public import Postgres

/// What somebody asks of a run's coordinator.
public struct Instruction: Sendable, Equatable {
    /// What is asked.
    public enum Wish: Sendable, Equatable {
        /// Stop at a chunk boundary; the run can be resumed.
        case cancel
        /// Let this worker go after its chunk, for good.
        case drain(worker: String)
    }

    /// Counts all instructions of the database.
    public var number: Int64
    /// What is asked.
    public var wish: Wish
    /// User, host and process, for people.
    public var askedBy: String
    /// nil: none was given.
    public var reason: String?
}

/// Statements about instructions.
public enum InstructionLedger {
    /// Asks the coordinator of this term; false: the run is not open any more, or has another
    /// coordinator by now.
    public static func ask(
        _ wish: Instruction.Wish, run: String, term: Int64, by asker: String, reason: String?,
        _ connection: borrowing Connection
    ) throws -> Bool {
        var kind = "cancel"
        var worker: String?
        if case .drain(let name) = wish { (kind, worker) = ("drain", name) }
        return try connection.query(
            sql(PackageResources.instruction_insert_sql),
            [
                .text(run), .int(term), .text(kind), .optional(worker), .text(asker),
                .optional(reason),
            ]
        ).count == 1
    }

    /// What a coordinator has not seen yet, and the database's clock in milliseconds since 1970.
    public static func open(
        run: String, term: Int64, _ connection: borrowing Connection
    ) throws -> (now: Int64, instructions: [Instruction]) {
        let rows = try connection.query(
            sql(PackageResources.instructions_open_sql), [.text(run), .int(term)])
        let instructions = (0..<rows.count).compactMap { row -> Instruction? in
            guard let number = rows.int(row, 1) else { return nil }
            let worker = rows.text(row, 3)
            return Instruction(
                number: number, wish: worker.map { .drain(worker: $0) } ?? .cancel,
                askedBy: rows.text(row, 4) ?? "?", reason: rows.text(row, 5))
        }
        return (rows.int(0, 0) ?? 0, instructions)
    }

    /// Notes that the coordinator has seen it and does it.
    public static func answer(_ number: Int64, _ connection: borrowing Connection) throws {
        try connection.query(sql(PackageResources.instruction_answer_sql), [.int(number)])
    }

    /// Workers of a run's newest coordinator that have not left.
    public static func crew(
        of run: String, _ connection: borrowing Connection
    ) throws -> [String] {
        let rows = try connection.query(sql(PackageResources.crew_here_sql), [.text(run)])
        return (0..<rows.count).compactMap { rows.text($0, 0) }
    }
}
