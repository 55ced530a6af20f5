"""What scripts/test-emulator makes of what adb says. adb is a stand-in here: a device is what this machine lacks."""

import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import emulator

STAND_IN = '''#!{python}
import sys
words = sys.argv[1:]
with open({log!r}, "a") as log: log.write(" ".join(words) + "\\n")
answers = {answers!r}
for part, answer in answers:
    if part in " ".join(words):
        print(answer)
        break
'''
SCRIPT = Path(__file__).resolve().parents[1] / "test-emulator"


def told(name: str, code: int, stack: str = "") -> str:
    kind, method = name.split(".")
    lines = [f"INSTRUMENTATION_STATUS: class=io.bonafide.instrumented.{kind}", f"INSTRUMENTATION_STATUS: test={method}"]
    if stack:
        lines.append(f"INSTRUMENTATION_STATUS: stack={stack}")
    return "\n".join([*lines, f"INSTRUMENTATION_STATUS_CODE: {code}"])


def run_of(codes: dict[str, int] | None = None, *, ends: bool = True, leave_out: str | None = None, more: str = "") -> str:
    """The output of a run in which every case passes, but for what is said."""
    lines = []
    for name in emulator.expected():
        if name == leave_out:
            continue
        lines.append(told(name, 1))
        code = (codes or {}).get(name, 0)
        if code is not None:
            lines.append(told(name, code, "java.lang.AssertionError: no\n\tat a.line(A.kt:1)" if code == -2 else ""))
    return "\n".join([*lines, more, *(["INSTRUMENTATION_CODE: -1"] if ends else [])])


class Parsing(unittest.TestCase):
    def test_a_run_in_which_all_passed_has_no_complaint(self):
        self.assertEqual([], emulator.complaints(run_of(), emulator.expected()))

    def test_what_could_not_be_tried_is_no_failure(self):
        name = emulator.expected()[-1]
        self.assertEqual([], emulator.complaints(run_of({name: -4}), emulator.expected()))
        self.assertEqual("not tried", emulator.parsed(run_of({name: -4}))[-1].outcome)

    def test_what_every_device_can_show_must_be_tried(self):
        first = emulator.expected()[0]
        for code in (-3, -4):
            self.assertEqual([f"{first} was not tried"], emulator.complaints(run_of({first: code}), emulator.expected()))
        self.assertLessEqual(emulator.MAY_BE_LEFT, set(emulator.expected()))

    def test_a_service_that_was_named_must_be_asked(self):
        output = run_of({emulator.TOKEN: -4})
        self.assertEqual([f"{emulator.TOKEN} was not tried"], emulator.complaints(output, emulator.expected(), service=True))

    def test_each_way_to_fail_is_told(self):
        first, *_, last = emulator.expected()
        for output, words in [
            (run_of({first: -2}), f"{first}\njava.lang.AssertionError: no\n\tat a.line(A.kt:1)"),
            (run_of({first: -1}), first),
            (run_of(leave_out=first), f"{first} did not run"),
            (run_of({last: None}, ends=False), f"{last}\nthe process ended while it ran"),
            (run_of(ends=False), "did not come to its end"),
            (run_of(more=told("OtherCases.unknown", 0)), "OtherCases.unknown is not in the list"),
            ("", "did not come to its end"),
        ]:
            with self.subTest(words):
                self.assertIn(words, "\n".join(emulator.complaints(output, emulator.expected())))


