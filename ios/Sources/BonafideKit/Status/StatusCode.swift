/// The closed list of statuses, one table with the service's and the core's.
///
/// The raw values are stable: logs, dashboards and `switch` branches may rest on them. A later version may add a status,
/// so a `switch` over this enum wants a `default`; branch by ``statusClass`` where that will do.
public enum StatusCode: String, Sendable, CaseIterable {
    /// The attestation service could not be reached.
    case noNetwork = "no_network"
    /// The attestation service did not answer in time.
    case poorNetwork = "poor_network"
    /// The attestation service answered that it cannot serve now.
    case serviceUnavailable = "service_unavailable"
    /// The attestation service was asked too often.
    case tooManyRequests = "too_many_requests"
    /// The install key cannot be used right now, for instance because the device is locked.
    case keyUnavailable = "key_unavailable"
    /// The service has not been heard of for longer than the config allows.
    case configStale = "config_stale"
    /// The attestation service sent documents that the app's roots do not vouch for, or older ones; what was held stays.
    case documentsRefused = "documents_refused"
    /// The server's certificates match none of the pins.
    case pinMismatch = "pin_mismatch"
    /// The attestation service's certificate matches none of its pins.
    case servicePinMismatch = "service_pin_mismatch"
    /// The attestation service's certificate is not trusted.
    case serviceUntrusted = "service_untrusted"
    /// A pinned or protected host was asked for over http.
    case cleartextRefused = "cleartext_refused"
    /// Bonafide was not started in time.
    case notStarted = "not_started"
    /// The initial config cannot be used.
    case badInitialConfig = "bad_initial_config"
    /// The development key cannot be read.
    case badDevelopmentKey = "bad_development_key"
    /// The config does not protect this host.
    case hostNotInConfig = "host_not_in_config"
    /// This HTTP client lacks what protection needs.
    case unsupportedClient = "unsupported_client"
    /// This process cannot run Bonafide: its device has another CPU, or it may use neither files nor the network.
    case unsupportedEnvironment = "unsupported_environment"
    /// The request is not of the form that the protocol has.
    case malformedRequest = "malformed_request"
    /// The request is larger than the service reads.
    case requestTooLarge = "request_too_large"
    /// The request's signature does not verify with the key it names.
    case signatureInvalid = "signature_invalid"
    /// The challenge is not one that this service gave.
    case challengeInvalid = "challenge_invalid"
    /// The challenge has expired.
    case challengeExpired = "challenge_expired"
    /// The challenge has been used before.
    case challengeSpent = "challenge_spent"
    /// The service has no such account.
    case unknownAccount = "unknown_account"
    /// The operator's token is missing or unknown.
    case unauthorized = "unauthorized"
    /// The operator's token lacks the scope for this.
    case forbidden = "forbidden"
    /// There is no such thing.
    case notFound = "not_found"
    /// What is there stands against it.
    case conflict = "conflict"
    /// Something failed that should not.
    case internalError = "internal_error"

    /// What the caller should do.
    public var statusClass: StatusClass { row.statusClass }

    /// The HTTP status that the service answers with, where it is the service that says so.
    public var http: Int? { row.http }

    /// Whether the same call may succeed later without anybody changing anything.
    public var retryHelps: Bool { row.retryHelps }

    /// What is wrong, in a sentence without facts.
    public var message: String { row.message }

    /// What to do next.
    public var nextStep: String { row.nextStep }
}

private struct Row {
    let statusClass: StatusClass
    let http: Int?
    let retryHelps: Bool
    let message: String
    let nextStep: String

    init(_ statusClass: StatusClass, _ http: Int?, _ retryHelps: Bool, _ message: String, _ nextStep: String) {
        self.statusClass = statusClass
        self.http = http
        self.retryHelps = retryHelps
        self.message = message
        self.nextStep = nextStep
    }
}

