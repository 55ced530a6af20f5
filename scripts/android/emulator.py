"""Runs the cases of android/instrumented on a device; scripts/test-emulator says how."""

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAILED, NO_DEVICE, NO_ADB, NOT_BUILT = 1, 3, 4, 5
SAMPLE, CASES = "io.bonafide.sample", "io.bonafide.instrumented"
APKS = [ROOT / "android/sample/target/sample.apk", ROOT / "android/instrumented/target/instrumented.apk"]
LIST = ROOT / "android/instrumented/src/main/assets/cases.txt"
# What a device may be unable to show; everything else has to run. The token's case is one only where no service was named.
TOKEN = "ServiceCases.aTokenComesFromTheService"
MAY_BE_LEFT = {
    "StartCases.startingTouchesNeitherDiskNorNetworkOnTheMainThread",
    "KeyCases.aKeyIsAttestedWithTheChallenge",
    TOKEN,
}
GET_ADB = """test-emulator: adb is missing. It is in Debian's and Ubuntu's package `adb`, and in Google's platform-tools
(https://developer.android.com/tools/releases/platform-tools); elsewhere set ANDROID_HOME to the SDK that has it."""
NONE_ATTACHED = """test-emulator: no device is attached, so nothing was run: {seen}.
Start an emulator (`emulator -avd NAME`), or plug in a phone with USB debugging allowed; `adb devices` has to list it as `device`."""


