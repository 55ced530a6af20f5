"""Gathers what scripts/bench measured: a table in docs/performance.md, rows for machines, and an honest verdict."""

import argparse
import gzip
import json
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

sys.path.insert(0, str(ROOT / "scripts" / "android"))
from crates import table as crates  # noqa: E402

HEAD = """# Performance
Written by `scripts/bench`; run it again to see your machine's. Figures of a machine that others share are noisy: what
compares was measured side by side in one run, and stands as a ratio.

Measured on: {machine}.

| what | value | goal | met | against |
|---|---|---|---|---|
"""

TAIL = """
| figure | command |
|---|---|
| pin check, start in Rust | `cargo bench -p bonafide-core --bench check_pins` |
| quick probes | `cargo bench -p bonafide-core --bench quick_probes` |
| verification | `cargo bench -p bonafide-gateway --bench verify` |
| packages | `cargo run --release -p bonafide-package --features registration --example digest_speed` |
| evidence | `cargo bench -p bonafide-attestation --bench verify --bench app_attest` |
| service | `cargo run --release -p bonafide-service --example load` |
| Kotlin | `scripts/bench-kotlin` |
| size | `scripts/build-host`; for phones `scripts/build-android`, `scripts/build-ios` |
"""

SIZE = """
## Where the size goes
The library for Android on arm64: its code by crate (`scripts/android/crates.py`), generic code counted where it was
written, and its sections.

"""


def criterion(path: str) -> float:
    """The median of a criterion benchmark's last run, in nanoseconds."""
    return json.loads((TARGET / "criterion" / path / "new" / "estimates.json").read_text())["median"]["point_estimate"]


def row(name: str, value: float, unit: str, goal: str | None, against: str = "") -> dict:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "against": against}


def evidence(name: str, group: str, whole: str) -> dict:
    """A verification of evidence against its signature checks alone."""
    alone = criterion(f"{group}/signatures")
    return row(f"{name} verification, against its signature checks alone", criterion(f"{group}/{whole}") / alone, "ratio",
               "<= 3", f"{alone / 1e3:.1f} µs")


def measured(rows: Path) -> list[dict]:
    library = next((ROOT / "android" / "native" / "generated" / "resources").glob("*/libbonafide.*")).read_bytes()
    bare = criterion("verify/library")
    found = [
        row("check_pins, 3 certificates, cold", criterion("check_pins_cold") / 1e3, "µs", "<= 10"),
        row("check_pins, chain seen before", criterion("check_pins_seen") / 1e3, "µs", "<= 1"),
        row("start with a stored config", criterion("start_stored") / 1e6, "ms", "<= 5"),
        row("quick probes before a token", criterion("quick_probes") / 1e6, "ms", "<= 20"),
        row("verification in the gateway, against the bare library call", criterion("verify/gateway") / bare, "ratio",
            "<= 1.1", f"{bare / 1e3:.1f} µs"),
        evidence("Key Attestation", "android_key", "verify"),
        evidence("App Attest", "app_attest", "attestation"),
    ]
    for file in sorted(rows.glob("*.json")):
        found += [{**one, "value": round(one["value"], 3)} for one in json.loads(file.read_text())]
    found += [
        row("library for this host, stripped", len(library) / 1e6, "MB", None),
        row("library for this host, zipped", len(gzip.compress(library)) / 1e6, "MB", None),
    ]
    return found


def met(found: dict) -> str:
    """Whether the goal is met; a figure without one stands for comparison."""
    if found["goal"] is None:
        return "–"
    sign, limit = str(found["goal"]).split() if isinstance(found["goal"], str) else ("<=", found["goal"])
    reached = found["value"] <= float(limit) if sign == "<=" else found["value"] >= float(limit)
    return "yes" if reached else "**no**"


def line(found: dict) -> str:
    goal = found["goal"] if isinstance(found["goal"], str) else "" if found["goal"] is None else f"<= {found['goal']}"
    return f"| {found['name']} | {found['value']} {found['unit']} | {goal} | {met(found)} | {found['against'] or ''} |"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("rows", type=Path)
    arguments.add_argument("--json", type=Path, metavar="FILE")
    options = arguments.parse_args()
    found = measured(options.rows)
    lines = [line(one) for one in found]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    text = HEAD.format(machine=machine) + "\n".join(lines) + "\n" + TAIL + SIZE
    symbols = TARGET / "android" / "symbols" / "arm64-v8a" / "libbonafide.so"
    text += crates(symbols) if symbols.exists() else "Not built here: `scripts/bench --phones` does.\n"
    (ROOT / "docs" / "performance.md").write_text(text)
    print("\n".join(lines))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    missed = [one["name"] for one in found if met(one) == "**no**"]
    print(f"{len(found)} figures, {len(missed)} short of their goal" + (": " + "; ".join(missed) if missed else ""))


if __name__ == "__main__":
    sys.exit(main())
