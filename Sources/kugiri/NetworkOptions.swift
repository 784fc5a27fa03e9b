// Settings of the network as what the coordinator needs; everything is judged before a run begins.

import Coordination
import Journal
import Messaging
import Plan
import Settings

/// Resolves `network:`.
enum Network {
    /// Where remote workers come in; throws 16 with every fault of endpoint and keys.
    ///
    /// - Parameter listen: The flag's value; nil: what environment or file say.
    static func plan(_ settings: Settings, listen: String? = nil) throws -> NetworkPlan {
        let network = settings.network
        let wait = Duration.milliseconds(network.workerWaitMilliseconds)
        guard let text = listen ?? network.listen else {
            return NetworkPlan(endpoint: nil, security: nil, workerWait: wait)
        }
        let place = listen == nil ? "network.listen" : "--listen"
        do {
            let endpoint = try Endpoint(text)
            guard let address = endpoint.address, address.isNumeric else {
                throw fault(
                    place,
                    "'\(text)' is not tcp://ADDRESS:PORT with an address of this machine, such as "
                        + "tcp://10.0.0.5:5571")
            }
            let security = try security(network, state: settings.directories.state)
            try endpoint.checkKeys(areGiven: security != nil)
            return NetworkPlan(endpoint: endpoint, security: security, workerWait: wait)
        } catch let error as MessagingError {
            throw fault(place, "\(error.operation): \(error.message)")
        } catch let trouble as KeyTrouble {
            throw Refusal(
                .configuration,
                trouble.faults.map {
                    LogMessage(.keyFault, ["reason": $0.description]).line()
                })
        }
    }

    /// The folder of keys unless settings say another.
    static func keysDirectory(state: String) -> String { "\(state)/keys" }

    private static func security(
        _ network: NetworkSettings, state: String
    ) throws -> ServerSecurity? {
        let usual = "\(keysDirectory(state: state))/coordinator.key"
        guard let path = network.key ?? (Files.exists(usual) ? usual : nil) else {
            guard let allow = network.allow else { return nil }
            throw fault("network.allow", "\(allow) is named, but no key of the coordinator")
        }
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        let allow = network.allow ?? "\(folder)/allow"
        guard Files.exists(allow) else {
            throw fault(
                "network.allow",
                "there is no allow-list \(allow); make it with 'kugiri keys allow NAME.pub'")
        }
        _ = try AllowList.read(allow)
        return ServerSecurity(keyFile: try KeyFile(path: path), allowFile: allow)
    }

    private static func fault(_ place: String, _ reason: String) -> Refusal {
        Refusal(
            .configuration,
            [LogMessage(.networkFault, ["place": place, "reason": reason]).line()])
    }
}
