// Where coordinator and local workers meet: a 0700 folder of this process alone.

import FoundationEssentials
import Glibc
import Messaging
import Settings

/// The folder of the coordinator's socket.
enum MeetingPlace {
    /// A socket path must fit 107 bytes; a deep state folder gives way to one under /tmp.
    private static let pathBytesMax = 100

    /// The endpoint of this process, in a folder of its own.
    static func endpoint(state: String) throws -> Endpoint {
        sweep(state: state)
        return try endpoint(state: state, process: getpid())
    }

    /// The endpoint of a coordinator of this machine.
    static func endpoint(state: String, process: Int32) throws -> Endpoint {
        let inside = "\(state)/ipc/\(HostName.mark(of: process))"
        let directory =
            inside.utf8.count + "/coordinator.ipc".utf8.count <= pathBytesMax
            ? inside : "/tmp/kugiri-\(getuid())-\(process)"
        return try Endpoint.ipc(directory: directory)
    }

    /// Where the run's events are published; nil: nowhere.
    static func events(
        _ place: EventsPlace, beside endpoint: Endpoint
    ) throws -> Endpoint? {
        switch place {
        case .off: nil
        case .endpoint(let text): try Endpoint(text)
        case .meetingPlace: try Endpoint("ipc://\(endpoint.directory)/events.ipc")
        }
    }

    /// Removes the folders of coordinators that were killed and could not do so themselves.
    ///
    /// A folder's name is its process with its machine: standbys on others may share the state.
    static func sweep(state: String) {
        let folder = "\(state)/ipc"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names {
            guard HostName.isAlive(mark: name) == false else { continue }
            try? Files.removeDirectory("\(folder)/\(name)")
        }
    }

    /// Removes inputs whose coordinator was killed before they had a run.
    static func sweepArrivals(archive: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: archive)) ?? []
        for name in names where name.hasPrefix(Arrival.arrivingPrefix) {
            let mark = name.dropFirst(Arrival.arrivingPrefix.count)
            guard HostName.isAlive(mark: mark) == false else { continue }
            Files.remove("\(archive)/\(name)")
        }
    }

    /// Removes the folder at the end of the run.
    static func clear(_ endpoint: Endpoint) {
        Files.remove(endpoint.path)
        Files.removeEmptyDirectory(endpoint.directory)
    }
}
