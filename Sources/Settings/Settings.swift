// The whole of `partitions.yaml` after checking: one immutable value, made once at start.

import FoundationEssentials

/// Everything of `partitions.yaml` after checking, with the environment over it.
public struct Settings: Codable, Sendable, Equatable {
    /// By name.
    public var jobs: [String: Job]
    /// Where files are kept.
    public var directories: Directories
    /// A libpq address without password; nil: the private server.
    public var database: String?
    /// How long a run waits for a database that went away or ran full, before it ends with 12; 0: it
    /// does not wait.
    public var databaseWaitMilliseconds = SettingsLimits.databaseWaitMillisecondsDefault
    /// Where workers of other machines come in.
    public var network = NetworkSettings()
    /// Where a run's events are published.
    public var events = EventsPlace.meetingPlace
    /// Finished runs of a job whose run directories stay where they are; older ones go to the
    /// archive.
    public var logGenerations = SettingsLimits.logGenerationsDefault

    /// The grammar's version this program reads.
    public static let version = 1

    /// Memberwise.
    public init(jobs: [String: Job], directories: Directories, database: String?) {
        self.jobs = jobs
        self.directories = directories
        self.database = database
    }

    /// The jobs in the order of their names.
    public var sortedJobs: [Job] { jobs.values.sorted { $0.name < $1.name } }

    /// Stable text of everything, for hashing: equal settings have equal text on every machine.
    ///
    /// It is JSON with sorted keys. Directories are part of it.
    public var canonicalText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            preconditionFailure("settings hold only texts and whole numbers: \(error)")
        }
    }

    /// These settings for a place of their own: nothing they lead to is the real installation's, but
    /// for the contracts beside the settings file, which are read.
    ///
    /// No listening, no events elsewhere, no folders that inputs must lie in.
    public func moved(toFolder folder: String, database: String, job: Job) -> Settings {
        var moved = Settings(
            jobs: [job.name: job],
            directories: Directories(base: directories.base, state: folder), database: database)
        moved.databaseWaitMilliseconds = movedDatabaseWaitMilliseconds
        return moved
    }

    /// `database_wait` of ``moved(toFolder:database:job:)``: a restart must not end a run.
    public var movedDatabaseWaitMilliseconds: Int {
        max(databaseWaitMilliseconds, SettingsLimits.databaseWaitMillisecondsDefault)
    }

    /// Settings that were resolved before, from ``canonicalText``; nil: it is no such text.
    public init?(resolved text: String) {
        guard let settings = try? JSONDecoder().decode(Settings.self, from: Data(text.utf8)) else {
            return nil
        }
        self = settings
    }

    /// Reads and checks a file; relative directories are resolved against the file's folder.
    ///
    /// - Throws: ``SettingsFaults``, also when the file cannot be read.
    public static func load(path: String, environment: [String: String]) throws -> Settings {
        let text = try SettingsFile.read(path)
        return try parse(
            text, file: path, directory: SettingsFile.folder(of: path), environment: environment)
    }

    /// Checks a text; the environment is put over it.
    ///
    /// - Parameters:
    ///   - text: The YAML text.
    ///   - file: Its name in faults.
    ///   - directory: The absolute folder relative directories start from.
    ///   - environment: The process's variables; see ``Overrides/init(environment:)``.
    /// - Throws: Every fault of the text and the environment together.
    public static func parse(
        _ text: String, file: String, directory: String, environment: [String: String]
    ) throws(SettingsFaults) -> Settings {
        let log = FaultLog(file: file, text: text)
        var settings: Settings?
        if let root = YAMLDocument.read(text, log: log) {
            let cursor = YAMLCursor(node: root, path: "", log: log)
            settings = read(cursor, directory: directory)
        }
        let empty = Settings(
            jobs: [:], directories: Directories(base: directory), database: nil)
        do {
            settings = try Overrides(environment: environment).apply(to: settings ?? empty)
        } catch {
            log.add(error)
        }
        try log.throwIfAny()
        guard let settings else { preconditionFailure("settings refused without a fault") }
        return settings
    }

    private static func read(_ cursor: YAMLCursor, directory: String) -> Settings? {
        YAMLKind<Settings>.map("a map that begins with kugiri: \(version)") { map in
            _ = map.required("kugiri", as: .version)
            let database = map.optional("database", as: .database)
            let databaseWait = map.optional(
                "database_wait",
                as: .milliseconds(0...SettingsLimits.databaseWaitMillisecondsMax))
            let directories = map.optional("directories", as: .directories(base: directory))
            let network = map.optional("network", as: .network(base: directory))
            let pairs = map.required("jobs", as: .jobs)
            let events = map.optional("events", as: .events)
            let generations = map.optional(
                "log_generations", as: .integer(1...SettingsLimits.logGenerationsMax))
            guard let pairs else { return nil }
            var settings = Settings(
                jobs: Dictionary(pairs.map { ($0.name, $0) }) { first, _ in first },
                directories: directories ?? Directories(base: directory), database: database)
            if let databaseWait { settings.databaseWaitMilliseconds = databaseWait }
            if let network { settings.network = network }
            if let events { settings.events = events }
            if let generations { settings.logGenerations = generations }
            return settings
        }.read(cursor)
    }
}

