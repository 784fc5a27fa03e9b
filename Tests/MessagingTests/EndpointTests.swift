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
        ("ws://127.0.0.1:5571", EPROTONOSUPPORT), ("udp://127.0.0.1:5571", EPROTONOSUPPORT),
        ("norm://127.0.0.1:5571", EPROTONOSUPPORT), ("pgm://eth0;239.0.0.1:5571", EPROTONOSUPPORT),
        ("tipc://{5571,0}", EPROTONOSUPPORT), ("gssapi://a:5571", EPROTONOSUPPORT),
        ("inproc://a", EPROTONOSUPPORT), ("TCP://127.0.0.1:5571", EPROTONOSUPPORT),
        ("tcp://*:5571", EINVAL), ("tcp://0.0.0.0:5571", EINVAL), ("tcp://[::]:5571", EINVAL),
        ("tcp://127.0.0.1:*", EINVAL), ("tcp://127.0.0.1", EINVAL), ("tcp://127.0.0.1:", EINVAL),
        ("tcp://:5571", EINVAL), ("tcp://127.0.0.1:80", EINVAL), ("tcp://127.0.0.1:0", EINVAL),
        ("tcp://127.0.0.1:32768", EINVAL), ("tcp://127.0.0.1:60999", EINVAL),
        ("tcp://127.0.0.1:99999999999999999999", EINVAL), ("tcp://127.0.0.1:+5571", EINVAL),
        ("tcp://::1:5571", EINVAL), ("tcp://[::1:5571", EINVAL), ("tcp://[::1]", EINVAL),
        ("tcp://[fe80::1%eth0]:5571", EINVAL), ("tcp://[tokyo]:5571", EINVAL),
        ("tcp://127.0.0.1.:5571", EINVAL), ("tcp://eth0;10.0.0.1:5571", EINVAL),
        ("tcp://to kyo:5571", EINVAL), ("tcp://-tokyo:5571", EINVAL),
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

    @Test(arguments: [
        ("tcp://127.0.0.1:1024", true, true, false), ("tcp://127.9.9.9:32767", true, true, false),
        ("tcp://10.0.0.5:5571", false, true, false), ("tcp://[::1]:5571", true, true, true),
        ("tcp://[fd00::5]:5571", false, true, true),
        ("tcp://tokyo.example:5571", false, false, false),
        ("tcp://localhost:5571", false, false, false),
    ])
    func `a tcp endpoint has one host and a port below those the system lends`(
        _ text: String, _ isLoopback: Bool, _ isNumeric: Bool, _ isIPv6: Bool
    ) throws {
        let endpoint = try Endpoint(text)
        let address = try #require(endpoint.address)

        #expect(endpoint.text == text)
        #expect(address.isLoopback == isLoopback)
        #expect(address.isNumeric == isNumeric)
        #expect(address.isIPv6 == isIPv6)
        try endpoint.checkKeys(areGiven: true)
        if isLoopback {
            try endpoint.checkKeys(areGiven: false)
        } else {
            #expect(throws: MessagingError.self) { try endpoint.checkKeys(areGiven: false) }
        }
    }

    @Test func `a refused port says why`() {
        #expect {
            _ = try Endpoint("tcp://127.0.0.1:40000")
        } throws: { error in
            let message = (error as? MessagingError)?.message
            return message?.contains("ip_local_port_range") == true
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
