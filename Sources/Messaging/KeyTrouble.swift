// Faults of files of keys, as values with file and line.

import Glibc

/// What is wrong with files of keys, all of it; never holds any of a secret.
public struct KeyTrouble: Error, Sendable, Equatable, CustomStringConvertible {
    /// One fault.
    public struct Fault: Sendable, Equatable, CustomStringConvertible {
        /// The file.
        public var path: String
        /// From 1; nil: the whole file.
        public var line: Int?
        /// What is wrong and what to do.
        public var reason: String

        /// One line for people.
        public var description: String {
            line.map { "\(path), line \($0): \(reason)" } ?? "\(path): \(reason)"
        }
    }

    /// At least one.
    public var faults: [Fault]

    /// All faults, separated by semicolons.
    public var description: String { faults.map(\.description).joined(separator: "; ") }

    init(faults: [Fault]) { self.faults = faults }

    init(path: String, line: Int? = nil, reason: String) {
        faults = [Fault(path: path, line: line, reason: reason)]
    }

    static func system(_ path: String, _ operation: String, _ code: Int32) -> KeyTrouble {
        let text = unsafe String(cString: strerror(code))
        return KeyTrouble(path: path, reason: "\(operation): \(text)")
    }
}
