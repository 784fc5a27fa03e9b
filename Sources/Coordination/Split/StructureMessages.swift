// Structure faults as messages: what, where, with the bad byte under a caret, and what to do.

package import Journal
package import Records

/// Structure faults as messages.
package enum StructureMessages {
    /// The message of a fault.
    package static func message(_ fault: StructureFault, input: String) -> LogMessage {
        LogMessage(
            .structureFault,
            [
                "input": input, "record": String(fault.recordNumber),
                "byte": String(fault.fileOffset), "reason": fault.message, "advice": fault.advice,
            ])
    }

    /// The neighbourhood of the bad byte with a caret below it.
    package static func picture(_ fault: StructureFault) -> String {
        guard !fault.line.isEmpty else { return "" }
        return Caret.render(line: fault.line, column: fault.caretColumn + 1)
    }
}
