import Coordination
import Messaging
import Testing
import Wire

@Suite struct AdmissionTests {
    private let admission = Admission(binaryVersion: "1.0")
    private let local = PeerID(bytes: [0, 1])
    private let osaka = PeerID(bytes: [0, 1], isRemote: true, key: "osaka")
    private let keyless = PeerID(bytes: [0, 2], isRemote: true)

    private func hello(_ name: String, version: String = "1.0", process: Int32 = 7) -> Hello {
        Hello(worker: name, host: "host", pid: process, binaryVersion: version)
    }

    private func refusal(
        _ hello: Hello, _ peer: PeerID, holder: Admission.Holder? = nil, crew: Int = 0
    ) -> String? {
        admission.refusal(of: hello, from: peer, holder: holder, crewCount: crew)
    }

    @Test func `the same version comes in, another one is told both`() {
        #expect(refusal(hello("w1"), local) == nil)
        #expect(refusal(hello("osaka.a"), osaka) == nil)
        let reason = refusal(hello("w1", version: "0.9"), local)
        #expect(reason == "its version is 0.9, the coordinator's 1.0")
    }

    @Test(arguments: [
        "w1", "osaka", "osaka.", ".a", "kyoto.a", "osaka-2.a", "osak.a", "Osaka.a", "osaka a.b",
        "osaka.a\nb", "大阪.a", "",
    ])
    func `a key's worker is called after the key and after nobody else`(_ name: String) {
        #expect(refusal(hello(name), osaka) != nil)
    }

    @Test(arguments: [
        "a\nKGR9013I NORMAL END", "\u{1B}[2J", "=cmd|' /C calc'!A0", "@SUM(1)", "-1", "a,b", "a\"b",
        "a\u{0}b", "a\u{202E}b", "\t", "a\u{9B}",
    ])
    func `a name or host that steers a terminal or a spreadsheet is not taken, locally either`(
        _ text: String
    ) {
        #expect(refusal(hello(text), local) != nil)
        #expect(
            refusal(Hello(worker: "w1", host: text, pid: 7, binaryVersion: "1.0"), local) != nil)
        let remote = Hello(worker: "osaka.a", host: text, pid: 7, binaryVersion: "1.0")
        #expect(refusal(remote, osaka) != nil)
        #expect(refusal(hello("大阪"), local) == nil)
    }

    @Test func `one key serves several workers`() {
        #expect(refusal(hello("osaka.a"), osaka) == nil)
        #expect(refusal(hello("osaka.b.c"), osaka) == nil)
    }

    @Test func `without keys a remote worker still never passes for a local one`() {
        #expect(refusal(hello("guest.1"), keyless) == nil)
        #expect(refusal(hello("w1"), keyless) != nil)
    }

    @Test func `a name in use is the process's that has it, which may come back`() {
        let holder = Admission.Holder(host: "host", process: 7, peer: local)
        let other = PeerID(bytes: [0, 9])
        #expect(refusal(hello("w1", process: 8), other, holder: holder) != nil)
        #expect(refusal(hello("w1", process: 7), other, holder: holder) == nil)
        let gone = Admission.Holder(host: "host", process: 7, peer: nil)
        #expect(refusal(hello("w1", process: 8), other, holder: gone) == nil)
    }

    @Test func `the names of one run are bounded`() {
        #expect(refusal(hello("w1"), local, crew: 2_047) == nil)
        #expect(refusal(hello("w1"), local, crew: 2_048) != nil)
    }
}
