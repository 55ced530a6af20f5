"""Names a release's XCFramework in Package.swift, so that apps fetch it in place of building it.

    python3 scripts/ios/release.py URL [ZIP]

URL  where the zip will lie, https and for good: SwiftPM refuses another content at the same place
ZIP  what scripts/build-ios left; by default target/ios/Bonafide.xcframework.zip
What is released is built on a Mac, with Apple's SDK. Commit the change, tag it, and upload that very zip.
"""

import argparse
import hashlib
import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^let release: \(url: String, checksum: String\)\? = .*$", re.MULTILINE)
SLICES = ("ios-arm64/", "ios-arm64_x86_64-simulator/")


class Refused(Exception):
    """What stands against it, and what to do."""


def named(package: str, url: str, archive: Path) -> str:
    """Package.swift with this release in it.

    Raises Refused for a place that SwiftPM would not take, and for a zip that is no whole release.
    """
    place = urlsplit(url)
    # Visible ASCII without what would end or change the string in Package.swift.
    plain = re.fullmatch(r"[!#-\[\]-~]+", url)
    if not plain or place.scheme != "https" or not place.hostname or not place.path.endswith(".zip"):
        raise Refused(f"{url}: SwiftPM takes an https URL that ends in .zip")
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused(f"{archive} cannot be read ({error}): run scripts/build-ios") from error
    for part in SLICES:
        if not any(name.startswith(f"Bonafide.xcframework/{part}") for name in names):
            raise Refused(f"{archive} lacks {part.rstrip('/')}: run scripts/build-ios without --device-only")
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    line = f'let release: (url: String, checksum: String)? = ("{url}", "{checksum}")'
    text, count = LINE.subn(lambda _: line, package)
    if count != 1:
        raise Refused(f"Package.swift has {count} lines that begin with `let release`, and not one")
    return text


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url")
    arguments.add_argument("zip", type=Path, nargs="?", default=ROOT / "target/ios/Bonafide.xcframework.zip")
    options = arguments.parse_args()
    package = ROOT / "Package.swift"
    try:
        package.write_text(named(package.read_text(), options.url, options.zip))
    except Refused as refusal:
        print(f"release: {refusal}", file=sys.stderr)
        return 1
    print(f"Package.swift names {options.url}. Next: commit it, tag that commit, and upload {options.zip} to that place.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
