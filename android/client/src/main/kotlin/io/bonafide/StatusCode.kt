package io.bonafide

/**
 * The closed list of statuses, one table with the service's and the core's.
 *
 * The codes are stable: logs, dashboards and `when` branches may rest on them. A later version may add a status, so
 * a `when` over this enum wants an `else` branch; branch by [statusClass] where that will do.
 *
 * @property wireName the stable code, as the header `Bonafide-Status` and error bodies carry it.
 * @property statusClass what the caller should do.
 * @property http the HTTP status that the service answers with, where it is the service that says so.
 * @property retryHelps whether the same call may succeed later without anybody changing anything.
 * @property message what is wrong, in a sentence without facts.
 * @property nextStep what to do next.
 */
public enum class StatusCode(
    public val wireName: String,
    public val statusClass: StatusClass,
    public val http: Int?,
    public val retryHelps: Boolean,
    public val message: String,
    public val nextStep: String,
) {
    /** The attestation service could not be reached. */
    NO_NETWORK(
        wireName = "no_network",
        statusClass = StatusClass.RETRY,
        http = null,
        retryHelps = true,
        message = "The attestation service could not be reached.",
        nextStep = "Check the device's network; the call is retried by itself.",
    ),

    /** The attestation service did not answer in time. */
    POOR_NETWORK(
        wireName = "poor_network",
        statusClass = StatusClass.RETRY,
        http = null,
        retryHelps = true,
        message = "The attestation service did not answer in time.",
        nextStep = "Nothing to do: the call is retried by itself.",
    ),

    /** The attestation service answered that it cannot serve now. */
    SERVICE_UNAVAILABLE(
        wireName = "service_unavailable",
        statusClass = StatusClass.RETRY,
        http = 503,
        retryHelps = true,
        message = "The attestation service answered that it cannot serve now.",
        nextStep = "Operators: run `bonafide doctor` and look at the service's log.",
    ),

    /** The attestation service was asked too often. */
    TOO_MANY_REQUESTS(
        wireName = "too_many_requests",
        statusClass = StatusClass.RETRY,
        http = 429,
        retryHelps = true,
        message = "The attestation service was asked too often.",
        nextStep = "Wait as long as Retry-After says.",
    ),

    /** The install key cannot be used right now, for instance because the device is locked. */
    KEY_UNAVAILABLE(
        wireName = "key_unavailable",
        statusClass = StatusClass.RETRY,
        http = null,
        retryHelps = true,
        message = "The install key cannot be used right now, for instance because the device is locked.",
        nextStep = "Nothing to do: the call is retried by itself.",
    ),

    /** The service has not been heard of for longer than the config allows. */
    CONFIG_STALE(
        wireName = "config_stale",
        statusClass = StatusClass.RETRY,
        http = null,
        retryHelps = true,
        message = "The service has not been heard of for longer than the config allows.",
        nextStep = "Check the device's network; operators: see `stale_after_seconds` in `bonafide config show`.",
    ),

    /** The attestation service sent documents that the app's roots do not vouch for, or older ones; what was held stays. */
    DOCUMENTS_REFUSED(
        wireName = "documents_refused",
        statusClass = StatusClass.UNTRUSTED_CHANNEL,
        http = null,
        retryHelps = false,
        message =
            "The attestation service sent documents that the app's roots do not vouch for, or older ones; what was held stays.",
        nextStep = "Operators: run `bonafide doctor`; if the service was restored or stolen, `bonafide root rotate`.",
    ),

    /** The server's certificates match none of the pins. */
    PIN_MISMATCH(
        wireName = "pin_mismatch",
        statusClass = StatusClass.UNTRUSTED_CHANNEL,
        http = null,
        retryHelps = false,
        message = "The server's certificates match none of the pins.",
        nextStep = "If the server's certificate was changed, run `bonafide api check HOST`; if not, somebody intercepts.",
    ),

    /** The attestation service's certificate matches none of its pins. */
    SERVICE_PIN_MISMATCH(
        wireName = "service_pin_mismatch",
        statusClass = StatusClass.UNTRUSTED_CHANNEL,
        http = null,
        retryHelps = false,
        message = "The attestation service's certificate matches none of its pins.",
        nextStep = "If the service's certificate was changed, run `bonafide doctor`; if not, somebody intercepts.",
    ),

    /** The attestation service's certificate is not trusted. */
    SERVICE_UNTRUSTED(
        wireName = "service_untrusted",
        statusClass = StatusClass.UNTRUSTED_CHANNEL,
        http = null,
        retryHelps = false,
        message = "The attestation service's certificate is not trusted.",
        nextStep = "Check the device's clock; operators: run `bonafide doctor`.",
    ),

    /** A pinned or protected host was asked for over http. */
    CLEARTEXT_REFUSED(
        wireName = "cleartext_refused",
        statusClass = StatusClass.UNTRUSTED_CHANNEL,
        http = null,
        retryHelps = false,
        message = "A pinned or protected host was asked for over http.",
        nextStep = "Use https for this URL.",
    ),

    /** Bonafide was not started in time. */
    NOT_STARTED(
        wireName = "not_started",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "Bonafide was not started in time.",
        nextStep = "Call start() once at launch, before the first request, and look at the error it reports.",
    ),

    /** The initial config cannot be used. */
    BAD_INITIAL_CONFIG(
        wireName = "bad_initial_config",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "The initial config cannot be used.",
        nextStep = "Run `bonafide config export` and embed the file it writes.",
    ),

    /** The development key cannot be read. */
    BAD_DEVELOPMENT_KEY(
        wireName = "bad_development_key",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "The development key cannot be read.",
        nextStep = "Copy the whole key that `bonafide device dev-key create` showed; a release is given none.",
    ),

    /** The config does not protect this host. */
    HOST_NOT_IN_CONFIG(
        wireName = "host_not_in_config",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "The config does not protect this host.",
        nextStep = "Run `bonafide api add https://HOST`.",
    ),

    /** This HTTP client lacks what protection needs. */
    UNSUPPORTED_CLIENT(
        wireName = "unsupported_client",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "This HTTP client lacks what protection needs.",
        nextStep = "Update the HTTP client to the version that the documentation names.",
    ),

    /** This process cannot run Bonafide: its device has another CPU, or it may use neither files nor the network. */
    UNSUPPORTED_ENVIRONMENT(
        wireName = "unsupported_environment",
        statusClass = StatusClass.MISCONFIGURED,
        http = null,
        retryHelps = false,
        message = "This process cannot run Bonafide.",
        nextStep =
            "Read the message: it says what the device or the process lacks. " +
                "Start Bonafide in the app's own processes, on a CPU that the app is built for.",
    ),

    /** The request is not of the form that the protocol has. */
    MALFORMED_REQUEST(
        wireName = "malformed_request",
        statusClass = StatusClass.BUG,
        http = 400,
        retryHelps = false,
        message = "The request is not of the form that the protocol has.",
        nextStep = "Report it with the message and the version of the SDK.",
    ),

    /** The request is larger than the service reads. */
    REQUEST_TOO_LARGE(
        wireName = "request_too_large",
        statusClass = StatusClass.BUG,
        http = 413,
        retryHelps = false,
        message = "The request is larger than the service reads.",
        nextStep = "Report it with the version of the SDK.",
    ),

    /** The request's signature does not verify with the key it names. */
    SIGNATURE_INVALID(
        wireName = "signature_invalid",
        statusClass = StatusClass.BUG,
        http = 400,
        retryHelps = false,
        message = "The request's signature does not verify with the key it names.",
        nextStep = "Report it with the device's model and the version of the SDK.",
    ),

    /** The challenge is not one that this service gave. */
    CHALLENGE_INVALID(
        wireName = "challenge_invalid",
        statusClass = StatusClass.RETRY,
        http = 400,
        retryHelps = true,
        message = "The challenge is not one that this service gave.",
        nextStep = "Nothing to do: a new challenge is fetched by itself.",
    ),

    /** The challenge has expired. */
    CHALLENGE_EXPIRED(
        wireName = "challenge_expired",
        statusClass = StatusClass.RETRY,
        http = 400,
        retryHelps = true,
        message = "The challenge has expired.",
        nextStep = "Nothing to do: a new challenge is fetched by itself.",
    ),

    /** The challenge has been used before. */
    CHALLENGE_SPENT(
        wireName = "challenge_spent",
        statusClass = StatusClass.RETRY,
        http = 409,
        retryHelps = true,
        message = "The challenge has been used before.",
        nextStep = "Nothing to do: a new challenge is fetched by itself.",
    ),

    /** The service has no such account. */
    UNKNOWN_ACCOUNT(
        wireName = "unknown_account",
        statusClass = StatusClass.MISCONFIGURED,
        http = 404,
        retryHelps = false,
        message = "The service has no such account.",
        nextStep = "Embed the initial config that this service's `bonafide config export` writes.",
    ),

    /** The operator's token is missing or unknown. */
    UNAUTHORIZED(
        wireName = "unauthorized",
        statusClass = StatusClass.MISCONFIGURED,
        http = 401,
        retryHelps = false,
        message = "The operator's token is missing or unknown.",
        nextStep = "Use the token that `bonafide init` wrote.",
    ),

    /** The operator's token lacks the scope for this. */
    FORBIDDEN(
        wireName = "forbidden",
        statusClass = StatusClass.MISCONFIGURED,
        http = 403,
        retryHelps = false,
        message = "The operator's token lacks the scope for this.",
        nextStep = "Use a token with the scope that the message names.",
    ),

    /** There is no such thing. */
    NOT_FOUND(
        wireName = "not_found",
        statusClass = StatusClass.MISCONFIGURED,
        http = 404,
        retryHelps = false,
        message = "There is no such thing.",
        nextStep = "List what there is and correct the name.",
    ),

    /** What is there stands against it. */
    CONFLICT(
        wireName = "conflict",
        statusClass = StatusClass.MISCONFIGURED,
        http = 409,
        retryHelps = false,
        message = "What is there stands against it.",
        nextStep = "Read the message; `--force` overrides where that is possible.",
    ),

    /** Something failed that should not. */
    INTERNAL_ERROR(
        wireName = "internal_error",
        statusClass = StatusClass.BUG,
        http = 500,
        retryHelps = true,
        message = "Something failed that should not.",
        nextStep = "Report it with the log of the same time.",
    ),
    ;

    public companion object {
        /** The status with this [wireName], or null for one that this version does not know. */
        @JvmStatic
        public fun of(wireName: String): StatusCode? = entries.firstOrNull { it.wireName == wireName }
    }
}
