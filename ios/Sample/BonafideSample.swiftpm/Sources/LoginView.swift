import SwiftUI

struct LoginView: View {
    let login: Login
    @State private var user = ""
    @State private var password = ""
    @State private var outcome = ""

    var body: some View {
        Form {
            TextField("User", text: $user)
                .textInputAutocapitalization(.never)
            SecureField("Password", text: $password)
            Button("Log in") {
                Task { outcome = await login(user: user, password: password) }
            }
            .disabled(user.isEmpty || password.isEmpty)
            Text(outcome)
        }
    }
}
