// The ids of every message, by group; the texts are in `Catalogue/messages.txt`. Those of results and
// drills are in files of their own beside this one.
// A test holds both lists and the arguments named here against each other.

/// Messages 1xxx: run and phases.
extension MessageID {
    /// Arguments: `run`, `job`, `input`, `bytes`, `directory`, `deadline`.
    public static let runStarted: MessageID = "KGR1001I"
    /// Arguments: `run`, `job`, `term`, `done`, `slices`.
    public static let runResumed: MessageID = "KGR1002I"
    /// Arguments: `run`.
    public static let runAlreadyComplete: MessageID = "KGR1003I"
    /// Arguments: `run`, `day`.
    public static let runPurged: MessageID = "KGR1004I"
    /// Arguments: `run`, `term`, `holder`, `since`.
    public static let runTakenOver: MessageID = "KGR1005W"
    /// Arguments: `other`, `holder`, `since`, `run`.
    public static let runSupersedes: MessageID = "KGR1006I"
    /// Arguments: `phase`, `records`, `partitions`.
    public static let phaseStarted: MessageID = "KGR1010I"
    /// Arguments: `phase`, `records`, `elapsed`, `rate`.
    public static let phaseFinished: MessageID = "KGR1011I"
    /// Arguments: `phase`, `done`, `total`, `percent`, `rate`, `workers`.
    public static let phaseProgress: MessageID = "KGR1012I"
    /// Arguments: `partitions`, `slices`, `interval`.
    public static let planMade: MessageID = "KGR1020I"
    /// Arguments: `done`, `slices`.
    public static let planChanged: MessageID = "KGR1021I"
    /// Arguments: `from`, `run`, `to`.
    public static let boundaryMoved: MessageID = "KGR1022I"
    /// Arguments: `run`, `changes`.
    public static let settingsChanged: MessageID = "KGR1023I"
    /// Arguments: `slices`, `rejects`, `budget`.
    public static let barrierPassed: MessageID = "KGR1030I"
    /// Arguments: `run`, `user`, `reason`.
    public static let cancelRequested: MessageID = "KGR1040W"
    /// Arguments: `signal`.
    public static let signalReceived: MessageID = "KGR1041W"
    /// Arguments: `run`, `user`, `coordinator`, `claims`.
    public static let cancelledInstead: MessageID = "KGR1042W"
    /// Arguments: `run`, `deadline`, `phase`, `left`, `total`, `rate`.
    public static let deadlineInDoubt: MessageID = "KGR1043W"
    /// Arguments: `run`, `reason`.
    public static let eventsUnavailable: MessageID = "KGR1045W"
    /// Arguments: `run`, `deadline`, `phase`, `done`, `total`.
    public static let deadlineReached: MessageID = "KGR1050E"
    /// Arguments: `run`, `reason`.
    public static let barrierRefused: MessageID = "KGR1051E"
    /// Arguments: `run`, `before`, `after`.
    public static let recutRefused: MessageID = "KGR1052E"
    /// Arguments: `run`, `elapsed`, `coordinator`, `phase`.
    public static let notStopped: MessageID = "KGR1053E"
    /// Arguments: `run`, `revision`, `scope`, `from`, `reason`.
    public static let revisionOpened: MessageID = "KGR1060I"
    /// Arguments: `revision`, `run`, `inserted`, `updated`, `closed`, `unchanged`, `changed`.
    public static let blastRadius: MessageID = "KGR1061I"
    /// Arguments: `scope`, `run`, `ranges`.
    public static let revisionGrown: MessageID = "KGR1062W"
    /// Arguments: `revision`, `run`.
    public static let revisionWithdrawn: MessageID = "KGR1063W"
    /// Arguments: `run`.
    public static let rerunDeclined: MessageID = "KGR1064W"
    /// Arguments: `run`, `reason`.
    public static let rerunRefused: MessageID = "KGR1065E"
    /// Arguments: `input`, `count`, `run`, `keys`.
    public static let missingKeysDropped: MessageID = "KGR1066W"
    /// Arguments: `input`, `count`, `run`, `keys`.
    public static let missingKeys: MessageID = "KGR1067E"
    /// Arguments: `input`, `run`, `scope`, `partitions`.
    public static let correctionBeyond: MessageID = "KGR1068E"
    /// Arguments: `run`, `restored`, `removed`, `reopened`, `left`.
    public static let backoutDone: MessageID = "KGR1070I"
    /// Arguments: `run`, `busy`, `restored`, `removed`, `reopened`, `left`.
    public static let backoutBusy: MessageID = "KGR1071E"
    /// Arguments: `run`, `reason`.
    public static let backoutRefused: MessageID = "KGR1072E"
    /// Arguments: `target`, `since`, `run`, `partitions`.
    public static let backoutUnfinished: MessageID = "KGR1073E"
    /// Arguments: `partitions`, `run`.
    public static let partitionsTakenBack: MessageID = "KGR1074W"
}

