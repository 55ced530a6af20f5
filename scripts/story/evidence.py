"""Acts 14 and 15: a real phone's Key Attestation, and the same with one bit changed."""

import base64
import functools
import json
import re
import subprocess
from pathlib import Path

from stage import BONAFIDE, ROOT, Stage, check

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)
#: A Pixel 9 Pro; its trusted environment made the key, and Google's servers certified it (remote key provisioning).
PHONE = "android-key-attestation/caiman/sdk36/TEE_EC_RKP"


@functools.cache
def phone() -> tuple[Path, dict]:
    """The chain, and what Google's own tools read in it."""
    folder = subprocess.run(["bash", ROOT / "scripts" / "fetch-corpora"], capture_output=True, text=True)
    check(folder.returncode == 0, "a real phone's evidence", folder.stderr.strip())
    chain = Path(folder.stdout.strip()) / f"{PHONE}.pem"
    return chain, json.loads(chain.with_suffix(".json").read_text())


def verdict_on(stage: Stage, chain: Path, expected: dict, *, later: int = 0, challenge: str | None = None, exit_code: int) -> dict:
    """What `bonafide evidence verify` says of a chain, at the time at which the phone made the key, or `later` seconds."""
    made = int(expected["softwareEnforced"]["creationDateTime"]) // 1000 + 1 + later
    words = ["evidence", "verify", "android-key", chain, "--at", str(made),
             "--challenge", challenge or expected["attestationChallenge"], "--json"]
    return json.loads(stage.run(BONAFIDE, *words, expect=exit_code))


def real_phone_is_accepted(stage: Stage) -> None:
    chain, expected = phone()
    found = verdict_on(stage, chain, expected, exit_code=0)
    check(found["verdict"] == "accepted" and found["challenge"] == "checked", "accepted, its challenge checked", found["reason"])
    differing = [name for name, value in expected.items() if found["evidence"].get(name) != value]
    check(not differing, "everything in it is read as Google's own tools read it", differing)
    model = expected["hardwareEnforced"]["attestationIdModel"]
    stage.saw(f"the key of a {model}: accepted at its time ({found['level']}, {found['provisioning']} provisioning, "
              f"boot {expected['hardwareEnforced']['rootOfTrust']['verifiedBootState']})")

    other = base64.b64encode(b"of another request").decode()
    answered = verdict_on(stage, chain, expected, challenge=other, exit_code=1)["reason"]["message"]
    stage.saw(f"for another challenge: refused ({answered})")
    decades = 30 * 365 * 86_400
    expired = verdict_on(stage, chain, expected, later=decades, exit_code=1)["reason"]["message"]
    stage.saw(f"at another time: refused ({expired})")


def one_bit_is_refused(stage: Stage) -> None:
    chain, expected = phone()
    certificates = [base64.b64decode(block) for block in CERTIFICATE.findall(chain.read_text())]
    # Behind the name and the algorithm lies what is signed; in the first certificate, what the phone says of the key.
    for number, certificate in enumerate(certificates):
        changed = bytearray(certificate)
        place = certificate.index(base64.b64decode(expected["attestationChallenge"])) if number == 0 else len(certificate) // 2
        changed[place] ^= 1
        forged = stage.folder / f"one-bit-{number}.pem"
        forged.write_text("".join(map(pem, certificates[:number] + [bytes(changed)] + certificates[number + 1:])))
        found = verdict_on(stage, forged, expected, exit_code=1)
        check(found["verdict"] == "refused" and not found["verified"], "refused", found)
        stage.saw(f"one bit of certificate {number}: refused ({found['reason']['message']})")
    whole = stage.folder / "no-bit.pem"
    whole.write_text("".join(map(pem, certificates)))
    check(verdict_on(stage, whole, expected, exit_code=0)["verdict"] == "accepted", "the same without a change is accepted")


def pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"
