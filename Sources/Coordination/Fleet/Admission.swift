// Who may call itself what. A key says from where a worker comes; its name, chosen by itself, must
// say so too, because claims, logs and reports go by the name.

import Journal
package import Messaging
package import Wire

/// Judges hellos; a value without a socket.
package struct Admission {
    /// This coordinator's; workers must have the same.
    package var binaryVersion: String

    /// Memberwise.
    package init(binaryVersion: String) { self.binaryVersion = binaryVersion }

    /// A worker that already has a name.
    package struct Holder: Equatable {
        package var host: String
        package var process: Int32
        /// nil: it is not connected.
        package var peer: PeerID?

        /// Memberwise.
        package init(host: String, process: Int32, peer: PeerID?) {
            self.host = host
            self.process = process
            self.peer = peer
        }
    }

    /// Why a worker is not taken; nil: it is.
    ///
    /// - Parameters:
    ///   - hello: What it says of itself.
    ///   - peer: Where it came in, and with which key.
    ///   - holder: Who has the name; nil: nobody.
    ///   - crewCount: Names known so far.
    package func refusal(
        of hello: Hello, from peer: PeerID, holder: Holder?, crewCount: Int
    ) -> String? {
        if hello.binaryVersion != binaryVersion {
            return "its version is \(hello.binaryVersion), the coordinator's \(binaryVersion)"
        }
        if peer.isRemote, let reason = nameFault(hello.worker, key: peer.key) { return reason }
        guard !hello.worker.isEmpty else { return "it has no name" }
        // Both go into the ledger, and from there to people's terminals and spreadsheets.
        guard Self.isHarmless(hello.worker), Self.isHarmless(hello.host) else {
            return "its name or its host's holds characters that are none of a name's"
        }
        guard let holder else {
            return crewCount < CoordinationLimits.crewMax
                ? nil : "the run already knows \(crewCount) workers"
        }
        guard let connected = holder.peer, connected != peer,
            (holder.host, holder.process) != (hello.host, hello.pid)
        else { return nil }
        return "its name belongs to process \(holder.process) on \(holder.host)"
    }

    /// Whether a text neither steers a terminal nor starts a formula.
    private static func isHarmless(_ text: String) -> Bool {
        Escaping.escaped(text) == text && RejectText.cell(text) == text
    }

    /// A remote worker is called KEY.SUFFIX, or ANYTHING.SUFFIX where there are no keys: a key's
    /// name has no dot, and a local worker's (w1) has none either, so nobody passes for another.
    private func nameFault(_ name: String, key: String?) -> String? {
        let parts = name.split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "a remote worker's name is KEY.SUFFIX in ASCII, not '\(name)'" }
        guard let key, parts[0] != key else { return nil }
        return "its key is \(key), so its name must begin with '\(key).'"
    }
}