extension StatusCode {
    private var row: Row {
        switch self {
        case .noNetwork:
            Row(
                .retry, nil, true,
                "The attestation service could not be reached.",
                "Check the device's network; the call is retried by itself."
            )
        case .poorNetwork:
            Row(
                .retry, nil, true,
                "The attestation service did not answer in time.",
                "Nothing to do: the call is retried by itself."
            )
        case .serviceUnavailable:
            Row(
                .retry, 503, true,
                "The attestation service answered that it cannot serve now.",
                "Operators: run `bonafide doctor` and look at the service's log."
            )
        case .tooManyRequests:
            Row(
                .retry, 429, true,
                "The attestation service was asked too often.",
                "Wait as long as Retry-After says."
            )
        case .keyUnavailable:
            Row(
                .retry, nil, true,
                "The install key cannot be used right now, for instance because the device is locked.",
                "Nothing to do: the call is retried by itself."
            )
        case .configStale:
            Row(
                .retry, nil, true,
                "The service has not been heard of for longer than the config allows.",
                "Check the device's network; operators: see `stale_after_seconds` in `bonafide config show`."
            )
        case .documentsRefused:
            Row(
                .untrustedChannel, nil, false,
                "The attestation service sent documents that the app's roots do not vouch for, or older ones; what was held stays.",
                "Operators: run `bonafide doctor`; if the service was restored or stolen, `bonafide root rotate`."
            )
        case .pinMismatch:
            Row(
                .untrustedChannel, nil, false,
                "The server's certificates match none of the pins.",
                "If the server's certificate was changed, run `bonafide api check HOST`; if not, somebody intercepts."
            )
        case .servicePinMismatch:
            Row(
                .untrustedChannel, nil, false,
                "The attestation service's certificate matches none of its pins.",
                "If the service's certificate was changed, run `bonafide doctor`; if not, somebody intercepts."
            )
        case .serviceUntrusted:
            Row(
                .untrustedChannel, nil, false,
                "The attestation service's certificate is not trusted.",
                "Check the device's clock; operators: run `bonafide doctor`."
            )
        case .cleartextRefused:
            Row(
                .untrustedChannel, nil, false,
                "A pinned or protected host was asked for over http.",
                "Use https for this URL."
            )
        case .notStarted:
            Row(
                .misconfigured, nil, false,
                "Bonafide was not started in time.",
                "Call start() once at launch, before the first request, and look at the error it reports."
            )
        case .badInitialConfig:
            Row(
                .misconfigured, nil, false,
                "The initial config cannot be used.",
                "Run `bonafide config export` and embed the file it writes."
            )
        case .badDevelopmentKey:
            Row(
                .misconfigured, nil, false,
                "The development key cannot be read.",
                "Copy the whole key that `bonafide device dev-key create` showed; a release is given none."
            )
        case .hostNotInConfig:
            Row(
                .misconfigured, nil, false,
                "The config does not protect this host.",
                "Run `bonafide api add https://HOST`."
            )
        case .unsupportedClient:
            Row(
                .misconfigured, nil, false,
                "This HTTP client lacks what protection needs.",
                "Update the HTTP client to the version that the documentation names."
            )
        case .unsupportedEnvironment:
            Row(
                .misconfigured, nil, false,
                "This process cannot run Bonafide.",
                "Read the message: it says what the device or the process lacks. Start Bonafide in the app's own processes, on a CPU that the app is built for."
            )
        case .malformedRequest:
            Row(
                .bug, 400, false,
                "The request is not of the form that the protocol has.",
                "Report it with the message and the version of the SDK."
            )
        case .requestTooLarge:
            Row(
                .bug, 413, false,
                "The request is larger than the service reads.",
                "Report it with the version of the SDK."
            )
        case .signatureInvalid:
            Row(
                .bug, 400, false,
                "The request's signature does not verify with the key it names.",
                "Report it with the device's model and the version of the SDK."
            )
        case .challengeInvalid:
            Row(
                .retry, 400, true,
                "The challenge is not one that this service gave.",
                "Nothing to do: a new challenge is fetched by itself."
            )
        case .challengeExpired:
            Row(
                .retry, 400, true,
                "The challenge has expired.",
                "Nothing to do: a new challenge is fetched by itself."
            )
        case .challengeSpent:
            Row(
                .retry, 409, true,
                "The challenge has been used before.",
                "Nothing to do: a new challenge is fetched by itself."
            )
        case .unknownAccount:
            Row(
                .misconfigured, 404, false,
                "The service has no such account.",
                "Embed the initial config that this service's `bonafide config export` writes."
            )
        case .unauthorized:
            Row(
                .misconfigured, 401, false,
                "The operator's token is missing or unknown.",
                "Use the token that `bonafide init` wrote."
            )
        case .forbidden:
            Row(
                .misconfigured, 403, false,
                "The operator's token lacks the scope for this.",
                "Use a token with the scope that the message names."
            )
        case .notFound:
            Row(
                .misconfigured, 404, false,
                "There is no such thing.",
                "List what there is and correct the name."
            )
        case .conflict:
            Row(
                .misconfigured, 409, false,
                "What is there stands against it.",
                "Read the message; `--force` overrides where that is possible."
            )
        case .internalError:
            Row(
                .bug, 500, true,
                "Something failed that should not.",
                "Report it with the log of the same time."
            )
        }
    }
}
