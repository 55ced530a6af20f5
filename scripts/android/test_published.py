"""What scripts/android/published.py complains of."""

import re
import tempfile
import unittest
import zipfile
from pathlib import Path

import published

GOOD = [("io.bonafide", "bonafide-android", "aar"), ("io.bonafide", "bonafide-native", "jar"), ("net.java.dev.jna", "jna", "aar")]


def repository(folder: Path) -> Path:
    """A repository that has everything."""
    for artifact, files in published.ARTIFACTS.items():
        place = folder / "io/bonafide" / artifact / published.version()
        place.mkdir(parents=True)
        for name in ["{}.pom", *files]:
            file = place / name.format(f"{artifact}-{published.version()}")
            with zipfile.ZipFile(file, "w") as archive:
                for content in ("a.kt", "a.html", "a.class", "jni/arm64-v8a/libbonafide.so"):
                    archive.writestr(content, "")
            file.with_name(file.name + ".sha1").touch()
    return folder


class Published(unittest.TestCase):
    def test_each_file_is_missed(self):
        with tempfile.TemporaryDirectory() as folder:
            whole = repository(Path(folder))
            self.assertEqual([], list(published.missing(whole)))
            files = [file for file in whole.rglob("*") if file.is_file()]
            self.assertGreater(len(files), 40)
            for file in files:
                content = file.read_bytes()
                file.unlink()
                self.assertIn(file.name.removesuffix(".sha1"), " ".join(published.missing(whole)), file)
                file.write_bytes(content)

    def test_an_empty_archive_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            whole = repository(Path(folder))
            for end in ("-sources.jar", "-javadoc.jar", ".aar"):
                file = next(whole.rglob(f"bonafide-android-*{end}"))
                content = file.read_bytes()
                zipfile.ZipFile(file, "w").close()
                self.assertIn("holds no", " ".join(published.missing(whole)), end)
                file.write_bytes(content)

    def test_the_bom_names_what_is_published(self):
        named = set(re.findall("<artifactId>(bonafide-[a-z-]+)", (published.ROOT / "android/bom/pom.xml").read_text()))
        # The library for desktops is built on each of them, and published with it.
        self.assertEqual(named - {"bonafide-jvm"}, set(published.ARTIFACTS) - {"bonafide-parent"})
        deployed = re.search("-pl (\\S+)", (published.ROOT / "scripts/android/publish").read_text()).group(1).split(",")
        self.assertEqual(len(published.ARTIFACTS), len(deployed), deployed)

    def test_jna_comes_once_and_as_an_aar(self):
        self.assertEqual([], list(published.twice(GOOD)))
        jar = ("net.java.dev.jna", "jna", "jar")
        for graph, words in [
            ([*GOOD, jar], "aar, jar"), ([*GOOD[:2], jar], "comes as jar"), (GOOD[:2], "nothing"), ([], "lacks bonafide-native"),
            ([*GOOD, ("com.squareup.okhttp3", "okhttp-jvm", "jar")], "okhttp-jvm"),
        ]:
            self.assertIn(words, " ".join(published.twice(graph)))


if __name__ == "__main__":
    unittest.main()
