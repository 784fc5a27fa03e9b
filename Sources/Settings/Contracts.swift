// Where contracts are found: a directory of an operator's own ones, then those built in.

import FoundationEssentials
public import Records

/// The contracts there are, by name.
public enum Contracts {
    /// The names of the contracts built into the program, sorted.
    public static var builtIn: [String] { embedded.keys.sorted() }

    /// The contract of this name.
    ///
    /// - Parameters:
    ///   - name: `[a-z0-9-]+`.
    ///   - directory: Looked at first, `NAME.yaml` and then `ops/contracts/NAME.yaml` in it; nil:
    ///     only the contracts built in.
    /// - Throws: ``SettingsFaults`` when there is none, or when its file is wrong. A wrong file
    ///   is never passed over for one that is built in.
    public static func find(_ name: String, directory: String?) throws -> Contract {
        try find(name, directory: directory, depth: 0)
    }

    /// - Parameter depth: How many contracts are based on this one, on the way here.
    private static func find(
        _ name: String, directory: String?, depth: Int
    ) throws(SettingsFaults) -> Contract {
        guard Words.isName(name) else { throw unknown(name, directory) }
        for folder in folders(directory) {
            let path = "\(folder)/\(name).yaml"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let text = try SettingsFile.read(path)
            return try named(
                name, parse(text, path, directory: directory, depth: depth), path)
        }
        guard let bytes = embedded[name] else { throw unknown(name, directory) }
        let file = "(built in) \(name).yaml"
        return try named(
            name,
            parse(
                String(decoding: bytes, as: UTF8.self), file, directory: directory, depth: depth),
            file)
    }

    private static func parse(
        _ text: String, _ file: String, directory: String?, depth: Int
    ) throws(SettingsFaults) -> Contract {
        try Contract.parse(text, file: file) { base throws(SettingsFaults) in
            guard depth < SettingsLimits.contractBasesMax else {
                throw SettingsFaults([
                    SettingsFault(
                        file: file, path: "based_on",
                        message: "more than \(SettingsLimits.contractBasesMax) contracts are based "
                            + "on one another")
                ])
            }
            return try find(base, directory: directory, depth: depth + 1)
        }
    }

    private static let embedded: [String: [UInt8]] = [
        "bank-branches": PackageResources.bank_branches_yaml,
        "zengin-91-result": PackageResources.zengin_91_result_yaml,
        "zengin-91-result-csv": PackageResources.zengin_91_result_csv_yaml,
    ]

    private static func folders(_ directory: String?) -> [String] {
        directory.map { [$0, "\($0)/ops/contracts"] } ?? []
    }

    private static func named(
        _ name: String, _ contract: Contract, _ file: String
    ) throws(SettingsFaults) -> Contract {
        guard contract.name == name else {
            throw SettingsFaults([
                SettingsFault(
                    file: file, path: "contract",
                    message: "the file is named '\(name)', its contract '\(contract.name)'")
            ])
        }
        return contract
    }

    private static func unknown(_ name: String, _ directory: String?) -> SettingsFaults {
        let files = folders(directory).flatMap { folder in
            (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        }
        let own = files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
        let known = Set(own).union(builtIn).sorted()
        return SettingsFaults([
            SettingsFault(
                file: "contracts", path: name,
                message: "there is no contract of this name; there are: "
                    + known.joined(separator: ", "),
                suggestion: nearest(name, among: known))
        ])
    }
}
