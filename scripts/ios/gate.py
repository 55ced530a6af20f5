"""Refuses a Bonafide.xcframework that Xcode would not link, that tells too much, or that is too big.

    python3 scripts/ios/gate.py --work FOLDER [--private PATH]... [--rows FILE] Bonafide.xcframework

--work     a folder for the programs that are linked to see what the library adds to an app
--private  a path of this machine that must not be found inside; may be given often
--rows     appends the size as a row for scripts/bench
All complaints are printed, not only the first; the exit code is 1 if there is one. The limit is in limits.toml.
"""

import argparse
import json
import platform
import plistlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import telltale  # noqa: E402

LIMITS = Path(__file__).with_name("limits.toml")
MINIMUM = "15.0"
ON_MAC = platform.system() == "Darwin"
OTOOL, NM, STRIP = (("otool",), ("nm",), ("strip",)) if ON_MAC else (
    # The standard library's objects carry bitcode of a newer LLVM besides. No linker looks at it.
    ("llvm-otool-19",), ("llvm-nm-19", "--no-llvm-bc"), ("llvm-strip-19",))
# What an app links besides libSystem, by how its symbols begin.
FRAMEWORKS = {"Security": ("_Sec", "_kSec"), "CoreFoundation": ("_CF", "_kCF", "___CF")}
# What Apple wants a reason for in the privacy manifest, by category:
# https://developer.apple.com/documentation/bundleresources/describing-use-of-required-reason-api
REASONS = {
    "NSPrivacyAccessedAPICategoryFileTimestamp": {"_stat", "_fstat", "_lstat", "_fstatat", "_getattrlist", "_fgetattrlist",
                                                  "_getattrlistat", "_getattrlistbulk"},
    "NSPrivacyAccessedAPICategorySystemBootTime": {"_mach_absolute_time"},
    "NSPrivacyAccessedAPICategoryDiskSpace": {"_statfs", "_fstatfs", "_statvfs", "_fstatvfs"},
}
# Each library of Rust's has them; the linker keeps one where the others are weak.
SHARED = {"_rust_eh_personality"}
# What replaces methods of classes that are somebody else's. ios/Tests/BonafideKitTests/SwizzlingTests.swift looks for the
# names in the sources.
SWIZZLING = {"_method_exchangeImplementations", "_class_replaceMethod", "_method_setImplementation", "_class_addMethod",
             "_object_setClass", "_imp_implementationWithBlock"}
FUNCTION = re.compile(r"\b((?:uniffi|ffi)_bonafide_\w+)\s*\(")


def run(*command: object) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


class Slice:
    """One library of the framework."""

    def __init__(self, framework: Path, entry: dict) -> None:
        self.name = entry["LibraryIdentifier"]
        self.library = framework / self.name / entry["LibraryPath"]
        self.headers = framework / self.name / entry["HeadersPath"]
        self.architectures = entry["SupportedArchitectures"]

    def load_commands(self, architecture: str) -> list[tuple[str, str]]:
        """Platform and oldest version of each object."""
        text = run(*OTOOL, "-arch", architecture, "-lv", self.library)
        found = re.findall(r"cmd LC_BUILD_VERSION\n.*\n\s*platform (\S+)\n(?:.*\n)*?\s*minos (\S+)", text)
        return found + [("IOS", version) for version in re.findall(r"cmd LC_VERSION_MIN_IPHONEOS\n.*\n\s*version (\S+)", text)]

    def sections(self, architecture: str) -> set[str]:
        return set(re.findall(r"sectname (\S+)", run(*OTOOL, "-arch", architecture, "-lv", self.library)))

    def symbols(self, architecture: str) -> tuple[set[str], set[str]]:
        """What it defines for others, and what it needs of others."""
        def names(option: str) -> set[str]:
            # Where an object has none, nm says so on standard error.
            lines = run(*NM, "-arch", architecture, "-g", option, "-j", self.library).splitlines()
            return {line.strip() for line in lines if re.fullmatch(r"[\w.$]+", line.strip())}

        defined = names("-U")
        return defined, names("-u") - defined

    def weak(self, architecture: str) -> set[str]:
        """What it defines unless another library does."""
        return set(re.findall(r" weak (?:private )?external (\S+)", run(*NM, "-arch", architecture, "-g", "-m", "-U", self.library)))

    def functions(self) -> set[str]:
        return set(FUNCTION.findall((self.headers / "BonafideFFI" / "BonafideFFI.h").read_text()))


