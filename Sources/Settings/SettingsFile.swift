// Settings as files: reading one within its limit, and paths relative to its folder.

import FoundationEssentials

/// Reads settings files and resolves the paths in them.
enum SettingsFile {
    /// The text of a file.
    ///
    /// - Throws: ``SettingsFaults`` when it cannot be read, is too long, or is not UTF-8.
    static func read(_ path: String) throws(SettingsFaults) -> String {
        let bytes: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: resolved(path))
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw fault(path, "this is not a regular file")
            }
            let size = attributes[.size] as? Int ?? (attributes[.size] as? UInt64).map { Int($0) }
            guard let size, size <= SettingsLimits.fileBytesMax else {
                throw fault(
                    path, "the file is longer than \(SettingsLimits.fileBytesMax) bytes")
            }
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch let error as SettingsFaults {
            throw error
        } catch {
            throw fault(path, "the file cannot be read: \(reason(error))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw fault(path, "the file is not UTF-8 text")
        }
        return text
    }

    /// The absolute folder of a file.
    static func folder(of path: String) -> String {
        let absolute = resolve(path, against: FileManager.default.currentDirectoryPath)
        guard let slash = absolute.lastIndex(of: "/"), slash > absolute.startIndex else {
            return "/"
        }
        return String(absolute[..<slash])
    }

    /// An absolute path without `.` and `..`; links are not followed.
    static func resolve(_ path: String, against base: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : "\(base)/\(path)").split(separator: "/") {
            switch part {
            case ".": break
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A link's destination, so that the size is the file's and not the link's.
    private static func resolved(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().path
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? CocoaError else { return "\(error)" }
        switch error.code {
        case .fileReadNoSuchFile: return "there is no such file"
        case .fileReadNoPermission: return "permission denied"
        default: return "error \(error.code.rawValue)"
        }
    }

    private static func fault(_ path: String, _ message: String) -> SettingsFaults {
        SettingsFaults([SettingsFault(file: path, path: "", message: message)])
    }
}
