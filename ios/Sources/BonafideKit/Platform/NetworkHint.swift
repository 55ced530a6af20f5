#if canImport(Network)
    import CFNetwork
    import Foundation
    import Network

    /// The network, as the system knows it.
    final class NetworkHint: Connectivity {
        private let monitor = Carried(NWPathMonitor())
        private let known = Locked(Bool?.none)

        init() {
            monitor.value.pathUpdateHandler = { [known] path in
                let online: Bool? =
                    switch path.status {
                    case .satisfied: true
                    case .unsatisfied: false
                    default: nil
                    }
                known.with { $0 = online }
            }
            monitor.value.start(queue: DispatchQueue(label: "io.bonafide.network", qos: .utility))
        }

        deinit {
            monitor.value.cancel()
        }

        func online() -> Bool? { known.now }

        func proxy() -> String? {
            let settings = CFNetworkCopySystemProxySettings()?.takeRetainedValue() as? [String: Any]
            // The constants of these names are not for iOS; the settings are.
            guard settings?["HTTPSEnable"] as? Int != 0 else { return nil }
            guard let host = settings?["HTTPSProxy"] as? String, let port = settings?["HTTPSPort"] as? Int, !host.isEmpty else {
                return nil
            }
            return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
#endif
