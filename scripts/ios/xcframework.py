"""Puts the static libraries of the slices into an XCFramework, and that into a zip whose checksum a binary target names.

    python3 scripts/ios/xcframework.py --header FILE --privacy FILE --slice NAME=LIBRARY... OUT.xcframework

NAME is as Xcode names slices: ios-arm64, ios-arm64_x86_64-simulator. Equal libraries give an equal zip. What an XCFramework
is made of: `xcodebuild -create-xcframework`, and the Info.plist that it writes.
"""

import argparse
import hashlib
import plistlib
import shutil
import zipfile
from pathlib import Path

LIBRARY = "libbonafide.a"
MODULE_MAP = """module BonafideFFI {
    header "BonafideFFI.h"
    export *
}
"""
# The oldest date that a zip can hold.
DATE = (1980, 1, 1, 0, 0, 0)


def described(name: str) -> dict:
    """A slice as Info.plist has it."""
    platform, architectures, *variant = name.split("-")
    entry = {
        "LibraryIdentifier": name,
        "LibraryPath": LIBRARY,
        "BinaryPath": LIBRARY,
        "HeadersPath": "Headers",
        # x86_64 has the separator in its name.
        "SupportedArchitectures": architectures.replace("x86_64", "x86-64").split("_"),
        "SupportedPlatform": platform,
    }
    entry["SupportedArchitectures"] = [each.replace("x86-64", "x86_64") for each in entry["SupportedArchitectures"]]
    if variant:
        entry["SupportedPlatformVariant"] = variant[0]
    return entry


def assemble(out: Path, slices: dict[str, Path], header: Path, privacy: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    for name, library in slices.items():
        # A folder of its own: two frameworks' module maps at the same place are an error of Xcode's. Named as the module:
        # newer compilers look for it nowhere else.
        headers = out / name / "Headers" / "BonafideFFI"
        headers.mkdir(parents=True)
        shutil.copyfile(library, out / name / LIBRARY)
        shutil.copyfile(header, headers / "BonafideFFI.h")
        (headers / "module.modulemap").write_text(MODULE_MAP)
    shutil.copyfile(privacy, out / privacy.name)
    listing = {
        "AvailableLibraries": [described(name) for name in slices],
        "CFBundlePackageType": "XFWK",
        "XCFrameworkFormatVersion": "1.0",
    }
    with (out / "Info.plist").open("wb") as file:
        plistlib.dump(listing, file)


def pack(out: Path) -> Path:
    archive = out.with_name(out.name + ".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in out.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(Path(out.name) / path.relative_to(out)), DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, path.read_bytes())
    return archive


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--header", type=Path, required=True)
    arguments.add_argument("--privacy", type=Path, required=True)
    arguments.add_argument("--slice", action="append", required=True, metavar="NAME=LIBRARY")
    arguments.add_argument("out", type=Path)
    options = arguments.parse_args()
    slices = {name: Path(library) for name, library in (each.split("=", 1) for each in options.slice)}
    assemble(options.out, slices, options.header, options.privacy)
    archive = pack(options.out)
    # What `swift package compute-checksum` prints.
    archive.with_name(archive.name + ".checksum").write_text(hashlib.sha256(archive.read_bytes()).hexdigest() + "\n")


if __name__ == "__main__":
    main()
