// The order of the night: split, validate, barrier, load, requeue, certify, publish. Mirrors
// `RunCoordinator.night` and its steps, which must change together with this.

import Plan

extension SimulatedCoordinator {
    /// The night, from wherever it stands to its end.
    func night(from phase: Phase) {
        switch phase {
        case .split: split()
        case .validate: validate()
        case .load: recut()
        case .certify: certify()
        case .publish: publish()
        }
    }

    private func split() {
        transact { [self] in
            world.database.phase = .validate
            return .done
        } then: { [self] _ in
            validate()
        }
    }

    private func validate() {
        transact { [self] in
            world.database.insertClaims(.validate, world.scenario)
            return .done
        } then: { [self] _ in
            drive(.validate, stagingLost: { [self] in leave(.bug) }) { [self] in passBarrier() }
        }
    }

    /// Nothing is loaded before every key is in exactly one validated interval (PROTOCOL 17).
    private func passBarrier() {
        transact { [self] in
            let isWhole = world.isCovered(.validate)
            guard isWhole || world.removed.contains(.barrierCoverage) else { return .broken }
            if !isWhole { world.find(.loadedBeforeValidated, term) }
            world.database.insertLoadClaims(world.scenario)
            world.database.phase = .load
            return .done
        } then: { [self] _ in
            load()
        }
    }

    /// Somebody has edited the partition table while no coordinator was there.
    private func recut() {
        guard let lows = world.scenario.recutLows else { return load() }
        query { [self] in
            // A late assignment may have been taken: its row is waited for.
            guard !world.database.claims.contains(where: { world.claimLocks[$0.id] != nil })
            else { return nil }
            return fenced { [self] in
                guard !world.database.isRecut else { return .none }
                return world.database.recut(at: lows, world.scenario) ? .done : .broken
            }
        } then: { [self] _ in
            load()
        }
    }

    private func load() {
        driveWithStaging(.load) { [self] in
            query { [self] in
                world.isCovered(.load) ? .done : .broken
            } then: { [self] _ in
                requeue(pass: 0)
            }
        }
    }

    /// Drives a phase that reads staging; what a crash of the server emptied is staged again, and
    /// so is what a coordinator before this one had begun to stage again.
    private func driveWithStaging(_ phase: Phase, then: @escaping () -> Void) {
        query { [self] in
            let isBrokenOff = world.database.claims.contains {
                $0.phase == .validate && !$0.isFinished
            }
            return isBrokenOff && !world.removed.contains(.stagingResumed) ? .stagingLost : .done
        } then: { [self] reply in
            if case .stagingLost = reply {
                return stageAgain { [self] in driveWithStaging(phase, then: then) }
            }
            drive(
                phase,
                stagingLost: { [self] in
                    stageAgain { [self] in driveWithStaging(phase, then: then) }
                }, then: then)
        }
    }

    /// Stages the slices again whose rows are gone (PROTOCOL 8).
    private func stageAgain(then: @escaping () -> Void) {
        guard !world.removed.contains(.untakenFenced) else { return stageLost(then: then) }
        // A claim that was only offered could be taken while its chunks are cut anew.
        transact { [self] in
            for index in world.database.claims.indices
            where !world.database.claims[index].isFinished
                && world.database.claims[index].holder == nil
            {
                world.database.claims[index].epoch += 1
            }
            return .done
        } then: { [self] _ in
            stageLost(then: then)
        }
    }

    private func stageLost(then: @escaping () -> Void) {
        takeBackAll { [self] in
            transact { [self] in
                let lost = world.database.staging.indices.filter {
                    world.database.staging[$0] == nil
                }
                world.database.intervals.removeAll {
                    $0.phase == .validate && lost.contains($0.slice)
                }
                world.database.insertClaims(.validate, world.scenario)
                return .slices(lost)
            } then: { [self] reply in
                guard case .slices(let lost) = reply else { return leave(.bug) }
                world.trace.note(world.now, .stagedAgain, process, lost.count)
                guard !lost.isEmpty else { return then() }
                drive(.validate, stagingLost: { [self] in leave(.bug) }, then: then)
            }
        }
    }

    /// Does conflicts once more: the row locked, read anew, and applied in one transaction.
    ///
    /// Rows that online transactions hold are tried again; what then stays open is skipped.
    private func requeue(pass: Int) {
        query { [self] in
            let open = world.database.conflicts.indices.filter {
                world.database.conflicts[$0].state == .open
            }
            let isLost = open.contains {
                world.database.staging[world.database.conflicts[$0].slice] == nil
            }
            return isLost ? .stagingLost : .conflicts(open)
        } then: { [self] reply in
            guard case .conflicts(let open) = reply else {
                return stageAgain { [self] in requeue(pass: pass) }
            }
            if open.isEmpty { return enterCertify() }
            if pass == SimulatorLimits.requeuePassesMax { return skip() }
            requeue(open[...], pass: pass, isAnyBusy: false)
        }
    }

    private func requeue(_ open: ArraySlice<Int>, pass: Int, isAnyBusy: Bool) {
        guard let conflict = open.first else {
            guard isAnyBusy else { return skip() }
            return world.at(world.now + 100, process) { [self] in
                if !isLeaving { requeue(pass: pass + 1) }
            }
        }
        transact { [self] in
            let key = world.database.conflicts[conflict].key
            guard !world.isLocked(key, for: nil) else { return .held }
            let before = world.database.target[key]
            guard
                world.database.requeue(
                    conflict, version: world.nextVersion(), at: world.now)
            else { return .none }
            world.watchRequeue(key, before: before)
            return .done
        } then: { [self] reply in
            var isBusy = isAnyBusy
            if case .held = reply { isBusy = true }
            requeue(open.dropFirst(), pass: pass, isAnyBusy: isBusy)
        }
    }

    private func skip() {
        transact { [self] in
            for index in world.database.conflicts.indices
            where world.database.conflicts[index].state == .open {
                world.database.conflicts[index].state = .skipped
            }
            return .done
        } then: { [self] _ in
            enterCertify()
        }
    }

    private func enterCertify() {
        transact { [self] in
            world.database.phase = .certify
            return .done
        } then: { [self] _ in
            certify()
        }
    }

    private func certify() {
        transact { [self] in
            world.database.insertClaims(.certify, world.scenario)
            return .done
        } then: { [self] _ in
            driveWithStaging(.certify) { [self] in enterPublish() }
        }
    }

    private func enterPublish() {
        transact { [self] in
            world.database.phase = .publish
            return .done
        } then: { [self] _ in
            publish()
        }
    }

    /// Nothing is published that does not add up.
    private func publish() {
        transact { [self] in
            guard world.proofHolds else { return .broken }
            if world.database.isPublished { world.find(.publishedTwice, term) }
            world.database.isPublished = true
            world.published(by: process, term: term)
            return .done
        } then: { [self] _ in
            leave(.normal)
        }
    }
}