class WholeScript(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.log = self.folder / "log"
        self.log.touch()

    def run_script(self, *words: str, answers: list[tuple[str, str]] | None = None, serial: str = "emulator-5554\tdevice"):
        if answers is not None:
            adb = self.folder / "adb"
            listed = [("devices", "List of devices attached\n" + serial)]
            adb.write_text(STAND_IN.format(python=sys.executable, log=str(self.log), answers=answers + listed))
            adb.chmod(adb.stat().st_mode | stat.S_IXUSR)
        else:
            # Only what the script itself needs.
            for tool in ("bash", "dirname", "python3"):
                (self.folder / tool).symlink_to(sys.executable if tool == "python3" else f"/usr/bin/{tool}")
        path = f"{self.folder}:{os.environ['PATH']}" if answers is not None else str(self.folder)
        environment = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(["bash", SCRIPT, *words], capture_output=True, text=True, env=environment)
        return done.returncode, done.stdout + done.stderr

    def device(self, cases: str, *, screen: str = "Status: ok", pid: str = "4711", boot: str = "") -> list[tuple[str, str]]:
        return [("am instrument", cases), ("am start", screen), ("pidof", pid), ("getprop ro.build", "35"), ("BonafideLockedBoot", boot)]

    def test_without_adb_it_says_where_to_get_it(self):
        code, said = self.run_script()
        self.assertEqual(emulator.NO_ADB, code, said)
        self.assertIn("package `adb`", said)

    def test_without_a_device_it_says_so_and_runs_nothing(self):
        for listed, seen in [("", "lists none"), ("R5CT\tunauthorized", "R5CT is unauthorized"), ("emulator-5554\toffline", "offline")]:
            with self.subTest(listed):
                code, said = self.run_script(answers=[], serial=listed)
                self.assertEqual(emulator.NO_DEVICE, code, said)
                self.assertIn("no device is attached", said)
                self.assertIn(seen, said)
        self.assertNotIn("install", self.log.read_text())

    def test_of_several_devices_one_has_to_be_named(self):
        both = "emulator-5554\tdevice\nemulator-5556\tdevice"
        self.assertEqual(2, self.run_script(answers=self.device(run_of()), serial=both)[0])
        self.assertEqual(0, self.run_script("--serial", "emulator-5556", answers=self.device(run_of()), serial=both)[0])

    def test_a_passing_run(self):
        code, said = self.run_script(answers=self.device(run_of()))
        self.assertEqual(0, code, said)
        for name in emulator.expected():
            self.assertIn(f"{name}: passed", said)
        asked = self.log.read_text()
        self.assertEqual(2, asked.count(" install "))
        self.assertIn("am instrument -w -r io.bonafide.instrumented/.CaseRunner", asked)

    def test_a_failing_case_fails_the_run(self):
        name = emulator.expected()[0]
        code, said = self.run_script(answers=self.device(run_of({name: -2})))
        self.assertEqual(emulator.FAILED, code, said)
        self.assertIn(f"FAILED: {name}", said)

    def test_a_sample_that_crashes_fails_the_run(self):
        for answers in (self.device(run_of(), pid=""), self.device(run_of(), screen="Error type 3")):
            code, said = self.run_script(answers=answers)
            self.assertEqual(emulator.FAILED, code, said)
            self.assertIn("the sample does not start", said)

    def test_a_service_is_handed_on(self):
        config = self.folder / "bonafide.config"
        config.write_text("{}")
        self.assertEqual(2, self.run_script("--config", str(config), answers=self.device(run_of()))[0])
        self.assertEqual(0, self.run_script("--config", str(config), "--api", "https://10.0.2.2/", answers=self.device(run_of()))[0])
        self.assertIn("-e config e30= -e api https://10.0.2.2/", self.log.read_text())

    def test_direct_boot(self):
        for line, expected in [("unlocked=false pinned=true", 0), ("unlocked=true pinned=true", 1), ("unlocked=false pinned=false", 1)]:
            with self.subTest(line):
                code, said = self.run_script("--direct-boot", answers=self.device(run_of(), boot=f"I BonafideLockedBoot: {line}"))
                self.assertEqual(expected, code, said)
        self.assertEqual(3, self.log.read_text().count("locksettings clear"))
        phone = self.run_script("--direct-boot", answers=self.device(run_of()), serial="R5CT\tdevice")
        self.assertEqual(2, phone[0], phone[1])
        self.assertEqual(3, self.log.read_text().count("reboot"))


if __name__ == "__main__":
    unittest.main()
