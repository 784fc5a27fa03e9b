// The question before a command changes what was published: asked of a terminal, or answered by
// `--yes`.

import Glibc
import Journal

/// Whether somebody agrees to what a command is about to change.
package enum Consent: Sendable {
    /// `--yes`.
    case given
    /// There is a terminal to ask.
    case ask
    /// Neither: the command must not begin.
    case impossible

    /// As the command line and standard input say.
    package init(yes: Bool) {
        self = yes ? .given : isatty(STDIN_FILENO) == 1 ? .ask : .impossible
    }

    /// Whether nobody needs to be asked.
    var isGiven: Bool {
        if case .given = self { return true }
        return false
    }

    /// Shows what would change and waits for an answer; only `yes` or `y` agrees.
    ///
    /// - Parameters:
    ///   - facts: What would change, for people.
    ///   - breathe: Called while nobody answers; may throw to stop.
    func agrees(to facts: String, breathe: () throws -> Void) throws -> Bool {
        let terminal = Terminal(.standardError)
        terminal.write(facts)
        guard case .ask = self else { return isGiven }
        terminal.write("Go on? Type yes to go on, anything else leaves all as it is: ")
        while true {
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&input, 1, CoordinationLimits.answerPollMilliseconds)
            if ready > 0 { break }
            try breathe()
        }
        let answer = readLine() ?? ""
        return ["yes", "y"].contains(answer.lowercased().filter { !$0.isWhitespace })
    }
}
