// Why a run ends before its end: an outcome, and what to tell the operator.

import Glibc
package import Journal
package import Loading
package import Plan

/// A run ends here.
///
/// Thrown by every step of the coordinator.
package struct RunStop: Error {
    package var outcome: Outcome
    /// What happened, where, and what to do; the first is the cause.
    package var messages: [LogMessage]
    /// Whether the run may be resumed; false: it is closed.
    package var isResumable: Bool
    /// More for people, such as the bad byte under a caret.
    package var picture = ""

    /// Memberwise.
    package init(_ outcome: Outcome, _ messages: [LogMessage], isResumable: Bool = false) {
        self.outcome = outcome
        self.messages = messages
        self.isResumable = isResumable
    }

    /// Of SIGINT or SIGTERM.
    init(signal: Int32) {
        self.init(
            signal == SIGINT ? .interrupted : .terminated,
            LogMessage(.signalReceived, ["signal": signal == SIGINT ? "SIGINT" : "SIGTERM"]),
            isResumable: true)
    }

    /// With one message.
    package init(_ outcome: Outcome, _ message: LogMessage, isResumable: Bool = false) {
        self.init(outcome, [message], isResumable: isResumable)
    }
}

/// What `kugiri run` asks for, resolved.
package struct RunRequest: Sendable {
    package var definition: RunDefinition
    package var inputPath: String
    package var settingsHash: String
    /// Tolerances that are not the file's, for the certificate.
    package var tolerances: [RunSummary.Tolerance]
    package var databaseURL: String
    /// The database is the private one: it may be migrated without asking.
    package var isPrivateDatabase: Bool
    /// Replaces this published run of the same job and date.
    package var supersede: String?
    /// Loads an older business date than the last published one.
    package var outOfOrder: Bool
    /// Stops after the barrier.
    package var untilValidate: Bool
    /// Path of this binary, to start workers from.
    package var executable: String
    package var binaryVersion: String
    /// The command as typed, for the audit.
    package var command: String
    package var surroundings: Surroundings
    /// Goes on with an unfinished run of the same input and parameters, under these settings, as
    /// `resume` would; nil: such a run is named and refused.
    package var resuming: EditedSettings?

    /// Memberwise, but for `resuming`.
    package init(
        definition: RunDefinition, inputPath: String, settingsHash: String,
        tolerances: [RunSummary.Tolerance], databaseURL: String, isPrivateDatabase: Bool,
        supersede: String?, outOfOrder: Bool, untilValidate: Bool, executable: String,
        binaryVersion: String, command: String, surroundings: Surroundings
    ) {
        self.definition = definition
        self.inputPath = inputPath
        self.settingsHash = settingsHash
        self.tolerances = tolerances
        self.databaseURL = databaseURL
        self.isPrivateDatabase = isPrivateDatabase
        self.supersede = supersede
        self.outOfOrder = outOfOrder
        self.untilValidate = untilValidate
        self.executable = executable
        self.binaryVersion = binaryVersion
        self.command = command
        self.surroundings = surroundings
    }
}
