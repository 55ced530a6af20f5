"""What the acts stand on: processes of their own, certificates, and checks that can fail."""

import fcntl
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
BONAFIDE = TARGET / "bonafide"
LOGIN_API = TARGET / "examples" / "login_api"
THIEF = TARGET / "examples" / "thief"
RAW_TOKEN_REQUEST = TARGET / "examples" / "raw_token_request"
CLIENT_JAR = ROOT / "android" / "demo" / "target" / "bonafide-demo-client.jar"
PYTHON = ROOT / ".venv" / "bin" / "python"
MITMDUMP = ROOT / ".venv" / "bin" / "mitmdump"
STORY = Path(__file__).resolve().parent

#: How long anything may take that should take a moment; only a failing act waits so long.
PATIENCE = 60.0


class ActFailed(Exception):
    """What an act promised did not happen."""


def check(condition: bool, what: str, facts: object = "") -> None:
    """An act's promise."""
    if not condition:
        raise ActFailed(f"expected: {what}; seen: {facts}")


def eventually(probe, what: str):
    """Waits until the probe gives something true, and returns that."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise ActFailed(f"did not happen within {PATIENCE:.0f} s: {what}")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A process whose output goes to a log file, and whose standard output is read line by line."""

    def __init__(self, name: str, command: list, log: Path, stdin: bool = False, env: dict | None = None):
        self.name, self.log = name, log
        self.lines: list[str] = []
        self._queue: queue.Queue = queue.Queue()
        self._errors = open(log, "ab")
        self.popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **(env or {})},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.popen.stdout:
            self._errors.write(line.encode())
            self._errors.flush()
            self.lines.append(line.rstrip("\n"))
            self._queue.put(self.lines[-1])
        self._queue.put(None)

    def ask(self, line: str) -> dict:
        """Sends a line and returns the JSON line that answers it."""
        try:
            self.popen.stdin.write(line + "\n")
            self.popen.stdin.flush()
            while True:
                answer = self._queue.get(timeout=PATIENCE)
                if answer is None:
                    raise ActFailed(f"{self.name} ended; its log is {self.log}")
                if answer.startswith("{"):
                    return json.loads(answer)
        except queue.Empty:
            raise ActFailed(f"{self.name} did not answer {line!r}; its log is {self.log}") from None
        except BrokenPipeError:
            raise ActFailed(f"{self.name} ended; its log is {self.log}") from None

    def json_lines(self) -> list[dict]:
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Stage:
    """The demo's folder, its processes, and what the acts hand on to each other."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.parent.mkdir(exist_ok=True)
        # Held to the end of the process: a second demo would wipe the first one's folder.
        self._lock = open(folder.with_suffix(".lock"), "w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"another demo is running in {folder}; wait for it, or stop it") from None
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "logs").mkdir(parents=True)
        self.processes: list[Process] = []
        self.seen: list[str] = []

    def say(self, text: str) -> None:
        print(text, flush=True)

    def saw(self, text: str) -> None:
        """Prints and keeps what an act has seen."""
        self.seen.append(text)
        self.say("  " + text.replace("\n", "\n  "))

    def start(self, name: str, command: list, **options) -> Process:
        process = Process(name, command, self.folder / "logs" / f"{name}.log", **options)
        self.processes.append(process)
        return process

    def run(self, *command, expect: int = 0, show: bool = False) -> str:
        """Runs a command to its end and returns what it printed."""
        words = [str(word) for word in command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE * 2, stdin=subprocess.DEVNULL)
        with open(self.folder / "logs" / "commands.log", "a") as log:
            log.write(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}[exit {done.returncode}]\n")
        if done.returncode != expect:
            raise ActFailed(f"{' '.join(words)} exited with {done.returncode}: {done.stderr.strip()[-2000:]}")
        if show:
            self.saw(done.stdout.rstrip())
        return done.stdout

    def bonafide(self, *words, expect: int = 0, show: bool = False) -> str:
        """Runs `bonafide` as the operator."""
        if show:
            self.saw(f"$ bonafide {' '.join(str(word) for word in words)}")
        return self.run(BONAFIDE, "--data", self.data, *words, expect=expect, show=show)

    def bonafide_json(self, *words):
        return json.loads(self.bonafide("--json", *words))

    @property
    def data(self) -> Path:
        return self.folder / "service"

    def close(self) -> None:
        for process in reversed(self.processes):
            process.stop()


#: An authority's certificate, whatever the machine's own openssl.cnf says: that of macOS makes none of it.
AUTHORITY = """[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""

#: LibreSSL, which macOS has, is told what OpenSSL takes for granted: the curve by its name, and the digest.
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-pkeyopt", "ec_param_enc:named_curve", "-nodes", "-sha256")


class Authority:
    """A private CA of the demo, made with OpenSSL."""

    def __init__(self, stage: Stage, name: str):
        self.stage, self.folder = stage, stage.folder / name
        self.folder.mkdir()
        self.pem = self.folder / "ca.pem"
        settings = self.folder / "ca.cnf"
        settings.write_text(AUTHORITY)
        stage.run("openssl", "req", "-x509", "-config", settings, *NEW_KEY, "-keyout", self.folder / "ca.key",
                  "-out", self.pem, "-days", "30", "-subj", f"/CN=Demo CA {name}")

    def issue(self, name: str, *hosts: str) -> tuple[Path, Path]:
        """A new key, and a certificate for the hosts; the file holds leaf and CA."""
        return sign_leaf(self.stage, self.folder, name, hosts, self.pem, self.folder / "ca.key")


def sign_leaf(stage: Stage, folder: Path, name: str, hosts: Sequence[str], ca: Path, ca_key: Path) -> tuple[Path, Path]:
    """A new key and a certificate for the hosts, signed by a CA whose files are given.

    It keeps to what Apple's systems want of a server: a name besides the common one, `serverAuth`, a short life.
    """
    names = ",".join(f"{'IP' if host.replace('.', '').isdigit() else 'DNS'}:{host}" for host in hosts)
    leaf, key = sign(stage, folder, name, hosts[0], f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n", ca, ca_key)
    chain = folder / f"{name}.pem"
    chain.write_text(leaf.read_text() + ca.read_text())
    return chain, key


def sign(stage: Stage, folder: Path, name: str, subject: str, extensions: str, ca: Path, ca_key: Path) -> tuple[Path, Path]:
    """A new key and its certificate alone, signed by a CA whose files are given."""
    key, request, leaf = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.leaf.pem"
    told = folder / f"{name}.ext"
    told.write_text(extensions)
    stage.run("openssl", "req", *NEW_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={subject}")
    stage.run("openssl", "x509", "-req", "-sha256", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
              "-days", "20", "-extfile", told, "-out", leaf)
    return leaf, key


def request(url: str, ca: Path | None = None, headers: dict | None = None, body: bytes | None = None):
    """One HTTPS request by Python itself, as an attacker's script would make it: (status, body)."""
    context = ssl.create_default_context(cafile=str(ca)) if ca else None
    outgoing = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(outgoing, context=context, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
