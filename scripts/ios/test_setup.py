"""What scripts/setup --ios gets on a Mac, played with a `uname`, a `rustup` and a `rustc` of the test's own.

    python3 scripts/ios/test_setup.py
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]

# `cc` and `openssl` are only looked for. No network: `pip` says yes.
TOOLS = {
    "uname": "echo Darwin",
    "cc": "exit 1",
    "openssl": "exit 1",
    "cargo": "exit 1",
    "rustc": 'echo "$FAKE/sysroot"',
    "rustup": 'echo "$*" >>"$FAKE/asked"; case "$*" in "component list --installed") echo rust-src; echo rust-std-aarch64-apple-ios ;; esac',
    "python3": f'case "$*" in "-m venv"*) mkdir -p .venv/bin; printf "#!/bin/sh\\n" >.venv/bin/pip; chmod +x .venv/bin/pip ;; *) exec {sys.executable} "$@" ;; esac',
}


class Mac(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bin").mkdir()
        for name, does in TOOLS.items():
            tool = self.folder / "bin" / name
            tool.write_text(f"#!/bin/sh\n{does}\n")
            tool.chmod(0o755)
        shutil.copytree(SCRIPTS, self.folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = os.environ | {"FAKE": str(self.folder), "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def run_script(self, *command: str) -> str:
        done = subprocess.run(["bash", *command], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def added(self) -> list[str]:
        self.run_script("scripts/setup", "--ios")
        return [line for line in (self.folder / "asked").read_text().split("\n") if line.startswith("component add")]

    def objcopy(self, name: str) -> str:
        tool = self.folder / "sysroot/lib/rustlib/aarch64-apple-darwin/bin" / name
        tool.parent.mkdir(parents=True, exist_ok=True)
        tool.write_text("")
        tool.chmod(0o755)
        return str(tool)

    def test_what_rustc_brings_is_not_fetched(self) -> None:
        ours = self.objcopy("rust-objcopy")
        self.assertEqual([], self.added())
        self.assertEqual(ours, self.run_script("scripts/ios/objcopy"))

    def test_without_it_the_component_that_has_one_is_added_once(self) -> None:
        self.assertEqual("", self.run_script("scripts/ios/objcopy"))
        self.assertEqual(["component add llvm-tools"], [line.strip() for line in self.added()])
        (self.folder / "asked").unlink()
        ours = self.objcopy("llvm-objcopy")
        self.assertEqual([], self.added())
        self.assertEqual(ours, self.run_script("scripts/ios/objcopy"))


if __name__ == "__main__":
    unittest.main()
