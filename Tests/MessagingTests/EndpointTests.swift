import Glibc
import Messaging
import Testing

@Suite struct EndpointTests {
    @Test func `an ipc endpoint keeps its path`() throws {
        let endpoint = try Endpoint("ipc:///run/kugiri/coordinator.ipc")

        #expect(endpoint.path == "/run/kugiri/coordinator.ipc")
        #expect(endpoint.directory == "/run/kugiri")
        #expect(endpoint == (try Endpoint.ipc(directory: "/run/kugiri")))
        #expect(endpoint == (try Endpoint.ipc(directory: "/run/kugiri/")))
    }

    @Test(arguments: [
        ("tcp://127.0.0.1:5571", EPROTONOSUPPORT), ("inproc://a", EPROTONOSUPPORT),
        ("", EPROTONOSUPPORT), ("/run/kugiri.ipc", EPROTONOSUPPORT), ("ipc://", EINVAL),
        ("ipc://*", EINVAL), ("ipc://@abstract", EINVAL), ("ipc://relative/path", EINVAL),
        ("ipc:///run/kugiri/", EINVAL), ("ipc:///run/a\nb", EINVAL), ("ipc:///run/a\0b", EINVAL),
    ])
    func `any other endpoint is refused`(_ text: String, _ code: Int32) {
        #expect {
            _ = try Endpoint(text)
        } throws: { error in
            (error as? MessagingError)?.code == code
        }
    }

    @Test func `a path may have 107 bytes and no more`() throws {
        let longest = "/" + String(repeating: "p", count: MessagingLimits.pathBytesMax - 1)

        #expect(try Endpoint("ipc://\(longest)").path == longest)
        #expect {
            _ = try Endpoint("ipc://\(longest)p")
        } throws: { error in
            (error as? MessagingError)?.code == ENAMETOOLONG
        }
    }

    @Test func `the directory is made for its owner only, with its parents`() throws {
        let place = try TemporaryEndpoint()
        let endpoint = try Endpoint.ipc(directory: "\(place.directory)/a/b")
        defer {
            unsafe rmdir("\(place.directory)/a/b")
            unsafe rmdir("\(place.directory)/a")
        }

        try endpoint.prepareDirectory()
        try endpoint.prepareDirectory()

        var status = stat()
        #expect(unsafe stat("\(place.directory)/a/b", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o700)
    }

    @Test(arguments: [0o750, 0o701, 0o777] as [mode_t])
    func `a directory open to others is refused`(_ mode: mode_t) throws {
        let place = try TemporaryEndpoint()
        #expect(unsafe chmod(place.directory, mode) == 0)

        #expect {
            try place.endpoint.prepareDirectory()
        } throws: { error in
            (error as? MessagingError)?.message.contains("chmod 700") == true
        }
    }

    @Test func `a link to a directory and a file are refused`() throws {
        let place = try TemporaryEndpoint()
        let link = "\(place.directory)/output"
        #expect(unsafe symlink("/tmp", link) == 0)

        #expect {
            try Endpoint.ipc(directory: link).prepareDirectory()
        } throws: { error in
            (error as? MessagingError)?.code == ENOTDIR
        }
        #expect {
            try Endpoint.ipc(directory: "/etc/passwd").prepareDirectory()
        } throws: { error in
            (error as? MessagingError)?.code == ENOTDIR
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `another user's directory is refused`() throws {
        let place = try TemporaryEndpoint()
        #expect(unsafe chown(place.directory, 12_345, 12_345) == 0)

        #expect {
            try place.endpoint.prepareDirectory()
        } throws: { error in
            (error as? MessagingError)?.message.contains("12345") == true
        }
    }
}
