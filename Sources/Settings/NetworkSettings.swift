// The block `network:` of `partitions.yaml`: texts and paths. What they mean is judged where sockets
// are known (`Messaging`), before anything begins.

import FoundationEssentials

/// Where workers of other machines come in.
public struct NetworkSettings: Codable, Sendable, Equatable {
    /// `tcp://HOST:PORT` of one of this machine's addresses; nil: nowhere.
    public var listen: String?
    /// The coordinator's secret key file, absolute; nil: `keys/coordinator.key` in the state
    /// directory, when it is there.
    public var key: String?
    /// The allow-list, absolute; nil: `allow` beside the key.
    public var allow: String?
    /// A run without any worker for this long ends with 12.
    public var workerWaitMilliseconds: Int

    /// Memberwise, with the defaults of the YAML form.
    public init(
        listen: String? = nil, key: String? = nil, allow: String? = nil,
        workerWaitMilliseconds: Int = SettingsLimits.workerWaitMillisecondsDefault
    ) {
        self.listen = listen
        self.key = key
        self.allow = allow
        self.workerWaitMilliseconds = workerWaitMilliseconds
    }

    /// Puts values of flags or the environment over these; paths start from the current folder.
    public mutating func replace(listen: String?, key: String?, allow: String?) {
        let folder = FileManager.default.currentDirectoryPath
        if let listen { self.listen = listen }
        if let key { self.key = SettingsFile.resolve(key, against: folder) }
        if let allow { self.allow = SettingsFile.resolve(allow, against: folder) }
    }
}

extension YAMLKind where Value == NetworkSettings {
    /// `{listen: tcp://…, key: FILE, allow: FILE, worker_wait: 60s}`, paths relative to a folder.
    static func network(base: String) -> Self {
        map("a map of listen, key, allow and worker_wait") { map in
            let wait =
                SettingsLimits.workerWaitMillisecondsMin...SettingsLimits.workerWaitMillisecondsMax
            return NetworkSettings(
                listen: map.optional("listen", as: .text),
                key: map.optional("key", as: .text).map { SettingsFile.resolve($0, against: base) },
                allow: map.optional("allow", as: .text)
                    .map { SettingsFile.resolve($0, against: base) },
                workerWaitMilliseconds: map.optional(
                    "worker_wait", as: .milliseconds(wait),
                    default: SettingsLimits.workerWaitMillisecondsDefault))
        }
    }
}
