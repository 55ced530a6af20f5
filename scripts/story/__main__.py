"""Runs the acts of the story in order; see scripts/demo."""

import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from acts import ACTS
from stage import ActFailed, Stage


def main() -> int:
    arguments = argparse.ArgumentParser(prog="scripts/demo", description="Bonafide's whole story, in acts.")
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write a row per act to FILE")
    arguments.add_argument("--only-built", action="store_true", help="neither set up nor build")
    options = arguments.parse_args()

    rows = []
    stage = Stage(Path(".demo").resolve())
    try:
        for number, (title, act) in enumerate(ACTS, start=1):
            stage.say(f"\nAct {number}. {title}")
            started = time.monotonic()
            row = {"act": number, "title": title, "ok": True, "seen": []}
            stage.seen = row["seen"]
            rows.append(row)
            try:
                act(stage)
            except ActFailed as failure:
                row.update(ok=False, error=str(failure))
            except Exception as failure:  # an act that breaks is an act that did not happen
                row.update(ok=False, error=f"{type(failure).__name__}: {failure}")
                traceback.print_exc()
            row["seconds"] = round(time.monotonic() - started, 1)
            if not row["ok"]:
                stage.say(f"  FAILED: {row['error']}\n  The logs of every process are in {stage.folder / 'logs'}")
                return 1
            stage.say(f"  ok ({row['seconds']} s)")
    finally:
        stage.close()
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
    stage.say(
        f"\nAll {len(rows)} acts happened."
        "\nTry next: scripts/test; docs/architecture.md for the map; README.md to put it before an API of your own."
        "\nThe demo's service and its keys are left in .demo, to look at with: target/debug/bonafide --data .demo/service --help"
    )
    return 0


sys.exit(main())
