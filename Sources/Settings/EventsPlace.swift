// The setting `events`: where a run's events can be heard.

/// Where a run's events are published.
public enum EventsPlace: Codable, Sendable, Equatable {
    /// A socket of the run's own in the coordinator's folder, found through the ledger.
    case meetingPlace
    /// Nowhere.
    case off
    /// At a fixed endpoint, `ipc://PATH`.
    case endpoint(String)
}

extension YAMLKind where Value == EventsPlace {
    /// `on`, `off`, or an endpoint.
    static var events: Self {
        Self { cursor in
            switch cursor.text {
            case "on", "true": return .meetingPlace
            case "off", "false": return .off
            case .some(let text) where text.hasPrefix("ipc:///"): return .endpoint(text)
            default: return cursor.mismatch("on, off, or an endpoint ipc:///PATH")
            }
        }
    }
}