def complaints(part: Slice, system: set[str], private: list[str]) -> Iterator[str]:
    expected = "IOSSIMULATOR" if part.name.endswith("-simulator") else "IOS"
    for architecture in part.architectures:
        found = part.load_commands(architecture)
        if not found:
            yield f"no object for {architecture} says which platform it is for"
        for kind, version in sorted(set(found)):
            if kind.upper() != expected:
                yield f"{architecture}: an object is for {kind}, and not for {expected}"
            if version_of(version) > version_of(MINIMUM):
                yield f"{architecture}: an object asks for iOS {version}; {MINIMUM} is the oldest that is supported"
        defined, needed = part.symbols(architecture)
        for name in sorted(SHARED & defined - part.weak(architecture)):
            yield f"{architecture}: it insists on {name}, and so does every other library of Rust's: an app could not have both"
        for name in sorted(part.functions()):
            if f"_{name}" not in defined:
                yield f"{architecture}: the header names {name}, which is not there"
        for name in sorted(SWIZZLING & needed):
            yield f"{architecture}: it calls {name}, which changes other people's classes"
        if "__objc_nlclslist" in part.sections(architecture):
            yield f"{architecture}: a class of it has a +load, which runs before the app does"
        prefixes = tuple(prefix for each in FRAMEWORKS.values() for prefix in each)
        for name in sorted(needed):
            if name not in system | SWIZZLING and not name.startswith(prefixes):
                yield f"{architecture}: it calls {name}, which iOS lacks"
    yield from telltale.complaints(part.library.read_bytes(), private)


def undeclared(part: Slice, manifest: Path) -> Iterator[str]:
    try:
        listing = plistlib.loads(manifest.read_bytes())
    except (OSError, plistlib.InvalidFileException, ExpatError) as error:
        yield f"its privacy manifest cannot be read: {error}"
        return
    declared = {entry.get("NSPrivacyAccessedAPIType") for entry in listing.get("NSPrivacyAccessedAPITypes", [])
                if entry.get("NSPrivacyAccessedAPITypeReasons")}
    for architecture in part.architectures:
        _, needed = part.symbols(architecture)
        for category, names in REASONS.items():
            for name in sorted(names & needed if category not in declared else ()):
                yield f"{architecture}: it calls {name}, for which the privacy manifest names no reason ({category})"