/// Messages 2xxx: input and structure.
extension MessageID {
    /// Arguments: `input`, `bytes`, `sha256`.
    public static let inputArchived: MessageID = "KGR2001I"
    /// Arguments: `input`, `records`, `recordBytes`, `framing`, `groups`.
    public static let inputFramed: MessageID = "KGR2002I"
    /// Arguments: `records`, `slices`, `bytes`.
    public static let splitFinished: MessageID = "KGR2003I"
    /// Arguments: `input`, `reason`.
    public static let inputWaiting: MessageID = "KGR2004I"
    /// Arguments: `input`.
    public static let inputEmpty: MessageID = "KGR2010W"
    /// Arguments: `run`, `reason`.
    public static let spoolAgain: MessageID = "KGR2011W"
    /// Arguments: `input`, `reason`.
    public static let inputMissing: MessageID = "KGR2050E"
    /// Arguments: `input`, `reason`.
    public static let inputNotReady: MessageID = "KGR2051E"
    /// Arguments: `input`.
    public static let inputZeroBytes: MessageID = "KGR2052E"
    /// Arguments: `input`, `record`, `byte`, `found`, `expected`.
    public static let recordLengthWrong: MessageID = "KGR2053E"
    /// Arguments: `input`, `record`, `byte`, `found`, `expected`.
    public static let separatorMixed: MessageID = "KGR2054E"
    /// Arguments: `input`, `record`, `byte`, `found`, `contract`.
    public static let recordTypeUnknown: MessageID = "KGR2055E"
    /// Arguments: `input`, `record`, `byte`, `found`, `previous`.
    public static let recordOrderWrong: MessageID = "KGR2056E"
    /// Arguments: `input`, `count`, `byte`.
    public static let bytesAfterEnd: MessageID = "KGR2057E"
    /// Arguments: `input`, `reason`.
    public static let inputChanged: MessageID = "KGR2058E"
    /// Arguments: `input`, `records`, `limit`.
    public static let keyTooFrequent: MessageID = "KGR2059E"
    /// Arguments: `input`, `reason`, `advice`, `record`, `byte`.
    public static let structureFault: MessageID = "KGR2060E"
    /// Arguments: `input`, `place`, `folders`.
    public static let inputElsewhere: MessageID = "KGR2061E"
}

/// Messages 3xxx: validation and rejects.
extension MessageID {
    /// Arguments: `slice`, `records`, `rejects`, `elapsed`.
    public static let sliceValidated: MessageID = "KGR3001I"
    /// Arguments: `records`, `rejects`.
    public static let validationFinished: MessageID = "KGR3002I"
    /// Arguments: `hits`, `slices`.
    public static let rulesProvedBefore: MessageID = "KGR3003I"
    /// Arguments: `record`, `byte`, `field`, `rule`, `value`.
    public static let recordRejected: MessageID = "KGR3010W"
    /// Arguments: `rejects`, `budget`, `path`.
    public static let rejectsWithinBudget: MessageID = "KGR3011W"
    /// Arguments: `path`, `listed`, `rejects`.
    public static let rejectListCut: MessageID = "KGR3012W"
    /// Arguments: `rejects`, `budget`, `path`.
    public static let rejectsOverBudget: MessageID = "KGR3050E"
    /// Arguments: `rejects`, `partition`, `path`.
    public static let lateRejects: MessageID = "KGR3051E"
    /// Arguments: `key`, `first`, `firstByte`, `second`, `secondByte`.
    public static let uniqueKeyTwice: MessageID = "KGR3052E"
    /// Arguments: `record`, `byte`, `key`, `job`.
    public static let keyOutsideTable: MessageID = "KGR3053E"
}

