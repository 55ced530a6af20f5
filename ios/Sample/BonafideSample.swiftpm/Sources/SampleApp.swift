import BonafideKit
import SwiftUI

@main
struct SampleApp: App {
    @State private var login = Login(api: URL(string: "https://localhost:9443")!)

    init() {
        do {
            try Bonafide.start(.sample)
        } catch {
            // What cannot start is the answer to each request as well, and there it is shown.
            print("Bonafide has not started: \(error)")
        }
    }

    var body: some Scene {
        WindowGroup { LoginView(login: login) }
    }
}

extension StartOptions {
    /// A package's resources lie in a bundle of their own; an app made by an Xcode project needs none of this.
    static var sample: StartOptions {
        var options = StartOptions()
        if let file = Bundle.module.url(forResource: "bonafide", withExtension: "config") { options.initialConfig = .file(file) }
        return options
    }
}
