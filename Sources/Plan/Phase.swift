// The phases of a night, in their order.

/// A phase of a run.
///
/// None starts before the one before it is finished for all partitions.
public enum Phase: String, Codable, Sendable, CaseIterable, Comparable {
    case split, validate, load, certify, publish

    /// The order of the night.
    public static func < (left: Phase, right: Phase) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .split: 0
        case .validate: 1
        case .load: 2
        case .certify: 3
        case .publish: 4
        }
    }
}
