import CLinux
import Glibc
import Messaging
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    @Test(arguments: [0, 3, 255] as [Int32])
    func `a child's exit code is told, and told again`(_ code: Int32) throws {
        let child = try start("exit \(code)")

        #expect(end(of: child) == .exited(code: code))
        #expect(child.poll() == .exited(code: code))
        child.kill()
        #expect(child.poll() == .exited(code: code))
    }

    @Test func `a running child has no status until it is ended`() throws {
        let child = try ChildProcess.start(
            executable: "/bin/sleep", arguments: ["60"], environment: nil, output: .inherited)
        #expect(child.poll() == nil)

        child.terminate()

        #expect(end(of: child) == .signalled(SIGTERM))
    }

    @Test func `a child that ignores the request is killed`() throws {
        let place = try TemporaryEndpoint()
        let child = try start("trap '' TERM; echo ready; while :; do sleep 1; done", place)
        #expect(text(of: place, until: "ready\n") == "ready\n")

        child.terminate()
        #expect(child.poll() == nil)
        child.kill()

        #expect(end(of: child) == .signalled(SIGKILL))
    }

    @Test func `output and errors go to the end of the file, arguments and environment arrive`()
        throws
    {
        let place = try TemporaryEndpoint()
        for word in ["one", "two three"] {
            let child = try ChildProcess.start(
                executable: "/bin/sh",
                arguments: ["-c", "echo \"$1\"; echo \"$A\" >&2", "sh", word],
                environment: ["A": "b=c"], output: .file(path: "\(place.directory)/output"))
            #expect(end(of: child) == .exited(code: 0))
        }

        #expect(text(of: place) == "one\nb=c\ntwo three\nb=c\n")
        var status = stat()
        #expect(unsafe stat("\(place.directory)/output", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `a child has clear signals, its standard files only, and its own group`() throws {
        let place = try TemporaryEndpoint()
        let context = try Context()
        let router = try RouterSocket(context, bind: place.endpoint)
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        defer { for descriptor in ends { close(descriptor) } }

        let child = try start(
            "grep -E 'SigBlk|SigIgn' /proc/self/status; ls /proc/$$/fd; ps -o pgid= -p $$", place)

        #expect(end(of: child) == .exited(code: 0))
        let words = text(of: place).split(whereSeparator: \.isWhitespace).map(String.init)
        // glibc's posix_spawn itself ignores 32 and 33, its private signals.
        #expect(
            words == [
                "SigBlk:", "0000000000000000", "SigIgn:", "0000000180000000",
                "0", "1", "2", "\(child.pid)",
            ])
        #expect(try router.receive() == nil)
    }

    @Test func `a program that is not there is an error`() {
        #expect {
            _ = try ChildProcess.start(
                executable: "/nowhere/kugiri", arguments: [], environment: nil,
                output: .inherited)
        } throws: { error in
            (error as? MessagingError)?.code == ENOENT
        }
    }

    private func start(_ script: String) throws -> ChildProcess {
        try ChildProcess.start(
            executable: "/bin/sh", arguments: ["-c", script], environment: nil, output: .inherited)
    }

    private func start(
        _ script: String, _ place: borrowing TemporaryEndpoint
    ) throws -> ChildProcess {
        try ChildProcess.start(
            executable: "/bin/sh", arguments: ["-c", script], environment: nil,
            output: .file(path: "\(place.directory)/output"))
    }

    /// Waits for the end without collecting it, then asks for it.
    private func end(of child: ChildProcess) -> Messaging.ExitStatus? {
        var information = unsafe siginfo_t()
        _ = unsafe waitid(P_PID, UInt32(child.pid), &information, WEXITED | WNOWAIT)
        return child.poll()
    }

    /// The output file; waits until it holds a text when one is given.
    private func text(of place: borrowing TemporaryEndpoint, until expected: String = "") -> String
    {
        let deadline = Monotonic.now() + .milliseconds(patienceMilliseconds)
        while true {
            let descriptor = unsafe open("\(place.directory)/output", O_RDONLY)
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = unsafe descriptor < 0 ? 0 : read(descriptor, &bytes, bytes.count)
            close(descriptor)
            let text = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
            if text.contains(expected) || expected.isEmpty || Monotonic.now() > deadline {
                return text
            }
            sched_yield()
        }
    }
}

/// In processes of their own: signal masks and parents belong to a whole process.
@Suite(.timeLimit(.minutes(1))) struct SignalTests {
    @Test(arguments: [SIGTERM, SIGINT, SIGCHLD, SIGUSR1])
    func `a signal is an event`(_ signal: Int32) async {
        await #expect(processExitsWith: .success) { [signal] in
            let reader = try SignalReader([signal])
            #expect(reader.next() == nil)
            #expect(pthread_kill(pthread_self(), signal) == 0)
            #expect(reader.next() == signal)
            #expect(reader.next() == nil)
        }
    }

    @Test func `a signal wakes a wait`() async {
        await #expect(processExitsWith: .success) {
            let reader = try SignalReader([SIGUSR1, SIGTERM])
            let place = try TemporaryEndpoint()
            let context = try Context()
            let router = try RouterSocket(context, bind: place.endpoint)
            #expect(pthread_kill(pthread_self(), SIGUSR1) == 0)

            let found = try wait(
                router: router, descriptors: [reader.fileDescriptor],
                milliseconds: patienceMilliseconds)

            #expect(
                found == Readiness(socket: false, descriptors: [reader.fileDescriptor]))
            #expect(reader.next() == SIGUSR1)
        }
    }

    @Test func `following the parent asks for SIGKILL at its death`() async {
        await #expect(processExitsWith: .success) {
            #expect(ParentDeath.follow(parent: getppid()))
            var signal: Int32 = 0
            #expect(unsafe kugiri_get_parent_death_signal(&signal) == 0)
            #expect(signal == SIGKILL)
        }
    }

    @Test func `a parent that is already gone cannot be followed`() async {
        await #expect(processExitsWith: .success) {
            #expect(!ParentDeath.follow(parent: Int32.max))
        }
    }
}
