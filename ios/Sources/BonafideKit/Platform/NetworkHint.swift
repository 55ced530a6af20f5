#if canImport(Network)
    import CFNetwork
    import Foundation
    import Network

    /// The network, as the system knows it.
    final class NetworkHint: Connectivity {
        private let monitor = NWPathMonitor()
        private let status = Locked(NWPath.Status?.none)

        init() {
            monitor.pathUpdateHandler = { [status] path in status.with { $0 = path.status } }
            monitor.start(queue: DispatchQueue(label: "io.bonafide.network", qos: .utility))
        }

        deinit {
            monitor.cancel()
        }

        func online() -> Bool? {
            switch status.now {
            case .satisfied?: true
            case .unsatisfied?: false
            default: nil
            }
        }

        func proxy() -> String? {
            let settings = CFNetworkCopySystemProxySettings()?.takeRetainedValue() as? [String: Any]
            // The constants of these names are not for iOS; the settings are.
            guard let host = settings?["HTTPSProxy"] as? String, let port = settings?["HTTPSPort"] as? Int, !host.isEmpty else {
                return nil
            }
            return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
#endif
