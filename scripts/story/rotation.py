"""Acts 8 and 9: certificates and keys change under running apps."""

import threading

import opening
from stage import Stage, check, eventually, request, sign_leaf


def serve_with(stage: Stage, chain, key) -> None:
    """Replaces the API's key and certificate; the API reloads them. Waits until it serves the new one."""
    stage.live_key.write_bytes(key.read_bytes())
    stage.live_chain.write_bytes(chain.read_bytes())
    wait_until_served(stage, "localhost", stage.api_port, chain)


def wait_until_served(stage: Stage, host: str, port: int, chain) -> None:
    import ssl

    leaf = chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"

    def served():
        return ssl.get_server_certificate((host, port)).split() == leaf.split()

    eventually(served, f"{host}:{port} serves its new certificate")


class Caller:
    """Logs in again and again, beside what the act does."""

    def __init__(self, client):
        self.client, self.answers, self._stop, self._drop = client, [], threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            if self._drop.is_set():
                self.client.ask("drop-connections")
                self._drop.clear()
            self.answers.append(opening.login(self.client))
            self._stop.wait(0.05)

    def finish(self) -> list[dict]:
        self._stop.set()
        self._thread.join()
        return self.answers

    def connects_anew(self) -> None:
        """Has the next call make a connection of its own: one that is open already keeps the old certificate."""
        self._drop.set()
        eventually(lambda: not self._drop.is_set(), "the client drops its connections")

    def calls_more(self, count: int) -> None:
        goal = len(self.answers) + count
        eventually(lambda: len(self.answers) >= goal, f"{count} more calls")


def announced_rotation(stage: Stage) -> None:
    process = stage.client.popen.pid
    caller = Caller(stage.client)
    try:
        caller.calls_more(3)
        chain, key = stage.authority.issue("second", "localhost")
        stage.bonafide("api", "pin", "localhost", "--next-cert", chain, "--yes", show=True)
        serve_with(stage, chain, key)
        caller.connects_anew()
        caller.calls_more(5)
    finally:
        answers = caller.finish()
    failed = [answer for answer in answers if answer.get("status") != 200]
    check(not failed, "no call fails", failed[:3])
    stage.saw(f"API: new certificate and key; {len(answers)} calls by the running client, 0 failed")

    # The service's own, by a key that no config has ever named.
    tls = stage.data / "tls"
    chain, key = sign_leaf(stage, stage.folder, "service-next", ["127.0.0.1"], tls / "ca.pem", tls / "ca.key")
    stage.service.stop()  # and with it the connections that the client has open
    (tls / "server.key").write_bytes(key.read_bytes())
    (tls / "server.pem").write_bytes(chain.read_bytes())
    opening.start_service(stage)
    wait_until_served(stage, "127.0.0.1", stage.service_port, chain)
    before = stage.client.ask("refresh")
    check(before.get("code") == "service_pin_mismatch",
          "the service's new key is not trusted before it is published", before)
    stage.bonafide("service", "pin", "--add-cert", chain, "--yes", show=True)
    after = stage.client.ask("refresh")
    check(after.get("ok"), "the client recovers through the public config call", after)
    fresh = stage.client.ask(f"token https://localhost:{stage.api_port}/login after-recovery")
    check(fresh.get("ok") and fresh.get("token"), "and gets a fresh token over the pinned channel", fresh)
    check(opening.login(stage.client).get("status") == 200, "the login succeeds")
    check(stage.client.popen.pid == process and stage.client.popen.poll() is None, "it is the same process")
    stage.saw("service: new certificate and key; the same client recovered through the public config call")


def late_rotation(stage: Stage) -> None:
    chain, key = stage.authority.issue("third", "localhost")
    serve_with(stage, chain, key)
    served_before = len(stage.api.json_lines())

    def refused():
        answer = opening.login(stage.client)
        return answer if answer.get("code") == "pin_mismatch" else None

    # Connections that are open already stay good: they were made to the old, pinned key.
    check(stage.client.ask("drop-connections").get("ok"), "the client drops its connections")
    answer = eventually(refused, "calls over new connections fail closed")
    stage.saw("before the pin is published: " + answer["message"].splitlines()[0])
    logins = [line for line in stage.api.json_lines()[served_before:] if line.get("path") == "/login"]
    check(logins == [], "the API saw no request from it", logins)
    stage.bonafide("api", "pin", f"localhost:{stage.api_port}", "--from-server", "--ca", stage.authority.pem, "--yes", show=True)
    healed = eventually(lambda: opening.login(stage.client).get("status") == 200, "the same client heals")
    check(healed, "healed")
    stage.saw("after it: 200, without a restart")