/// Where a job's files are kept; all absolute.
public struct Directories: Codable, Sendable, Equatable {
    /// The folder relative paths start from: the settings file's.
    public private(set) var base: String
    /// Everything of this installation, also the private server.
    public private(set) var state: String
    /// One folder per run: logs, certificate, reports.
    public private(set) var runs: String
    /// Slices of inputs while a run needs them.
    public private(set) var spool: String
    /// Inputs as they were received.
    public private(set) var archive: String
    /// The only folders inputs are taken from, with those below them, after links are followed;
    /// nil: the folder that the input's path names.
    public private(set) var inputs: [String]?

    /// Directories resolved against a base; `runs`, `spool` and `archive` lie in `state` when nil.
    public init(
        base: String, state: String = ".kugiri", runs: String? = nil, spool: String? = nil,
        archive: String? = nil, inputs: [String]? = nil
    ) {
        let root = SettingsFile.resolve(state, against: base)
        self.base = base
        self.state = root
        self.runs = runs.map { SettingsFile.resolve($0, against: base) } ?? "\(root)/runs"
        self.spool = spool.map { SettingsFile.resolve($0, against: base) } ?? "\(root)/spool"
        self.archive = archive.map { SettingsFile.resolve($0, against: base) } ?? "\(root)/archive"
        self.inputs = inputs.map { $0.map { SettingsFile.resolve($0, against: base) } }
    }

    /// Moves the state directory; directories that lie below it by default move with it.
    mutating func move(to state: String) {
        let old = self.state
        func kept(_ path: String, _ name: String) -> String? {
            path == "\(old)/\(name)" ? nil : path
        }
        self = Directories(
            base: base, state: state, runs: kept(runs, "runs"), spool: kept(spool, "spool"),
            archive: kept(archive, "archive"), inputs: inputs)
    }
}

extension YAMLKind where Value == Int {
    fileprivate static var version: Self {
        Self { cursor in
            guard cursor.text == String(Settings.version) else {
                return cursor.mismatch("version \(Settings.version) of the grammar")
            }
            return Settings.version
        }
    }
}

extension YAMLKind where Value == String {
    fileprivate static var database: Self {
        Self { cursor in
            guard let address = text.read(cursor) else { return nil }
            guard let message = DatabaseAddress.fault(address) else { return address }
            cursor.fault(message)
            return nil
        }
    }
}

extension YAMLKind where Value == Directories {
    fileprivate static func directories(base: String) -> Self {
        map("a map of directories") { map in
            let state = map.optional("state", as: .text, default: ".kugiri")
            return Directories(
                base: base, state: state, runs: map.optional("runs", as: .text),
                spool: map.optional("spool", as: .text),
                archive: map.optional("archive", as: .text),
                inputs: map.optional("inputs", as: .folders))
        }
    }
}

extension YAMLKind where Value == [String] {
    /// Folders, at least one.
    fileprivate static var folders: Self {
        Self { cursor in
            let expected = "a list of 1 to \(SettingsLimits.inputFoldersMax) folders"
            guard let items = cursor.items(expected) else { return nil }
            guard (1...SettingsLimits.inputFoldersMax).contains(items.count) else {
                cursor.fault("expected \(expected), found \(items.count)")
                return nil
            }
            return items.compactMap { YAMLKind<String>.text.read($0) }
        }
    }
}

extension YAMLKind where Value == [Job] {
    /// The good ones; the faults of the others are in the log.
    fileprivate static var jobs: Self {
        Self { cursor in
            guard let entries = cursor.entries("a map of jobs") else { return nil }
            if entries.isEmpty { cursor.fault("there is no job") }
            return entries.compactMap { entry in
                let name = YAMLKind<String>.name.read(entry.keyCursor)
                return JobReader(name: name ?? entry.key).read(entry.value)
            }
        }
    }
}
