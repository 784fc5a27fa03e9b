import Testing

@testable import Settings

private let head = """
    kugiri: 1
    jobs: {}

    """

@Test func `without a network block nobody is let in and a run waits a minute`() throws {
    let network = try settings(shortest).network
    #expect(network == NetworkSettings())
    #expect(network.listen == nil)
    #expect(network.workerWaitMilliseconds == 60_000)
}

@Test func `the network block's paths start from the file's folder`() throws {
    let text =
        shortest + """

            network: {listen: "tcp://10.0.0.5:5571", key: keys/a.key, allow: /etc/allow, worker_wait: 5m}
            """
    let network = try settings(text).network
    #expect(
        network
            == NetworkSettings(
                listen: "tcp://10.0.0.5:5571", key: "/srv/kugiri/keys/a.key", allow: "/etc/allow",
                workerWaitMilliseconds: 300_000))
}

@Test func `the environment goes over the network block`() throws {
    let text = shortest + "\nnetwork: {listen: \"tcp://10.0.0.5:5571\", key: keys/a.key}\n"
    let network = try settings(
        text,
        environment: [
            "KUGIRI_LISTEN": "tcp://10.0.0.6:5572", "KUGIRI_KEY": "/run/secrets/key",
            "KUGIRI_ALLOW": "/run/secrets/allow",
        ]
    ).network
    #expect(network.listen == "tcp://10.0.0.6:5572")
    #expect(network.key == "/run/secrets/key")
    #expect(network.allow == "/run/secrets/allow")
}

@Test func `an unknown key of the network block is a fault`() {
    let found = faults(shortest + "\nnetwork: {listne: x, worker_wait: 0s}\n")
    #expect(found.map(\.path) == ["network.listne", "network.worker_wait"])
}
