import BonafideKit
import Foundation

/// Logs in at the demo's API: ordinary requests, in which nothing speaks of protection.
struct Login: Sendable {
    let api: URL
    private let session = Bonafide.session()

    init(api: URL) {
        self.api = api
    }

    /// What to show of it.
    func callAsFunction(user: String, password: String) async -> String {
        var request = URLRequest(url: api.appendingPathComponent("login"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        do {
            request.httpBody = try JSONEncoder().encode(["user": user, "password": password])
            let (_, response) = try await session.data(for: request)
            return "The API answered \((response as? HTTPURLResponse)?.statusCode ?? 0)."
        } catch {
            return error.bonafide.map { "\($0.code.message) \($0.nextStep)" } ?? error.localizedDescription
        }
    }
}
