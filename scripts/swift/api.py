"""Holds the Swift package's public API, and Apple's names that its sources use, against what is committed; and the list
of tests to be one for Linux and for simulators.

    api.py SYMBOLGRAPH_FOLDER [--write]
"""

import json
import re
import sys
from pathlib import Path

IOS = Path(__file__).resolve().parents[2] / "ios"
MODULES = ("BonafideKit", "BonafideTesting")
STAND_INS = ("DeviceCheck", "Security")
APPLE = re.compile(r"\b(?:k?Sec[A-Z]\w+|errSec\w+|DC[A-Z]\w+)")


def declarations(folder: Path, module: str) -> list[str]:
    """A line for each public symbol that the module declares: its path, then its declaration; and one for each protocol
    that a type conforms to by its sources."""
    lines, paths, conformances = set(), {}, []
    for file in sorted(folder.glob(f"{module}*.symbols.json")):
        graph = json.loads(file.read_text())
        for symbol in graph["symbols"]:
            # What the compiler or a protocol's extension adds comes without a place in the sources.
            if symbol["accessLevel"] not in ("public", "open") or "location" not in symbol:
                continue
            text = "".join(part["spelling"] for part in symbol["declarationFragments"])
            path = paths[symbol["identifier"]["precise"]] = ".".join(symbol["pathComponents"])
            lines.add(f"{path}: {' '.join(text.split())}")
        conformances += [one for one in graph["relationships"] if one["kind"] == "conformsTo"]
    for one in conformances:
        # Which of Foundation's modules has it differs by version; so do the compiler's own additions to what is copyable.
        protocol = paths.get(one["target"]) or one.get("targetFallback", one["target"]).split(".")[-1]
        if one["source"] in paths and protocol not in ("Copyable", "Escapable", "BitwiseCopyable"):
            lines.add(f"{paths[one['source']]}: conforms to {protocol}")
    return sorted(lines)


def used_and_declared() -> tuple[set[str], set[str]]:
    """Apple's names in the sources, and those that the stand-ins declare."""
    code = lambda folder: [re.sub(r"//.*", "", file.read_text()) for file in (IOS / folder).rglob("*.swift")]
    used = {name for text in code("Sources/BonafideKit") for name in APPLE.findall(text)}
    declares = re.compile(r"\b(?:let|func|class|struct|enum|typealias) (" + APPLE.pattern[2:] + ")")
    declared = {name for folder in STAND_INS for text in code(f"StandIns/{folder}") for name in declares.findall(text)}
    return used, declared


def apple_signatures() -> list[str]:
    """The stand-ins' own declarations of Apple's names; apple_headers.py compares them with Apple's."""
    lines = set()
    for file in [file for folder in STAND_INS for file in (IOS / "StandIns" / folder).glob("*.swift")]:
        text = re.sub(r"//.*", "", file.read_text())
        for found in re.findall(r"(?:public|open|override) (?:static |class )?(?:func|let|var) [^{=]*", text):
            if APPLE.search(found) or "Handler" in found:
                lines.add(" ".join(found.split()))
    return sorted(lines)


def linux_alone() -> list[str]:
    """Tests that a simulator would pass over without a word: outside StandIns none may be, and there each file says why."""
    complaints = []
    for file in sorted((IOS / "Tests").rglob("*.swift")):
        text = file.read_text()
        if file.parent.name == "StandIns":
            if not text.startswith("#if os(Linux)\n// Of Linux alone: "):
                complaints.append(f"{file} does not begin with why only Linux has it")
            continue
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            depth += bool(re.match(r"\s*#if\b", line)) - bool(re.match(r"\s*#endif\b", line))
            if depth and re.search(r"\bfunc test[A-Z]", line):
                complaints.append(f"{file}:{number} is a test on some systems only: it belongs on all, or into StandIns")
    return complaints


def missing_verbs(lines: list[str]) -> list[str]:
    """What an app may ask of a protection of its own, and not of the default one."""
    of = lambda name: {line.split(": ")[0].removeprefix(f"{name}.") for line in lines if line.startswith(f"{name}.")}
    for_facades = of("Protection") - {"checkPins(host:chain:)", "headers(for:binding:)"}
    own = of("BonafideProtection") - for_facades - {"MismatchListener", "init()", "close()"}
    return sorted(own - of("Bonafide"))


def main() -> int:
    folder, write = Path(sys.argv[1]), "--write" in sys.argv
    wanted = {IOS / "api" / f"{module}.api": declarations(folder, module) for module in MODULES}
    wanted[IOS / "StandIns" / "signatures.txt"] = apple_signatures()
    failed = False
    for file, lines in wanted.items():
        text = "\n".join(lines) + "\n"
        if not lines:
            print(f"{file}: nothing was found to write into it")
            failed = True
        elif write:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            old = set(file.read_text().splitlines()) if file.exists() else set()
            print(f"{file} is not what the sources have:")
            print("\n".join([f"  - {line}" for line in sorted(old - set(lines))] + [f"  + {line}" for line in lines if line not in old]))
            print("  If the change is meant, run scripts/test-swift --write-api and commit it.")
            failed = True
    used, declared = used_and_declared()
    for name in sorted(used - declared):
        print(f"{name} is used by ios/Sources and declared by no stand-in")
        failed = True
    for name in sorted(declared - used - {"SecTrust", "SecPolicy", "SecAccessControl", "SecAccessControlCreateFlags", "SecKeyAlgorithm", "errSecParam"}):
        print(f"{name} is declared by a stand-in and not used: remove it")
        failed = True
    leaks = [line for lines in wanted.values() for line in lines if re.search(r"\b(Native[A-Z]|Rust[A-Z]|Ffi|[A-Z]\w+Port\b)", line)]
    for line in leaks:
        print(f"a generated type is public: {line}")
    for verb in missing_verbs(wanted[IOS / "api" / "BonafideKit.api"]):
        print(f"Bonafide.{verb} is missing: BonafideProtection has it")
        failed = True
    alone = linux_alone()
    for line in alone:
        print(line)
    return int(failed or bool(leaks) or bool(alone))


sys.exit(main())
