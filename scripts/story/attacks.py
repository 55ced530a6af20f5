"""Acts 10 and 11: tampering, replays, theft, forgery."""

import json
import shutil
import zipfile

import opening
from stage import (
    CLIENT_JAR, RAW_TOKEN_REQUEST, STORY, THIEF, Stage, check, eventually, free_port, request,
)


def altered_client(stage: Stage) -> None:
    altered = stage.folder / CLIENT_JAR.name
    shutil.copy(CLIENT_JAR, altered)
    with zipfile.ZipFile(altered, "a") as jar:
        jar.writestr("tampered.txt", "a class more, a check less")
    client = opening.start_client(stage, "altered-client", jar=altered)
    logins = lambda: [line for line in stage.api.json_lines() if line.get("path") == "/login"]
    before = len(logins())
    answer = opening.login(client)
    check(answer.get("status") == 401, "the API refuses the token with 401", answer)
    # The line comes after the answer.
    reason = eventually(lambda: logins()[before:], "a line in the API's log")[-1]["verdict"]
    check(reason == "decoy", "the API's log tells a decoy from a forgery", reason)
    client.stop()
    row = next(row for row in stage.bonafide_json("appraisals") if not row["passed"])
    check(row["findings"] == ["app_altered"], "the operator sees the finding", row)
    stage.saw(f"the client got a token and a 401; the operator sees {row['findings']} of {row['app']['id']}")


def replays_and_forgeries(stage: Stage) -> None:
    replayed_token_request(stage)
    stolen_token(stage)
    foreign_audience(stage)
    rolled_back_config(stage)
    thief_of_the_config_key(stage)


def api_verdict(stage: Stage, token: str, headers: dict | None = None):
    """Presents a token as a script would: (status, the reason in the API's log)."""
    before = len(stage.api.lines)
    status, body = request(
        f"https://localhost:{stage.api_port}/login", ca=stage.authority.pem,
        headers={"content-type": "application/json", "Bonafide-Token": token, **(headers or {})},
        body=b'{"user":"alice","password":"x"}')
    check(status == 200 or body == b"", "a refusal has no body", body)
    line = eventually(lambda: [json.loads(text) for text in stage.api.lines[before:] if text.startswith("{")], "a line in the log")
    return status, line[-1]["verdict"]


def replayed_token_request(stage: Stage) -> None:
    jws = stage.run(
        RAW_TOKEN_REQUEST, "--config", stage.folder / "bonafide.config", "--state", stage.folder / "raw.storage",
        "--app", opening.APP_ID, "--version", opening.APP_VERSION).strip()
    url = f"https://127.0.0.1:{stage.service_port}/v1/tokens"
    post = lambda: request(url, ca=stage.data / "tls" / "ca.pem", headers={"content-type": "application/jose"}, body=jws.encode())
    first, second = post(), post()
    check(first[0] == 200, "the token request is answered once", first)
    check(second[0] == 409 and json.loads(second[1])["code"] == "challenge_spent", "and never again", second)
    stage.saw("a replayed token request: 409 challenge_spent")


def stolen_token(stage: Stage) -> None:
    answer = stage.client.ask(f"token https://localhost:{stage.api_port}/login order-17")
    check(answer.get("token"), "a token bound to one order", answer)
    check(api_verdict(stage, answer["token"], {"X-Order": "order-18"}) == (401, "binding_mismatch"), "refused for another order")
    check(api_verdict(stage, answer["token"], {"X-Order": "order-17"}) == (200, "accepted"), "accepted for its own")
    stage.saw("a stolen token with another order than it is bound to: 401 (binding_mismatch)")


def foreign_audience(stage: Stage) -> None:
    port = free_port()
    chain, key = stage.authority.issue("shop", "127.0.0.1")
    opening.start_api(stage, "shop", port, chain, key, "shop")
    url = f"https://127.0.0.1:{port}"
    stage.bonafide("api", "add", url, "--ca", stage.authority.pem, "--audience", "shop", "--platform", "jvm",
                   "--least-key-level", "software", "--backup-key", stage.backup_key, "--yes")
    check(stage.client.ask("refresh").get("ok"), "the client learns of the second API")
    answer = stage.client.ask(f"token {url}/login")
    check(answer.get("token"), "a token for the shop", answer)
    check(api_verdict(stage, answer["token"]) == (401, "audience"), "refused by the login API")
    stage.saw("a genuine token of another API: 401 (audience)")


def rolled_back_config(stage: Stage) -> None:
    """Whoever took the service's machine serves a former config, over the service's own pinned key."""
    old = json.loads((stage.folder / "bonafide.config").read_text())
    before = stage.client.ask("status")
    stage.service.stop()
    tls = stage.data / "tls"
    rogue = stage.start("rogue-service", ["python3", STORY / "rogue_service.py", str(stage.service_port),
                                          tls / "server.pem", tls / "server.key", json.dumps({"roots": [], "config": old["config"]})])
    eventually(lambda: any("listening" in line for line in rogue.lines), "the rogue service listens")
    answer = stage.client.ask("refresh")
    rogue.stop()
    opening.start_service(stage)
    after = stage.client.ask("status")
    check(any("/v1/config" in line for line in rogue.lines), "the rogue service was asked", rogue.lines)
    check(answer.get("code") == "documents_refused", "the former config is refused", answer)
    check((before["epoch"], before["version"]) == (after["epoch"], after["version"]), "the client keeps what it held", (before, after))
    stage.saw(f"a rolled-back config: refused ({answer.get('message', '').splitlines()[0]})")


def thief_of_the_config_key(stage: Stage) -> None:
    owners = stage.bonafide_json("config", "show")["content"]
    stage.service.stop()
    stage.run(THIEF, "--data", stage.data, "--host", "localhost")
    opening.start_service(stage)
    stage.client.ask("refresh")
    status = stage.client.ask("status")
    check(status["version"] == 2**53 - 1, "the thief's config with the highest version is taken at first", status)
    check(opening.login(stage.client).get("code") == "pin_mismatch", "and locks the client out")
    stage.bonafide("root", "rotate", "--root-key", stage.root_key,
                   "--content", f"{owners['epoch']}/{owners['version']}", "--yes", show=True)
    healed = eventually(lambda: opening.login(stage.client).get("status") == 200, "the owner's next root supersedes it")
    now = stage.client.ask("status")
    check(healed and now["epoch"] == 2, "the client is of the owner's epoch", now)
    stage.saw(f"a thief's config of version {status['version']}: superseded by the owner's next root (epoch {now['epoch']})")
