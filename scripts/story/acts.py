"""The acts, in order."""

import attacks
import evidence
import instrumentation
import interception
import opening
import outage
import rotation

ACTS = [
    ("The service starts, and an account is made", opening.service_starts),
    ("The operator adds the login API: its chain and pins are shown", opening.api_is_added),
    ("The client is registered, and its initial config exported", opening.client_is_registered),
    ("A login succeeds, with a token", opening.login_succeeds),
    ("A proxy whose root the client trusts intercepts: nothing leaves, and it is reported", interception.proxy_gets_nothing),
    ("The control: without Bonafide the same proxy reads the secret", interception.unprotected_client_leaks),
    ("Without the proxy the same client succeeds again", interception.login_succeeds_again),
    ("Certificate and key of the API rotate, then those of the service: no call fails", rotation.announced_rotation),
    ("The API rotates first, the pin is published later: calls fail closed, then heal", rotation.late_rotation),
    ("An altered client gets a token that the API refuses, and the operator sees why", attacks.altered_client),
    ("Replays, stolen tokens, rolled-back and forged configs", attacks.replays_and_forgeries),
    ("The service stops and comes back", outage.service_stops),
    ("frida attaches to the client: the next token is a decoy; once it has left, the device is clean again", instrumentation.frida_attaches),
    ("The Key Attestation of a real phone is accepted at its time", evidence.real_phone_is_accepted),
    ("The same with one bit changed is refused", evidence.one_bit_is_refused),
]
