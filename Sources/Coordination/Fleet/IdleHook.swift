// What lets the fleet breathe while the coordinator's own session waits for the server.

/// The idle hook of the coordinator's session.
///
/// The session is there before the fleet is: until then nothing breathes.
final class IdleHook {
    private weak var fleet: Fleet?

    /// Lets this fleet breathe from now on.
    func follow(_ fleet: Fleet) { self.fleet = fleet }

    /// To be called again and again while the session waits.
    func breathe() throws { try fleet?.breathe() }
}
