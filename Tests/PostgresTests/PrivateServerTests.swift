// The private server's life: made once, started by several, stopped, found again, removed.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension PostgresTests {
    @Suite struct PrivateServerTests {
        @Test func `two starts at once make one server, which keeps its data over a stop`()
            async throws
        {
            let directory = scratchPath("life")
            let server = PrivateServer(directory: directory)
            #expect(server.url == nil)
            #expect(!server.isRunning)
            try server.stop()
            let urls = try await withThrowingTaskGroup { group in
                for _ in 0..<2 { group.addTask { try server.start() } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            let url = try #require(urls.first)
            #expect(urls.count == 1)
            #expect(server.url == url)
            #expect(server.isRunning)
            try fill(url)

            try server.stop()
            try server.stop()
            #expect(!server.isRunning)
            #expect(try server.start() == url)
            let connection = try Connection(url: url, applicationName: "kugiri/test")
            let kept = try connection.query("SELECT n FROM kept")
            #expect(kept.int(0, 0) == 7)
            let settings = try connection.query(
                """
                SELECT current_setting('listen_addresses'), current_setting('fsync'),
                       current_setting('data_checksums'), current_setting('jit'),
                       current_setting('server_encoding')
                """)
            #expect((0..<5).map { settings.text(0, $0) } == ["", "on", "on", "off", "UTF8"])

            try server.remove()
            try server.remove()
            #expect(!server.isRunning)
            #expect(server.url == nil)
            #expect(!FileManager.default.fileExists(atPath: directory))
        }

        private func fill(_ url: String) throws {
            let connection = try Connection(url: url, applicationName: "kugiri/test")
            try connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        }

        @Test func `a path too long for a socket, or closed to the server's account, works`() throws
        {
            let parent = scratchPath("closed")
            let long = String(repeating: "long name ", count: 9)
            let made = unsafe mkdir(parent, 0o700)
            #expect(made == 0)
            defer { unsafe rmdir(parent) }
            let server = PrivateServer(directory: parent + "/" + long)
            let url = try server.start()
            #expect(server.isRunning)
            let connection = try Connection(url: url, applicationName: "kugiri/test")
            let rows = try connection.query("SELECT current_database(), current_user")
            #expect(rows.text(0, 0) == "kugiri")
            #expect(rows.text(0, 1) == "kugiri")
            try server.remove()
        }

        @Test func `a directory made anew gets data of its own, not those of the one deleted`()
            throws
        {
            let parent = scratchPath("anew")
            let made = unsafe mkdir(parent, 0o700)
            #expect(made == 0)
            defer { unsafe rmdir(parent) }
            let directory = parent + "/postgres"
            let server = PrivateServer(directory: directory)
            let first = try server.start()
            try fill(first)
            try server.stop()
            let location = directory + "/location.txt"
            let note = FileManager.default.contents(atPath: location)
            try FileManager.default.removeItem(atPath: directory)

            let second = try server.start()
            let connection = try Connection(url: second, applicationName: "kugiri/test")
            let tables = try connection.query("SELECT FROM pg_class WHERE relname = 'kept'")
            #expect(tables.count == 0)
            try server.remove()

            // Root's server lies elsewhere: what was left there is still there, and goes now.
            guard let note else { return }
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
            try note.write(to: URL(fileURLWithPath: location))
            let kept = try Connection(url: try server.start(), applicationName: "kugiri/test")
                .query("SELECT n FROM kept")
            #expect(kept.int(0, 0) == 7)
            try server.remove()
        }

        @Test func `a path too long for a socket gets one under the temporary directory`() throws {
            let long = String(repeating: "long", count: 25)
            let server = PrivateServer(directory: scratchPath(long))
            let url = try server.start()
            #expect(url.contains("host=/tmp/kugiri-"))
            let connection = try Connection(url: url, applicationName: "kugiri/test")
            #expect(connection.isUsable == true)
            try server.remove()
        }

        @Test func `a relative directory is refused`() {
            #expect(throws: PrivateServerError.self) {
                try PrivateServer(directory: "here/postgres").start()
            }
        }
    }
}
