"""What apps fetch is named rightly, and what they could not use is refused.

    python3 scripts/ios/test_release.py
"""

import hashlib
import tempfile
import unittest
import zipfile
from pathlib import Path

import release

URL = "https://bonafide.example/1.2.0/Bonafide.xcframework.zip"
PACKAGE = (release.ROOT / "Package.swift").read_text()


class Release(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def archive(self, *slices: str) -> Path:
        path = self.folder / "Bonafide.xcframework.zip"
        with zipfile.ZipFile(path, "w") as opened:
            for name in slices:
                opened.writestr(f"Bonafide.xcframework/{name}libbonafide.a", b"code")
        return path

    def refused(self, part: str, package: str, url: str, archive: Path) -> None:
        with self.assertRaisesRegex(release.Refused, part):
            release.named(package, url, archive)

    def test_the_package_names_place_and_checksum_and_changes_nowhere_else(self) -> None:
        archive = self.archive(*release.SLICES)
        text = release.named(PACKAGE, URL, archive)
        changed = [line for line in text.splitlines() if line not in PACKAGE.splitlines()]
        checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
        self.assertEqual(changed, [f'let release: (url: String, checksum: String)? = ("{URL}", "{checksum}")'])
        self.assertEqual(len(text.splitlines()), len(PACKAGE.splitlines()))
        # The next release takes its place.
        again = release.named(text, URL.replace("1.2.0", "1.3.0"), archive)
        self.assertIn("1.3.0", again)
        self.assertNotIn("1.2.0", again)

    def test_a_place_that_swiftpm_does_not_take(self) -> None:
        archive = self.archive(*release.SLICES)
        for url in (URL.replace("https", "http"), URL + "x", "https:///a.zip", URL.replace("1", '"'), URL.replace("1", "\\"), URL.replace("1", "\n")):
            self.refused("https URL", PACKAGE, url, archive)

    def test_a_zip_without_simulators(self) -> None:
        self.refused("lacks ios-arm64_x86_64-simulator", PACKAGE, URL, self.archive("ios-arm64/"))

    def test_a_zip_that_is_none(self) -> None:
        self.refused("cannot be read", PACKAGE, URL, self.folder / "missing.zip")
        torn = self.folder / "torn.zip"
        torn.write_bytes(b"PK")
        self.refused("cannot be read", PACKAGE, URL, torn)

    def test_a_package_without_the_line(self) -> None:
        self.refused("0 lines", PACKAGE.replace("let release", "let other"), URL, self.archive(*release.SLICES))


unittest.main()
