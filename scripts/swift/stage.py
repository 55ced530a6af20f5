"""Runs a command beside a real service, protected APIs and servers that say what they were sent.

    stage.py [--artifact FILE] COMMAND…      FILE: the program that is registered as the app

The command finds everything in the JSON file that BONAFIDE_STAGE names. Python, OpenSSL or LibreSSL, and what
`cargo build -p bonafide-cli -p bonafide-gateway --bins --examples` made are all that it takes, on a Mac too.
"""

import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "story"))

import opening  # noqa: E402
from echo_server import serve  # noqa: E402
from stage import Authority, Stage, free_port, sign, sign_leaf  # noqa: E402

APP_ID, APP_VERSION = "com.example.swift", "1.0.0"


def der(stage: Stage, pem: Path) -> Path:
    """The first certificate of a PEM file, in DER."""
    out = pem.with_suffix(".der")
    stage.run("openssl", "x509", "-in", pem, "-outform", "DER", "-out", out)
    return out


def pin(stage: Stage, pem: Path) -> str:
    """What a config names the key of a certificate by."""
    key = stage.run("openssl", "x509", "-in", pem, "-noout", "-pubkey")
    spki = base64.b64decode("".join(line for line in key.splitlines() if "-----" not in line))
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()


def chains(stage: Stage) -> dict:
    """Certificates that challenges are made of: three leaves of one chain, and one that no chain needs.

    Those of tests/vectors live for a hundred years and have no `serverAuth`: Apple's systems refuse them.
    """
    root = Authority(stage, "chain-root")
    folder = root.folder
    authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
    intermediate, key = sign(stage, folder, "intermediate", "Demo intermediate", authority, root.pem, folder / "ca.key")
    leaves = {"leaf": "api.acme.com", "wildcard": "*.acme.com", "stranger": "evil.example"}
    for name, host in leaves.items():
        sign_leaf(stage, folder, name, [host], intermediate, key)
    files = {
        **{name: folder / f"{name}.leaf.pem" for name in leaves},
        "intermediate": intermediate,
        "root": root.pem,
        "stray": Authority(stage, "chain-stray").pem,
    }
    return {
        name: {"file": str(der(stage, pem)), "pin": pin(stage, pem), "names": [leaves[name]] if name in leaves else []}
        for name, pem in files.items()
    }


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--artifact")
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    asked = arguments.parse_args()
    stage = Stage(ROOT / ".demo-swift")
    try:
        opening.service_starts(stage)
        stage.authority = Authority(stage, "api-ca")
        # A second name, by which the wait for the development API asks.
        chain, key = stage.authority.issue("api", "localhost", "127.0.0.1")
        _, backup = stage.authority.issue("backup", "localhost")
        stage.api_port, development_port = free_port(), free_port()
        opening.start_api(stage, "api", stage.api_port, chain, key, "acme", binding_header="X-Order")
        opening.start_api(stage, "development-api", development_port, chain, key, "acme+dev")
        stage.bonafide("api", "add", f"https://localhost:{stage.api_port}", "--ca", stage.authority.pem, "--backup-key", backup,
                       "--platform", "linux", "--platform", "ios", "--least-key-level", "software", "--yes")
        if asked.artifact:
            stage.bonafide("app", "register", asked.artifact, "--platform", "linux", "--id", APP_ID, "--version", APP_VERSION)
        development = stage.bonafide_json("device", "dev-key", "create", "--name", "tests", "--expires", "8h")
        stage.bonafide("config", "export", "-o", stage.folder / "bonafide.config")
        other_chain, other_key = stage.authority.issue("other", "127.0.0.1")
        port = {"protected": serve(chain, key), "other": serve(other_chain, other_key)}
        port = {name: server.server_address[1] for name, server in port.items()}
        facts = {
            "app": APP_ID,
            "version": APP_VERSION,
            "config": str(stage.folder / "bonafide.config"),
            "folder": str(stage.folder),
            "api": f"https://localhost:{stage.api_port}",
            "developmentApi": f"https://localhost:{development_port}",
            "developmentKey": development["key"],
            "echo": f"https://localhost:{port['protected']}",
            "other": f"https://127.0.0.1:{port['other']}",
            "chain": [str(der(stage, chain)), str(der(stage, stage.authority.pem))],
            "otherChain": [str(der(stage, other_chain)), str(der(stage, stage.authority.pem))],
            "certificates": chains(stage),
        }
        (stage.folder / "stage.json").write_text(json.dumps(facts))
        environment = {
            **os.environ,
            "BONAFIDE_STAGE": str(stage.folder / "stage.json"),
            # xcodebuild hands it to the tests, without what stands before BONAFIDE.
            "TEST_RUNNER_BONAFIDE_STAGE": str(stage.folder / "stage.json"),
            "BONAFIDE_SWIFT_CA": str(stage.authority.pem),
        }
        if sys.platform != "darwin":
            # What a test or Foundation leaves behind lies here, and goes with the next run. Simulators have their own.
            environment["TMPDIR"] = str(stage.folder / "tmp")
            (stage.folder / "tmp").mkdir()
        return subprocess.run(asked.command, env=environment).returncode
    finally:
        stage.close()


sys.exit(main())