/// Messages 4xxx: control totals and identity.
extension MessageID {
    /// Arguments: `group`, `name`, `found`.
    public static let controlTotalHolds: MessageID = "KGR4001I"
    /// Arguments: `field`, `value`.
    public static let identityHolds: MessageID = "KGR4002I"
    /// Arguments: `field`, `job`.
    public static let identityNotChecked: MessageID = "KGR4003W"
    /// Arguments: `absent`, `rows`, `share`.
    public static let closeWithinShare: MessageID = "KGR4004I"
    /// Arguments: `group`, `record`, `byte`, `name`, `promised`, `found`.
    public static let controlTotalFails: MessageID = "KGR4050E"
    /// Arguments: `record`, `byte`, `field`, `found`, `expected`.
    public static let identityFails: MessageID = "KGR4051E"
    /// Arguments: `input`, `run`, `date`, `holder`, `since`.
    public static let wrongFile: MessageID = "KGR4052E"
    /// Arguments: `absent`, `rows`, `share`.
    public static let closeShareExceeded: MessageID = "KGR4053E"
    /// Arguments: `job`, `run`, `date`, `holder`, `since`.
    public static let dateAlreadyPublished: MessageID = "KGR4054E"
    /// Arguments: `date`, `job`, `run`, `later`, `holder`, `since`.
    public static let dateOutOfOrder: MessageID = "KGR4055E"
    /// Arguments: `input`, `target`.
    public static let closeByEmptyInput: MessageID = "KGR4056E"
    /// Arguments: `records`, `absent`, `target`, `path`.
    public static let closeInDoubt: MessageID = "KGR4057E"
}

/// Messages 5xxx: load, locks, conflicts.
extension MessageID {
    /// Arguments: `partition`, `chunk`, `inserted`, `updated`, `deleted`, `unchanged`.
    public static let chunkLoaded: MessageID = "KGR5001I"
    /// Arguments: `partition`, `records`, `elapsed`, `conflicts`.
    public static let partitionLoaded: MessageID = "KGR5002I"
    /// Arguments: `conflicts`.
    public static let requeueStarted: MessageID = "KGR5003I"
    /// Arguments: `applied`, `conflicts`.
    public static let requeueFinished: MessageID = "KGR5004I"
    /// Arguments: `partition`, `start`, `end`, `elapsed`, `workers`.
    public static let partitionTimes: MessageID = "KGR5005I"
    /// Arguments: `record`, `byte`, `key`, `change`.
    public static let conflictFound: MessageID = "KGR5010W"
    /// Arguments: `conflicts`, `tolerance`, `path`.
    public static let conflictsWithinTolerance: MessageID = "KGR5011W"
    /// Arguments: `partition`, `elapsed`, `backend`, `application`.
    public static let lockWaitLong: MessageID = "KGR5012W"
    /// Arguments: `partition`, `slice`, `attempts`, `reason`.
    public static let claimSetAside: MessageID = "KGR5013W"
    /// Arguments: `slice`, `partition`, `rows`.
    public static let claimCut: MessageID = "KGR5014I"
    /// Arguments: `conflicts`, `tolerance`, `run`.
    public static let conflictsOverTolerance: MessageID = "KGR5050E"
    /// Arguments: `run`, `holder`, `since`, `process`, `host`.
    public static let runHeld: MessageID = "KGR5051E"
    /// Arguments: `target`, `holder`, `since`.
    public static let targetHeld: MessageID = "KGR5052E"
    /// Arguments: `gate`, `elapsed`, `reason`.
    public static let gateNotClosed: MessageID = "KGR5053E"
    /// Arguments: `run`, `target`, `since`, `holder`, `ending`.
    public static let runHalfLoaded: MessageID = "KGR5054E"
    /// Arguments: `partitions`, `run`, `reason`.
    public static let partitionsFailed: MessageID = "KGR5055E"
    /// Arguments: `partition`, `run`, `rejects`.
    public static let partitionRefused: MessageID = "KGR5056E"
    /// Arguments: `target`, `run`, `holder`, `since`, `process`, `host`.
    public static let targetHeldByRun: MessageID = "KGR5060E"
    /// Arguments: `target`, `run`, `holder`, `since`, `elapsed`.
    public static let targetHeldSilently: MessageID = "KGR5061E"
    /// Arguments: `run`, `holder`, `since`, `ending`.
    public static let runUnfinished: MessageID = "KGR5062E"
    /// Arguments: `run`, `target`, `holder`, `since`, `ending`.
    public static let runUnfinishedLoaded: MessageID = "KGR5063E"
    /// Arguments: `run`, `since`, `by`, `holder`.
    public static let runSuperseded: MessageID = "KGR5064E"
    /// Arguments: `later`, `holder`, `since`, `target`, `run`.
    public static let laterRunLoaded: MessageID = "KGR5065E"
    /// Arguments: `run`, `holder`, `since`, `term`.
    public static let runTakenByOther: MessageID = "KGR5066E"
    /// Arguments: `target`, `run`, `holder`, `since`, `process`, `host`.
    public static let targetHeldByBackout: MessageID = "KGR5067E"
}