def version_of(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def system_symbols() -> set[str]:
    """What libSystem exports. Apple's list for macOS, as Zig carries it; on a Mac the SDK's own for iOS."""
    if ON_MAC:
        sdk = Path(run("xcrun", "--sdk", "iphoneos", "--show-sdk-path").strip())
        texts = [path.read_text() for path in [sdk / "usr/lib/libSystem.tbd", *(sdk / "usr/lib/system").glob("*.tbd")]]
    else:
        import ziglang

        texts = [(Path(ziglang.__file__).parent / "lib/libc/darwin/libSystem.tbd").read_text()]
    return {name for text in texts for name in re.findall(r"[\w$.]+", text) if name.startswith("_")} | {"dyld_stub_binder"}


def added(part: Slice, work: Path) -> int:
    """Bytes that an app grows by, linked without what it does not call and stripped, when it calls everything."""
    work.mkdir(parents=True, exist_ok=True)
    functions = sorted(part.functions())
    empty, calling = work / "empty.c", work / "calling.c"
    empty.write_text("int main(void) { return 0; }\n")
    calling.write_text("".join(f"extern void {name}(void);\n" for name in functions)
                       + "void *volatile all[] = {" + ",".join(f"(void *){name}" for name in functions) + "};\n"
                       + f"int main(void) {{ return all[{len(functions) - 1}] == 0; }}\n")
    sizes = [link(part, source, work, library).stat().st_size for source, library in ((empty, []), (calling, [part.library]))]
    return sizes[1] - sizes[0]


def link(part: Slice, source: Path, work: Path, libraries: list[Path]) -> Path:
    program = source.with_suffix("")
    if ON_MAC:
        run("xcrun", "--sdk", "iphoneos", "clang", "-arch", "arm64", f"-miphoneos-version-min={MINIMUM}", "-Wl,-dead_strip",
            *(part for name in FRAMEWORKS for part in ("-framework", name)), source, *libraries, "-o", program)
    else:
        compiled = source.with_suffix(".o")
        run("clang-19", "-target", f"arm64-apple-ios{MINIMUM}", "-Oz", "-c", source, "-o", compiled)
        _, needed = part.symbols("arm64")
        run("ld64.lld-19", "-arch", "arm64", "-platform_version", "ios", MINIMUM, "18.0", "-dead_strip",
            *stubs(needed, work), compiled, *libraries, "-o", program)
    run(*STRIP, program)
    return program


def stubs(needed: set[str], work: Path) -> list[Path]:
    """What stands for the system's libraries where there is no SDK: just the names, which complaints() has looked at."""
    rest, made = set(needed) | {"dyld_stub_binder"}, []
    for name, prefixes in FRAMEWORKS.items():
        own = {symbol for symbol in rest if symbol.startswith(prefixes)}
        rest -= own
        made.append(stub(work / f"{name}.tbd", f"/System/Library/Frameworks/{name}.framework/{name}", own))
    made.append(stub(work / "libSystem.tbd", "/usr/lib/libSystem.B.dylib", rest))
    return made


def stub(path: Path, install_name: str, symbols: set[str]) -> Path:
    listed = ", ".join(sorted(symbols))
    path.write_text(f"--- !tapi-tbd\ntbd-version: 4\ntargets: [ arm64-ios ]\ninstall-name: '{install_name}'\n"
                    f"exports:\n  - targets: [ arm64-ios ]\n    symbols: [ {listed} ]\n...\n")
    return path


def examine(framework: Path, work: Path, private: list[str], limit: int) -> tuple[list[str], int | None]:
    """All complaints, and what the library adds to an app, where it can be linked."""
    listing = plistlib.loads((framework / "Info.plist").read_bytes())
    slices = [Slice(framework, entry) for entry in listing["AvailableLibraries"]]
    system = system_symbols()
    wrong = [f"{part.name}: {complaint}" for part in slices for complaint in complaints(part, system, private)]
    wrong += [f"{part.name}: {complaint}" for part in slices for complaint in undeclared(part, framework / "PrivacyInfo.xcprivacy")]
    device = next((part for part in slices if part.name == "ios-arm64"), None)
    if device is None:
        return [*wrong, "it has no slice for an iPhone"], None
    if wrong:
        return wrong, None
    size = added(device, work)
    if size > limit:
        wrong.append(f"it adds {size:,} bytes to an app, and may add {limit:,} (scripts/ios/limits.toml)")
    return wrong, size


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("framework", type=Path)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--private", action="append", default=[])
    arguments.add_argument("--rows", type=Path)
    options = arguments.parse_args()
    limits = tomllib.loads(LIMITS.read_text())["added"]
    wrong, size = examine(options.framework, options.work, options.private, limits["limit"])
    for complaint in wrong:
        print(f"gate: {options.framework.name}: {complaint}", file=sys.stderr)
    if size is not None:
        print(f"{options.framework.name}: adds {size:,} bytes to an app" + ("" if wrong else "; the gate is passed"))
        if options.rows:
            rows = json.loads(options.rows.read_text()) if options.rows.exists() else []
            rows.append({"name": "library for iOS arm64, added to an app", "value": size / 1e6, "unit": "MB",
                         "goal": f"<= {limits['goal'] / 1e6:g}", "against": ""})
            options.rows.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
