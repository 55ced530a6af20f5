"""Runs a command beside a real service, a protected API and servers that say what they were sent.

    stage.py ARTIFACT COMMAND…      ARTIFACT: the program that is registered as the app

The command finds everything in the JSON file that BONAFIDE_STAGE names.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "story"))

import opening  # noqa: E402
from echo_server import serve  # noqa: E402
from stage import Authority, Stage, free_port  # noqa: E402

APP_ID, APP_VERSION = "com.example.swift", "1.0.0"


def main() -> int:
    artifact, *command = sys.argv[1:]
    stage = Stage(ROOT / ".demo-swift")
    try:
        opening.service_starts(stage)
        stage.authority = Authority(stage, "api-ca")
        chain, key = stage.authority.issue("api", "localhost")
        _, backup = stage.authority.issue("backup", "localhost")
        stage.api_port = free_port()
        opening.start_api(stage, "api", stage.api_port, chain, key, "acme", binding_header="X-Order")
        stage.bonafide("api", "add", f"https://localhost:{stage.api_port}", "--ca", stage.authority.pem, "--backup-key", backup,
                       "--platform", "linux", "--least-key-level", "software", "--yes")
        stage.bonafide("app", "register", artifact, "--platform", "linux", "--id", APP_ID, "--version", APP_VERSION)
        stage.bonafide("config", "export", "-o", stage.folder / "bonafide.config")
        der = [stage.folder / "api.der", stage.folder / "ca.der"]
        for pem, out in zip([chain, stage.authority.pem], der, strict=True):
            stage.run("openssl", "x509", "-in", pem, "-outform", "DER", "-out", out)
        port = {"protected": serve(chain, key), "other": serve(*stage.authority.issue("other", "127.0.0.1"))}
        port = {name: server.server_address[1] for name, server in port.items()}
        facts = {
            "app": APP_ID,
            "version": APP_VERSION,
            "config": str(stage.folder / "bonafide.config"),
            "folder": str(stage.folder),
            "api": f"https://localhost:{stage.api_port}",
            "echo": f"https://localhost:{port['protected']}",
            "other": f"https://127.0.0.1:{port['other']}",
            "chain": [str(path) for path in der],
        }
        (stage.folder / "stage.json").write_text(json.dumps(facts))
        environment = {
            **os.environ,
            "BONAFIDE_STAGE": str(stage.folder / "stage.json"),
            "BONAFIDE_SWIFT_CA": str(stage.authority.pem),
        }
        return subprocess.run(command, env=environment).returncode
    finally:
        stage.close()


sys.exit(main())
