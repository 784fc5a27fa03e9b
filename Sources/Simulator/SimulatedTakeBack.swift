// Taking claims away (PROTOCOL 11): the epoch first, then the session, then the next worker. Mirrors
// `ClaimDrive.takeBack`, which must change together with this.

import Plan

extension SimulatedCoordinator {
    /// A standby ends the session of a coordinator that stands still, and tries again.
    func endSilentHolder(_ session: Int) {
        run(session) { [self] in
            guard let holder = world.lockHolder, world.isSilent(holder) else {
                return Reply.none
            }
            world.endLater(holder, 5)
            return .done
        } then: { [self] reply in
            guard case .done = reply else { return leave(.held) }
            world.at(world.now + 100, process) { [self] in lockTarget(session) }
        }
    }

    /// Takes back every unfinished claim that a session once took.
    func takeBackAll(then: @escaping () -> Void) {
        query { [self] in
            .claims(world.database.claims.filter { !$0.isFinished && $0.holder != nil })
        } then: { [self] reply in
            guard case .claims(let taken) = reply else { return leave(.infrastructure) }
            takeBack(taken.map(\.id)[...], then: then)
        }
    }

    private func takeBack(_ claims: ArraySlice<Int>, then: @escaping () -> Void) {
        guard let claim = claims.first else { return then() }
        takeBack(claim) { [self] _ in takeBack(claims.dropFirst(), then: then) }
    }

    /// Raises a claim's epoch and ends its holder's session (PROTOCOL 11); the claim as it is then.
    func takeBack(_ claim: Int, then: @escaping (ClaimRow) -> Void) {
        isWaiting = true
        guard let session = guardian ?? world.openSession(process) else {
            return leave(.infrastructure)
        }
        guardian = session
        raise(claim, session, tries: 1, then: then)
    }

    private func raise(
        _ claim: Int, _ session: Int, tries: Int, then: @escaping (ClaimRow) -> Void
    ) {
        run(session, patience: SimulatorLimits.raiseLockTimeout) { [self] in
            guard world.mayConduct(term) else { return .fenced }
            guard world.claimLocks[claim] == nil else { return nil }
            world.keepForCrash(isAsynchronous: false)
            world.database.claims[claim].epoch += 1
            return .claim(world.database.claims[claim])
        } then: { [self] reply in
            switch reply {
            case .claim(let row):
                world.trace.note(world.now, .revoked, claim, row.epoch)
                endHolder(claim, session, row, until: world.now + 30_000, then: then)
            case .lockNotAvailable where tries < SimulatorLimits.raiseTriesMax:
                endBlockers(claim, session, tries: tries, then: then)
            case .fenced: leave(.held)
            default: leave(.infrastructure)
            }
        }
    }

    private func endBlockers(
        _ claim: Int, _ session: Int, tries: Int, then: @escaping (ClaimRow) -> Void
    ) {
        run(session) { [self] in
            if let blocker = world.claimLocks[claim], !world.removed.contains(.termination) {
                world.endLater(blocker, 5)
            }
            return .done
        } then: { [self] reply in
            guard case .done = reply else { return leave(.infrastructure) }
            raise(claim, session, tries: tries + 1, then: then)
        }
    }

    private func endHolder(
        _ claim: Int, _ session: Int, _ row: ClaimRow, until deadline: Int,
        then: @escaping (ClaimRow) -> Void
    ) {
        run(session) { [self] in
            guard let holder = world.database.claims[claim].holder,
                world.sessions[holder].isAlive, !world.removed.contains(.termination)
            else { return Reply.none }
            world.endLater(holder, 5)
            return .done
        } then: { [self] reply in
            switch reply {
            case .done where world.now < deadline:
                world.at(world.now + 5, process) { [self] in
                    endHolder(claim, session, row, until: deadline, then: then)
                }
            case .lost: leave(.infrastructure)
            default:
                isWaiting = false
                then(row)
                pump()
            }
        }
    }
}
