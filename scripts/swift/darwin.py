"""Swift sources as a compiler for Apple's systems sees them: without what `#if` leaves out there.

    darwin.py FROM TO      copies a folder's sources so, line for line
"""

import re
import sys
from pathlib import Path

# Of every condition that the sources may use; another one is an error, so that none is judged by chance.
CONDITIONS = {
    "canImport(BonafideFFI)": True,
    "canImport(Combine)": True,
    "canImport(CryptoKit)": True,
    "canImport(Darwin)": True,
    "canImport(FoundationNetworking)": False,
    "canImport(Network)": True,
    "canImport(ObjectiveC)": True,
    "canImport(os)": True,
    "os(Linux)": False,
    "targetEnvironment(simulator)": False,
}


def holds(condition: str) -> bool:
    negated, name = re.fullmatch(r"(!?)(\S+)", condition).groups()
    if name not in CONDITIONS:
        raise SystemExit(f"darwin.py: `#if {condition}`: say in CONDITIONS whether it holds on Apple's systems")
    return CONDITIONS[name] != bool(negated)


def seen(source: str) -> str:
    """`source` with empty lines for what is not compiled, and for the conditions themselves."""
    # Of each open #if: whether this branch is compiled, and whether one has been.
    branches: list[list[bool]] = []
    lines = []
    for line in source.split("\n"):
        words = line.strip().split(maxsplit=1)
        match words:
            case ["#if", condition]:
                holding = holds(condition)
                branches.append([holding, holding])
            case ["#elseif", condition]:
                holding = not branches[-1][1] and holds(condition)
                branches[-1] = [holding, branches[-1][1] or holding]
            case ["#else"]:
                branches[-1] = [not branches[-1][1], True]
            case ["#endif"]:
                branches.pop()
            case _:
                lines.append(line if all(branch[0] for branch in branches) else "")
                continue
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    for file in source.rglob("*.swift"):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(seen(file.read_text()))


if __name__ == "__main__":
    main()
