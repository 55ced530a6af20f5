"""Act 13: frida attaches to the running client, and leaves it again."""

from pathlib import Path

import attacks
import opening
from stage import PYTHON, ROOT, Stage, check, eventually

FRIDA_ATTACH = ROOT / "core" / "tests" / "real" / "frida_attach.py"


def verdict_of_next_token(stage: Stage, order: str) -> tuple[str, list[str]]:
    """What the API says of a token that is asked for now, and what the operator sees of it."""
    answer = stage.client.ask(f"token https://localhost:{stage.api_port}/login {order}")
    check(answer.get("token"), "a token, whatever it is worth", answer)
    _, verdict = attacks.api_verdict(stage, answer["token"], {"X-Order": order})
    return verdict, stage.bonafide_json("appraisals")[0]["findings"]


def mappings(process: int) -> str:
    return Path(f"/proc/{process}/maps").read_text()


def frida_attaches(stage: Stage) -> None:
    eventually(lambda: opening.login(stage.client).get("status") == 200, "a login")
    verdict, findings = verdict_of_next_token(stage, "order-before")
    check((verdict, findings) == ("accepted", []), "a clean device before", (verdict, findings))

    frida = stage.start("frida", [PYTHON, FRIDA_ATTACH, stage.client.popen.pid])
    eventually(lambda: "attached" in frida.lines or frida.popen.poll() is not None, "frida attaches")
    check("attached" in frida.lines, "frida attaches", f"its log is {frida.log}")
    verdict, findings = verdict_of_next_token(stage, "order-during")
    check(verdict == "decoy" and "hooking" in findings, "a decoy, and `hooking` for the operator", (verdict, findings))
    stage.saw(f"with frida attached: a decoy, refused by the API; the operator sees {findings}")

    # Killed and not asked to detach, as in core/tests/real: frida's own way of leaving crashes a process now and then.
    frida.popen.kill()
    eventually(lambda: "frida" not in mappings(stage.client.popen.pid), "frida's agent leaves")
    verdict, findings = verdict_of_next_token(stage, "order-after")
    check((verdict, findings) == ("accepted", []), "the device is clean again", (verdict, findings))
    stage.saw("frida is gone: the next token is accepted")