/// Messages 6xxx: workers and claims.
extension MessageID {
    /// Arguments: `worker`, `host`, `process`, `version`.
    public static let workerJoined: MessageID = "KGR6001I"
    /// Arguments: `worker`, `reason`.
    public static let workerLeft: MessageID = "KGR6002I"
    /// Arguments: `phase`, `slice`, `worker`, `epoch`.
    public static let claimGranted: MessageID = "KGR6003I"
    /// Arguments: `phase`, `slice`, `worker`, `epoch`.
    public static let claimFinished: MessageID = "KGR6004I"
    /// Arguments: `process`, `worker`.
    public static let workerStarted: MessageID = "KGR6005I"
    /// Arguments: `phase`, `claims`, `elapsed`, `microseconds`, `processor`.
    public static let claimsCost: MessageID = "KGR6006I"
    /// Arguments: `worker`, `elapsed`.
    public static let workerSilent: MessageID = "KGR6010W"
    /// Arguments: `phase`, `slice`, `worker`, `epoch`, `attempt`, `attempts`.
    public static let claimTakenBack: MessageID = "KGR6011W"
    /// Arguments: `phase`, `slice`, `worker`, `reason`, `attempt`, `attempts`.
    public static let claimFailed: MessageID = "KGR6012W"
    /// Arguments: `worker`, `epoch`.
    public static let workerFenced: MessageID = "KGR6013W"
    /// Arguments: `process`, `worker`, `status`.
    public static let workerEnded: MessageID = "KGR6014W"
    /// Arguments: `worker`, `user`, `reason`.
    public static let workerDraining: MessageID = "KGR6015I"
    /// Arguments: `worker`.
    public static let workerDrained: MessageID = "KGR6016I"
    /// Arguments: `run`.
    public static let lastWorkerDrained: MessageID = "KGR6017W"
    /// Arguments: `endpoint`, `keys`.
    public static let doorOpened: MessageID = "KGR6020I"
    /// Arguments: `path`, `keys`.
    public static let allowListRead: MessageID = "KGR6021I"
    /// Arguments: `endpoint`.
    public static let doorWithoutKeys: MessageID = "KGR6022W"
    /// Arguments: `count`, `address`.
    public static let strangersRefused: MessageID = "KGR6023W"
    /// Arguments: `count`, `key`, `reason`.
    public static let messagesMalformed: MessageID = "KGR6024W"
    /// Arguments: `key`.
    public static let keyBanned: MessageID = "KGR6025W"
    /// Arguments: `key`.
    public static let keyRevoked: MessageID = "KGR6026W"
    /// Arguments: `path`, `reason`.
    public static let allowListUnusable: MessageID = "KGR6027W"
    /// Arguments: `worker`, `endpoint`, `reason`.
    public static let coordinatorPlaceGivenUp: MessageID = "KGR6028W"
    /// Arguments: `jobs`, `holder`, `silence`.
    public static let standingBy: MessageID = "KGR6030I"
    /// Arguments: `run`, `job`, `phase`, `holder`, `since`.
    public static let runWatched: MessageID = "KGR6031I"
    /// Arguments: `run`, `job`, `exit`.
    public static let runLeftAlone: MessageID = "KGR6032I"
    /// Arguments: `run`, `holder`, `since`, `reason`, `term`.
    public static let coordinatorGone: MessageID = "KGR6033W"
    /// Arguments: `run`, `exit`.
    public static let takeoverEnded: MessageID = "KGR6034I"
    /// Arguments: `run`, `exit`, `delay`.
    public static let takeoverFailed: MessageID = "KGR6035W"
    /// Arguments: `run`, `job`, `count`, `holder`, `since`.
    public static let runGivenUp: MessageID = "KGR6036E"
    /// Arguments: `reason`.
    public static let standbyBlind: MessageID = "KGR6037W"
    /// Arguments: none.
    public static let standbySees: MessageID = "KGR6038I"
    /// Arguments: `signal`.
    public static let standbyStopped: MessageID = "KGR6039I"
    /// Arguments: `worker`, `host`, `reason`.
    public static let workerRefused: MessageID = "KGR6050E"
    /// Arguments: `phase`, `slice`, `attempts`, `worker`, `reason`, `run`.
    public static let attemptsExhausted: MessageID = "KGR6051E"
    /// Arguments: `elapsed`, `phase`, `run`.
    public static let noWorkers: MessageID = "KGR6052E"
    /// Arguments: `run`, `term`, `holder`.
    public static let termLost: MessageID = "KGR6053E"
    /// Arguments: `worker`, `run`, `elapsed`.
    public static let workerNotLeft: MessageID = "KGR6054E"
    /// Arguments: `worker`, `endpoint`, `reason`.
    public static let refusedByCoordinator: MessageID = "KGR6060E"
    /// Arguments: `worker`, `endpoint`, `key`.
    public static let keyRefused: MessageID = "KGR6061E"
    /// Arguments: `worker`, `endpoint`, `security`.
    public static let securityDiffers: MessageID = "KGR6062E"
    /// Arguments: `worker`, `endpoint`, `elapsed`, `reason`.
    public static let coordinatorUnheard: MessageID = "KGR6063E"
    /// Arguments: `reason`.
    public static let doorOpenToStrangers: MessageID = "KGR6064E"
}

