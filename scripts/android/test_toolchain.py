"""With ANDROID_NDK_HOME set, that NDK's tools are used, and an NDK without them is told at once."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).with_name("toolchain")
TOOLS = "toolchains/llvm/prebuilt/linux-x86_64/bin"


class Toolchain(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.ndk = self.folder / "ndk"
        (self.ndk / TOOLS).mkdir(parents=True)

    def tool(self, name: str) -> None:
        file = self.ndk / TOOLS / name
        file.write_text(f'#!/bin/sh\necho "{name}" "$@"\n')
        file.chmod(0o755)

    def make(self) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"ANDROID_NDK_HOME": str(self.ndk), "CARGO_TARGET_DIR": str(self.folder / "target")}
        return subprocess.run(["bash", SCRIPT, "arm64-v8a"], env=environment, capture_output=True, text=True)

    def test_an_ndk_without_the_compiler_is_refused(self) -> None:
        made = self.make()
        self.assertNotEqual(made.returncode, 0)
        self.assertIn("has no aarch64-linux-android24-clang", made.stderr)
        self.assertEqual(made.stdout, "")

    def test_the_ndks_tools_are_called(self) -> None:
        for name in ("aarch64-linux-android24-clang", "llvm-ar", "llvm-strip"):
            self.tool(name)
        made = self.make()
        self.assertEqual(made.returncode, 0, made.stderr)
        folder = Path(made.stdout.strip())
        exports = self.folder / "list"
        exports.write_text("{\n  global:\n    JNI_OnLoad;\n    UNIFFI_META_BONAFIDE_FUNC_X;\n  local:\n    *;\n};\n")
        called = subprocess.run([folder / "bin/clang", f"-Wl,--version-script={exports}", "a.o"], capture_output=True, text=True, check=True)
        self.assertEqual(called.stdout, f"aarch64-linux-android24-clang -Wl,--version-script={exports} a.o\n")
        self.assertEqual(exports.read_text(), "{\n  global:\n    JNI_OnLoad;\n  local:\n    *;\n};\n")
        self.assertIn("malloc", (folder / "bionic.symbols").read_text().split())
        self.assertNotIn("getrandom", (folder / "bionic.symbols").read_text().split())


if __name__ == "__main__":
    unittest.main()
