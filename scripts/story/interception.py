"""Acts 5 to 7: an intercepting proxy whose root the client trusts."""

import json
import socket

import opening
from stage import MITMDUMP, STORY, Stage, check, eventually, free_port

SECRET = "correct-horse-battery-staple"


def start_proxy(stage: Stage) -> None:
    """Starts mitmproxy; its own CA appears in its folder, and every request that it can read in a file."""
    stage.proxy_port = free_port()
    stage.proxy_log = stage.folder / "proxy-saw.jsonl"
    stage.proxy_log.touch()
    stage.proxy = stage.start(
        "proxy",
        [MITMDUMP, "--quiet", "--listen-host", "127.0.0.1", "--listen-port", stage.proxy_port,
         "--set", f"confdir={stage.proxy_folder}", "--set", f"log_to={stage.proxy_log}", "--ssl-insecure",
         "--scripts", STORY / "proxy_addon.py"],
    )

    def listens():
        check(stage.proxy.popen.poll() is None, "the proxy runs", f"it ended; log: {stage.proxy.log}")
        with socket.socket() as probe:
            return stage.proxy_ca.exists() and probe.connect_ex(("127.0.0.1", stage.proxy_port)) == 0

    eventually(listens, "the proxy listens")


def proxy_saw(stage: Stage, event: str) -> list[dict]:
    rows = [json.loads(line) for line in stage.proxy_log.read_text().splitlines()]
    return [row for row in rows if row["event"] == event]


def proxy_gets_nothing(stage: Stage) -> None:
    client = opening.start_client(stage, "intercepted-client", "--proxy", f"127.0.0.1:{stage.proxy_port}")
    answer = opening.login(client)
    check(not answer.get("ok") and answer.get("code") == "pin_mismatch", "the call is cancelled", answer)
    check(len(proxy_saw(stage, "tls")) > 0, "the client's TLS handshake with the proxy succeeded: its root is trusted",
          stage.proxy_log.read_text())
    check(proxy_saw(stage, "request") == [], "the proxy saw no request", proxy_saw(stage, "request"))
    check(len(answer["served"]) >= 1 and len(answer["expected"]) == 2, "every hash is told", answer)
    log = stage.folder / "logs" / "intercepted-client.log"
    check(all(pin in log.read_text() for pin in answer["served"]), "the hashes are logged")
    stage.saw("the call was cancelled: " + answer["message"])
    stage.saw("handshakes that the proxy completed: %d, requests that it read: 0" % len(proxy_saw(stage, "tls")))

    def report():
        rows = stage.bonafide_json("reports")
        return [row for row in rows if row["host"] == "localhost" and row["served"] == answer["served"]]

    found = eventually(report, "the mismatch report reaches the service")
    stage.saw(f"the operator sees a report: {found[0]['host']} served {found[0]['served'][0]}")
    client.stop()


def unprotected_client_leaks(stage: Stage) -> None:
    client = opening.start_client(
        stage, "unprotected-client", "--proxy", f"127.0.0.1:{stage.proxy_port}", "--unprotected")
    answer = opening.login(client)
    requests = proxy_saw(stage, "request")
    check(any(SECRET in row["body"] for row in requests), "the proxy reads the password", requests)
    stage.saw(f"the proxy read: {requests[-1]['method']} {requests[-1]['url']} {requests[-1]['body']}")
    stage.saw(f"(without a token the API answered {answer.get('status')}; the password was gone all the same)")
    client.stop()


def login_succeeds_again(stage: Stage) -> None:
    answer = opening.login(stage.client)
    check(answer.get("status") == 200, "the login succeeds", answer)
    client = opening.start_client(stage, "intercepted-client")
    again = opening.login(client)
    check(again.get("status") == 200, "the intercepted installation succeeds without the proxy", again)
    client.stop()
    stage.saw("200, for the client of act 4 and for the installation that had been intercepted")