/// Messages 7xxx: database, disk, infrastructure.
extension MessageID {
    /// Arguments: `database`, `host`, `version`, `schema`.
    public static let databaseConnected: MessageID = "KGR7001I"
    /// Arguments: `version`, `directory`.
    public static let privateServerStarted: MessageID = "KGR7002I"
    /// Arguments: `directory`, `available`, `needed`.
    public static let spaceChecked: MessageID = "KGR7003I"
    /// Arguments: `run`, `path`.
    public static let logsArchived: MessageID = "KGR7005I"
    /// Arguments: `database`, `reason`, `attempt`, `attempts`, `delay`.
    public static let databaseReconnecting: MessageID = "KGR7010W"
    /// Arguments: `lines`, `directory`.
    public static let logLinesDropped: MessageID = "KGR7011W"
    /// Arguments: `run`, `reason`.
    public static let pulseFailed: MessageID = "KGR7012W"
    /// Arguments: `run`, `since`, `left`, `reason`.
    public static let databaseAwaited: MessageID = "KGR7013W"
    /// Arguments: `run`, `elapsed`, `term`.
    public static let databaseBack: MessageID = "KGR7014I"
    /// Arguments: `run`, `path`, `reason`.
    public static let logsNotArchived: MessageID = "KGR7015W"
    /// Arguments: `database`, `host`, `reason`, `run`.
    public static let databaseLost: MessageID = "KGR7050E"
    /// Arguments: `statement`, `state`, `partition`, `reason`, `run`.
    public static let statementFailed: MessageID = "KGR7051E"
    /// Arguments: `directory`, `available`, `needed`.
    public static let spaceShort: MessageID = "KGR7052E"
    /// Arguments: `path`, `operation`, `reason`.
    public static let fileFailed: MessageID = "KGR7053E"
    /// Arguments: `endpoint`, `operation`, `reason`.
    public static let messagingFailed: MessageID = "KGR7054E"
    /// Arguments: `run`, `elapsed`, `reason`.
    public static let databaseNotBack: MessageID = "KGR7055E"
}

/// Messages 8xxx: settings.
extension MessageID {
    /// Arguments: `path`, `checksum`.
    public static let settingsRead: MessageID = "KGR8001I"
    /// Arguments: `name`, `value`, `default`.
    public static let toleranceChanged: MessageID = "KGR8010W"
    /// Arguments: `path`, `line`, `column`, `reason`.
    public static let settingsFault: MessageID = "KGR8050E"
    /// Arguments: `contract`, `place`, `reason`.
    public static let contractFault: MessageID = "KGR8051E"
    /// Arguments: `target`, `job`, `reason`.
    public static let targetUnfit: MessageID = "KGR8052E"
    /// Arguments: `database`, `found`, `expected`.
    public static let schemaOutdated: MessageID = "KGR8053E"
    /// Arguments: `job`, `name`, `example`.
    public static let parameterMissing: MessageID = "KGR8054E"
    /// Arguments: `role`, `operation`, `object`.
    public static let permissionMissing: MessageID = "KGR8055E"
    /// Arguments: `command`, `reason`.
    public static let commandFailed: MessageID = "KGR8056E"
    /// Arguments: `place`, `reason`.
    public static let networkFault: MessageID = "KGR8060E"
    /// Arguments: `reason`.
    public static let keyFault: MessageID = "KGR8061E"
}