class Stop(Exception):
    """Ends the run with a message and an exit code."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


@dataclass
class Case:
    name: str
    outcome: str  # passed, failed or not tried
    detail: str


def expected() -> list[str]:
    lines = (line.split("#")[0].strip() for line in LIST.read_text().splitlines())
    return [line.split("=")[0].strip() for line in lines if line]


def parsed(output: str) -> list[Case]:
    """What `am instrument -r` says, case by case. A case that began and never ended is one that took the process with it."""
    cases: list[Case] = []
    fields: dict[str, str] = {}
    key, running = None, None
    outcomes = {0: "passed", -3: "not tried", -4: "not tried"}
    for line in output.splitlines():
        if line.startswith("INSTRUMENTATION_STATUS: "):
            key, _, value = line.removeprefix("INSTRUMENTATION_STATUS: ").partition("=")
            fields[key] = value
        elif found := re.fullmatch(r"INSTRUMENTATION_STATUS_CODE: (-?\d+)", line):
            name, code = fields.get("class", "").rpartition(".")[2] + "." + fields.get("test", ""), int(found.group(1))
            running = name if code == 1 else None
            if code != 1:
                cases.append(Case(name, outcomes.get(code, "failed"), fields.get("stack", "")))
            fields, key = {}, None
        elif line.startswith("INSTRUMENTATION_"):
            key = None
        elif key:
            fields[key] += "\n" + line
    if running:
        cases.append(Case(running, "failed", "the process ended while it ran"))
    return cases


def complaints(output: str, wanted: list[str], service: bool = False) -> list[str]:
    """Why this run is none that passed."""
    cases = parsed(output)
    wrong = [f"{case.name}\n{case.detail}".rstrip() for case in cases if case.outcome == "failed"]
    may_be_left = MAY_BE_LEFT - {TOKEN} if service else MAY_BE_LEFT
    wrong += [f"{case.name} was not tried" for case in cases if case.outcome == "not tried" and case.name not in may_be_left]
    names = [case.name for case in cases]
    wrong += [f"{name} did not run" for name in wanted if name not in names]
    wrong += [f"{name} is not in the list" for name in names if name not in wanted]
    if "INSTRUMENTATION_CODE: -1" not in output.splitlines():
        wrong.append("the run did not come to its end:\n" + "\n".join(output.splitlines()[-15:]))
    return wrong


class Device:
    def __init__(self, adb: str, serial: str):
        self.command = [adb, "-s", serial]

    def run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run([*self.command, *words], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise Stop(FAILED, f"test-emulator: `adb {' '.join(words)[:80]}` failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def shell(self, *words: str, check: bool = True) -> str:
        return self.run("shell", *words, check=check)

    def wait_for(self, what: str, question, seconds: int = 240) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(1)
        raise Stop(FAILED, f"test-emulator: waited {seconds} s in vain for {what}")


def find_adb() -> str:
    homes = [os.environ.get(name) for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT")]
    places = [shutil.which("adb"), *(str(Path(home) / "platform-tools/adb") for home in homes if home)]
    for place in places:
        if place and os.access(place, os.X_OK):
            return place
    raise Stop(NO_ADB, GET_ADB)


def attached(adb: str, serial: str | None) -> Device:
    listed = subprocess.run([adb, "devices"], capture_output=True, text=True).stdout.splitlines()[1:]
    states = dict(line.split()[:2] for line in listed if len(line.split()) >= 2)
    ready = [name for name, state in states.items() if state == "device" and serial in (None, name)]
    if not ready:
        seen = ", ".join(f"{name} is {state}" for name, state in states.items()) or "`adb devices` lists none"
        raise Stop(NO_DEVICE, NONE_ATTACHED.format(seen=seen))
    if len(ready) > 1:
        raise Stop(2, f"test-emulator: several devices are attached: name one with --serial ({', '.join(ready)})")
    return Device(adb, ready[0])


def run_sample(device: Device) -> None:
    """The shrunk app starts, shows its screen, and lives."""
    device.shell("am", "force-stop", SAMPLE)
    answer = device.shell("am", "start", "-W", "-n", f"{SAMPLE}/.LoginActivity")
    if "Status: ok" not in answer or not device.shell("pidof", SAMPLE, check=False).strip():
        crash = device.run("logcat", "-d", "-b", "crash", "-t", "60", check=False)
        raise Stop(FAILED, f"test-emulator: the sample does not start:\n{answer}\n{crash}")
    print("sample: it starts, shrunk")


def run_cases(device: Device, config: Path | None, api: str | None) -> None:
    named = ["-e", "config", base64.b64encode(config.read_bytes()).decode(), "-e", "api", api] if config else []
    output = device.shell("am", "instrument", "-w", "-r", *named, f"{CASES}/.CaseRunner", check=False)
    for case in parsed(output):
        print(f"{case.name}: {case.outcome}" + (f" ({case.detail.strip()})" if case.outcome == "not tried" else ""))
    if wrong := complaints(output, expected(), service=config is not None):
        raise Stop(FAILED, "\n".join(f"test-emulator: FAILED: {text}" for text in wrong))


def run_direct_boot(device: Device) -> None:
    if device.shell("getprop", "ro.kernel.qemu", check=False).strip() != "1" and not device.command[-1].startswith("emulator-"):
        raise Stop(2, "test-emulator: --direct-boot sets a screen lock: on an emulator only")
    device.shell("locksettings", "set-pin", "1234")
    try:
        device.run("reboot")
        line = device.wait_for("the receiver that is called before the first unlock", lambda: device.run(
            "logcat", "-d", "-s", "BonafideLockedBoot", check=False).partition("BonafideLockedBoot: ")[2].strip())
    finally:
        device.shell("locksettings", "clear", "--old", "1234", check=False)
    if "unlocked=false pinned=true" not in line:
        raise Stop(FAILED, f"test-emulator: before the first unlock: {line}")
    print("direct boot: the pins hold before the first unlock")


def main() -> int:
    arguments = argparse.ArgumentParser(prog="scripts/test-emulator", description="See the head of scripts/test-emulator.")
    arguments.add_argument("--serial")
    arguments.add_argument("--config", type=Path)
    arguments.add_argument("--api")
    arguments.add_argument("--direct-boot", action="store_true")
    options = arguments.parse_args()
    if (options.config is None) != (options.api is None):
        arguments.error("--config and --api belong together")
    try:
        device = attached(find_adb(), options.serial)
        for apk in APKS:
            if not apk.exists():
                raise Stop(NOT_BUILT, f"test-emulator: {apk.relative_to(ROOT)} is not built: run scripts/test --android first")
        api_level = device.shell("getprop", "ro.build.version.sdk").strip()
        print(f"device {device.command[-1]}, API {api_level}")
        for apk in APKS:
            # Signed anew by each build, so that an older one is in the way.
            device.run("uninstall", SAMPLE if apk == APKS[0] else CASES, check=False)
            device.run("install", "-t", str(apk))
        run_sample(device)
        run_cases(device, options.config, options.api)
        if options.direct_boot:
            run_direct_boot(device)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
