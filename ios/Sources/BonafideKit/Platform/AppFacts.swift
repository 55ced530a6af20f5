import Foundation

/// The app that this process belongs to. An app extension is part of its app and goes by its names; what runs is measured
/// all the same, and registered with the app.
struct AppFacts: Sendable {
    let id: String
    /// The version that people read; empty where the app has none.
    let version: String
    /// The version that machines compare.
    let build: String
    let executable: URL?
    let isExtension: Bool
    /// Where a config may lie, the nearest first.
    private let folders: [URL]

    init(of bundle: Bundle) {
        // App.app/PlugIns/Share.appex
        let path = bundle.bundleURL
        isExtension = path.pathExtension == "appex"
        let app = isExtension ? Bundle(url: path.deletingLastPathComponent().deletingLastPathComponent()) ?? bundle : bundle
        id = app.bundleIdentifier ?? ""
        version = app.infoDictionary?["CFBundleShortVersionString"] as? String ?? ""
        build = app.infoDictionary?["CFBundleVersion"] as? String ?? ""
        executable = bundle.executableURL
        folders = [bundle, app].compactMap { $0.resourceURL ?? $0.bundleURL }
    }

    /// - Throws: ``BonafideError`` `badInitialConfig` where there is none.
    func configFile() throws -> URL {
        let files = folders.map { $0.appendingPathComponent("bonafide.config") }
        guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw BonafideError(
                .badInitialConfig,
                facts: ["reason": "there is no bonafide.config among the app's resources"],
                detail: "Add what `bonafide config export` wrote to the target's Copy Bundle Resources.")
        }
        return file
    }
}
