// The database goes away in every way it can, and answers to COMMIT get lost.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension ChaosKind {
    static let serverKinds = [
        ChaosKind("backend-kill", "one backend SIGKILL: the server restarts", whole: 25) {
            try end(.backend, $0)
        },
        ChaosKind("postmaster-kill", "postmaster SIGKILL, started again", whole: 25) {
            try end(.server(.killed), $0)
        },
        ChaosKind("fast-stop", "server stopped `fast`, started again", whole: 25) {
            try end(.server(.fast), $0)
        },
        ChaosKind("immediate-stop", "server stopped `immediate`, started again", whole: 25) {
            try end(.server(.immediate), $0)
        },
        ChaosKind(
            "commit-cut", "COMMIT or its answer cut off by a proxy", whole: 100, short: 2,
            cutCommits),
    ]

    private enum Way { case backend, server(ServerEnd) }

    private static func end(_ way: Way, _ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        guard trial.await(moment, since: ContinuousClock.now, running) else {
            return try it.expectLoaded(try running.wait())
        }
        switch way {
        case .backend: try killBackend(it.night, trial)
        case .server(let end):
            try it.night.endServer(end)
            trial.sleep(milliseconds: trial.number(0...1_500))
            try it.night.startServer()
        }
        trial.tell("\(moment) ms: the server went away")
        try it.expectOutlived(try running.wait(), trial)
    }

    /// One of the run's own backends; none yet: anybody's.
    private static func killBackend(_ night: Night, _ trial: Trial) throws {
        let backends = try night.texts(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                + "AND application_name LIKE 'kugiri%' ORDER BY pid")
        try night.crashServer(at: backends.isEmpty ? nil : Int32(trial.choose(backends)))
    }

    private static func cutCommits(_ trial: Trial) throws {
        let proxy = try PostgresProxy(server: FleetServer.url)
        let it = try ChaosNight(trial) {
            $0.database = proxy.url(instead: $0.database)
        }
        var passes = Set<Int>()
        for _ in 0..<trial.number(1...3) { passes.insert(trial.number(1...40)) }
        let isForwarded = trial.chance(60)
        trial.tell("cut \(isForwarded ? "the answer to" : "") COMMIT \(passes.sorted())")
        proxy.cut(passes, isForwarded: isForwarded)
        let ended = try it.start().wait()
        trial.tell("\(proxy.commits) commits, \(proxy.cuts) cut")
        proxy.cut([], isForwarded: true)
        try it.expectOutlived(ended, trial)
    }
}
