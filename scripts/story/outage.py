"""Act 12: the service is gone for a while."""

import time

import opening
from stage import Stage, check, eventually


def api_saw(stage: Stage, verdict: str) -> dict:
    """The API's last line, once it has this verdict: an answer may be here before its line."""
    logins = lambda: [line for line in stage.api.json_lines() if line.get("path") == "/login"]
    return eventually(lambda: next((line for line in logins()[-1:] if line["verdict"] == verdict), None), f"the verdict {verdict}")


def service_stops(stage: Stage) -> None:
    fresh = eventually(lambda: opening.login(stage.client).get("status") == 200 and stage.client.ask("status"), "a login")
    stage.service.stop()
    stage.saw("the service is stopped")
    answer = opening.login(stage.client)
    check(answer.get("status") == 200, "a call with a cached token goes on", answer)
    stage.saw("a call with the cached token: 200")

    # Until the token has ended: then the request leaves all the same, says why, and the API refuses it.
    started = time.monotonic()
    slowest = 0.0

    def refused():
        nonlocal slowest
        begun = time.monotonic()
        answer = opening.login(stage.client)
        slowest = max(slowest, time.monotonic() - begun)
        return answer if answer.get("status") == 401 else None

    eventually(refused, "the token ends")
    line = api_saw(stage, "expired")
    check(line.get("device_status") in ("no_network", "poor_network", "service_unavailable"),
          "it left with the last token and a status header", line)
    check(slowest < 60, "nothing hangs", slowest)
    stage.saw(f"after the token's end: sent with Bonafide-Status: {line['device_status']}, refused with 401; "
              f"the slowest call took {slowest:.1f} s of the 5 s that are allowed")

    opening.start_service(stage)
    eventually(lambda: opening.login(stage.client).get("status") == 200, "all heals after the restart")
    stage.saw("the service is back: 200")
