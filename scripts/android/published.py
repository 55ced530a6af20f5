"""Looks at a Maven repository as an app's build does, and tells what is wrong with it.

    python3 scripts/android/published.py FOLDER

Each artifact has to be there with its POM, its sources and its KDoc; an app that asks for the AAR and the OkHttp part, by
the versions of the BOM, gets JNA once and as an aar. The exit code is 1 if there is a complaint.

What Maven needs besides comes from the local repository that the build has just filled, so nothing is fetched, and nothing
of Bonafide is written there.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GROUP = "io.bonafide"
LIST = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:list"
#: What is published, and what each consists of beside the POM.
JAR, DOCUMENTED = ["{}.jar", "{}-sources.jar"], ["{}.jar", "{}-sources.jar", "{}-javadoc.jar"]
ARTIFACTS = {
    "bonafide-parent": [], "bonafide-bom": [], "bonafide-native": JAR, "bonafide-client": DOCUMENTED, "bonafide-okhttp": DOCUMENTED,
    "bonafide-testing": DOCUMENTED, "bonafide-play-integrity": DOCUMENTED, "bonafide-android": ["{}.aar", "{}-sources.jar", "{}-javadoc.jar"],
}
SETTINGS = """<settings><mirrors><mirror><id>built-with</id><mirrorOf>*,!bonafide</mirrorOf><url>{}</url></mirror></mirrors></settings>"""
POM = "{http://maven.apache.org/POM/4.0.0}"


def version() -> str:
    return ET.parse(ROOT / "android/bom/pom.xml").getroot().findtext(f"{POM}version")


def missing(repository: Path) -> Iterator[str]:
    for artifact, files in ARTIFACTS.items():
        folder = repository / GROUP.replace(".", "/") / artifact / version()
        for name in ["{}.pom", *files]:
            file = folder / name.format(f"{artifact}-{version()}")
            if not file.exists():
                yield f"{file.name} is missing"
            elif not file.with_name(file.name + ".sha1").exists():
                yield f"{file.name} has no checksum"
            elif file.suffix in (".jar", ".aar"):
                yield from empty(file)


def empty(file: Path) -> Iterator[str]:
    names = zipfile.ZipFile(file).namelist()
    telling = {"-sources.jar": ".kt", "-javadoc.jar": ".html", ".aar": "jni/arm64-v8a/libbonafide.so", ".jar": ".class"}
    wanted = next(part for end, part in telling.items() if file.name.endswith(end))
    if not any(name.endswith(wanted) for name in names):
        yield f"{file.name} holds no {wanted}"


def resolved(repository: Path, *options: str) -> list[tuple[str, str, str]]:
    """(group, artifact, type) of all that the consumer gets to compile with or to pack."""
    built_with = Path(os.environ.get("MAVEN_REPOSITORY", Path.home() / ".m2/repository"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.xml"
        settings.write_text(SETTINGS.format(built_with.as_uri()))
        graph = Path(folder) / "graph"
        done = subprocess.run(
            ["mvn", "-B", "-ntp", "-q", "-s", settings, f"-Dmaven.repo.local={folder}/local", f"-Dbonafide.repository={repository.as_uri()}",
             "-f", ROOT / "android/consumer/pom.xml", *options, LIST, "-DincludeScope=runtime", f"-DoutputFile={graph}"],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"published: a consumer cannot resolve it:\n{done.stdout[-3000:]}")
        words = [line.split(" -- ")[0].strip().split(":") for line in graph.read_text().splitlines()]
        return [(line[0], line[1], line[2]) for line in words if len(line) == 5]


def twice(graph: list[tuple[str, str, str]]) -> Iterator[str]:
    """Gradle would call these duplicate classes."""
    if not any(artifact == "bonafide-native" for _, artifact, _ in graph):
        yield f"the graph lacks bonafide-native: {graph}"
    forms = [kind for _, artifact, kind in graph if artifact == "jna"]
    if forms != ["aar"]:
        yield f"JNA comes as {', '.join(sorted(forms)) or 'nothing'}, and has to come as an aar alone"
    for _, artifact, kind in graph:
        if artifact.startswith("okhttp"):
            yield f"{artifact} ({kind}) comes along: the app has its own"


def main() -> int:
    repository = Path(sys.argv[1]).resolve()
    wrong = [*missing(repository), *twice(resolved(repository))]
    if not any("aar, jar" in complaint for complaint in twice(resolved(repository, "-Pboth-jnas"))):
        wrong.append("the control failed: JNA in both forms was not noticed")
    for complaint in wrong:
        print(f"published: {complaint}", file=sys.stderr)
    if not wrong:
        print(f"published: {len(ARTIFACTS)} artifacts of {version()}, resolved by a consumer; JNA comes as an aar alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
