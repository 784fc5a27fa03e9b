// The coordinator is killed or frozen; a person, a loop or a standby goes on.

import FoundationEssentials
import Glibc
import Testing

extension ChaosKind {
    static let coordinatorKinds = [
        ChaosKind(
            "coordinator-kill", "coordinator SIGKILL, then `resume`", whole: 110, short: 2,
            killCoordinator),
        ChaosKind(
            "coordinator-standby", "coordinator SIGKILL under a standby", whole: 40,
            killUnderStandby),
        ChaosKind(
            "coordinator-stop", "coordinator SIGSTOP, then SIGCONT", whole: 60, stopCoordinator),
        ChaosKind(
            "coordinator-frozen", "coordinator SIGSTOP under a standby, SIGCONT after its takeover",
            whole: 40, freezeUnderStandby),
    ]

    private static func killCoordinator(_ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let moments = try trial.moments(trial.number(1...2))
        try strike(try it.start(), at: moments[0], it, trial)
        // The one who goes on is killed too.
        for moment in moments.dropFirst() {
            let states = try it.night.texts("SELECT state FROM kugiri.run")
            guard states.first != "published" else { break }
            trial.tell("again from \(states)")
            let again =
                try states.isEmpty ? it.start() : it.night.startResume(it.night.onlyRun())
            try strike(again, at: moment / 2, it, trial)
        }
        try it.expectGoesOn(trial)
    }

    private static func strike(
        _ running: Running, at moment: Int, _ it: ChaosNight, _ trial: Trial
    ) throws {
        guard trial.await(moment, since: ContinuousClock.now, running) else { return }
        running.signal(SIGKILL)
        _ = try running.wait()
        trial.tell("\(moment) ms: killed the coordinator")
        try waitUntil("no worker left") { Processes.naming(it.night.folder + "/") == [] }
    }

    private static func killUnderStandby(_ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let standby = try it.night.startStandby()
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        if trial.await(moment, since: ContinuousClock.now, running) {
            running.signal(SIGKILL)
            trial.tell("\(moment) ms: killed the coordinator")
        }
        let ended = try running.wait()
        try settle(ended, standby, it, trial)
    }

    private static func stopCoordinator(_ trial: Trial) throws {
        let it = try ChaosNight(trial) { $0.silence = "2s" }
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        let start = ContinuousClock.now
        if trial.await(moment, since: start, running) {
            let long = trial.number(2_500...5_000)
            running.signal(SIGSTOP)
            trial.tell("\(moment) ms: stopped the coordinator for \(long) ms")
            _ = trial.await(moment + long, since: start, running)
            running.signal(SIGCONT)
        }
        try it.expectLoaded(try running.wait())
    }

    private static func freezeUnderStandby(_ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let standby = try it.night.startStandby()
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        guard trial.await(moment, since: ContinuousClock.now, running) else {
            return try settle(try running.wait(), standby, it, trial)
        }
        running.signal(SIGSTOP)
        trial.tell("\(moment) ms: froze the coordinator")
        // Woken in the middle of the takeover, or after it.
        trial.sleep(milliseconds: trial.number(4_000...11_000))
        running.signal(SIGCONT)
        try settle(try running.wait(), standby, it, trial)
    }

    /// Waits until nobody conducts anything, stops the standby and looks.
    private static func settle(
        _ ended: Ended, _ standby: StandbyProcess, _ it: ChaosNight, _ trial: Trial
    ) throws {
        trial.tell("the coordinator: \(ended.status)")
        let isMade = try it.night.count("SELECT count(*) FROM kugiri.run") == 1
        if isMade { try it.night.published(it.night.onlyRun()) }
        try it.night.quiet(standby)
        try standby.stop()
        // It ended by itself, or was fenced, or was killed; frozen while it connected, it had waited
        // for too long when it went on, and had begun nothing.
        let isFine =
            ended.wasKilled || [it.code, 13].contains(ended.code ?? -1)
            || !isMade && ended.code == 12
        #expect(isFine, "\(ended.status) \(ended.stderr)")
        guard ended.code != it.code else { return try it.expectLoaded(ended) }
        try it.expectGoesOn(trial)
    }
}
