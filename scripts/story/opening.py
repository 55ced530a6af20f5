"""Acts 1 to 4: from nothing to a login with a token."""

import base64
import json
import zipfile

from stage import BONAFIDE, CLIENT_JAR, LOGIN_API, Authority, Stage, check, eventually, free_port, request

APP_ID, APP_VERSION = "com.example.demo", "1.0.0"

#: Short, so that an act can wait for a token's end; the default is five minutes.
TOKEN_SECONDS = 20


def start_service(stage: Stage) -> None:
    """Starts `bonafide serve` in the demo's folder, and waits until it answers."""
    stage.service = stage.start(
        "service",
        [BONAFIDE, "--data", stage.data, "serve", "--listen", f"127.0.0.1:{stage.service_port}",
         "--operator-listen", f"127.0.0.1:{stage.operator_port}", "--token-lifetime", str(TOKEN_SECONDS)],
    )
    stage.operator_url = f"http://127.0.0.1:{stage.operator_port}"

    def answers():
        check(stage.service.popen.poll() is None, "the service runs", f"it ended; log: {stage.service.log}")
        try:
            return request(f"{stage.operator_url}/readyz")[0] == 200
        except OSError:
            return False

    eventually(answers, "the service is ready")


def start_api(stage: Stage, name: str, port: int, chain, key, audience: str, **extra) -> object:
    """Starts the demo's login API; it reloads certificate and key when the files change."""
    options = [part for flag, value in extra.items() for part in (f"--{flag.replace('_', '-')}", value)]
    process = stage.start(
        name,
        [LOGIN_API, "--listen", f"127.0.0.1:{port}", "--cert", chain, "--key", key, "--account", "acme",
         "--audience", audience, "--jwks", f"{stage.operator_url}/.well-known/jwks.json?account=acme",
         "--decoy-keys", f"{stage.operator_url}/admin/v1/decoy-keys",
         "--operator-token-file", stage.data / "operator.json", *options],
    )
    host = "localhost" if name == "api" else "127.0.0.1"

    def answers():
        try:
            return request(f"https://{host}:{port}/public", ca=stage.authority.pem)[0] == 200
        except OSError:
            return False

    eventually(answers, f"{name} answers")
    return process


def start_client(stage: Stage, name: str, *extra, jar=CLIENT_JAR):
    """Starts a client process of its own, with its own storage; it trusts the demo's CA and the proxy's."""
    return stage.start(
        name,
        ["java", "-jar", jar, "--config", stage.folder / "bonafide.config", "--storage", stage.folder / f"{name}.storage",
         "--api", f"https://localhost:{stage.api_port}", "--ca", f"{stage.authority.pem},{stage.proxy_ca}",
         "--app-id", APP_ID, "--app-version", APP_VERSION, *extra],
        stdin=True,
    )


def login(client) -> dict:
    """Asks a client to log in; its answer."""
    return client.ask("login alice correct-horse-battery-staple")


def service_starts(stage: Stage) -> None:
    stage.service_port, stage.operator_port, stage.api_port = free_port(), free_port(), free_port()
    stage.bonafide("init", "--account", "acme", "--url", f"https://127.0.0.1:{stage.service_port}", "--private-ca", show=True)
    check((stage.data / "root.key").stat().st_mode & 0o077 == 0, "root.key is its owner's only")
    # As the operator is told to: the root key is kept elsewhere.
    stage.root_key = stage.folder / "vault-root.key"
    (stage.data / "root.key").rename(stage.root_key)
    start_service(stage)
    stage.saw(f"service: https://127.0.0.1:{stage.service_port}, operator's listener: {stage.operator_url}")


def api_is_added(stage: Stage) -> None:
    stage.authority = Authority(stage, "api-ca")
    stage.proxy_folder = stage.folder / "mitmproxy"
    stage.proxy_ca = stage.proxy_folder / "mitmproxy-ca-cert.pem"
    chain, key = stage.authority.issue("first", "localhost")
    _, stage.backup_key = stage.authority.issue("backup", "localhost")
    stage.live_chain, stage.live_key = stage.folder / "api.pem", stage.folder / "api.key"
    stage.live_chain.write_bytes(chain.read_bytes())
    stage.live_key.write_bytes(key.read_bytes())
    stage.api = start_api(stage, "api", stage.api_port, stage.live_chain, stage.live_key, "acme", binding_header="X-Order")
    url = f"https://localhost:{stage.api_port}"
    # Public roots do not vouch for the demo's CA: said so, and nothing published.
    stage.bonafide("api", "add", url, "--yes", expect=1)
    stage.bonafide("api", "add", url, "--ca", stage.authority.pem, "--backup-key", stage.backup_key,
                   "--platform", "jvm", "--least-key-level", "software", "--yes", show=True)
    hosts = stage.bonafide_json("config", "show")["content"]["hosts"]
    check([(host["host"], len(host["pins"])) for host in hosts] == [("localhost", 2)], "one host with two pins", hosts)


def client_is_registered(stage: Stage) -> None:
    stage.bonafide("app", "register", CLIENT_JAR, "--platform", "jvm", "--id", APP_ID, "--version", APP_VERSION, show=True)
    stage.bonafide("config", "export", "-o", stage.folder / "bonafide.config", show=True)
    no_secret_in_the_app(stage)


def no_secret_in_the_app(stage: Stage) -> None:
    """What the app embeds holds no private key, and neither it nor the app's package any secret of the operator's."""
    text = (stage.folder / "bonafide.config").read_text()
    config = json.loads(text)
    documents = [decoded(jws) for jws in [*config["roots"], config["config"]]]
    check(len(documents) >= 2, "the initial config holds a root and a config", documents)
    private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & {name for document in documents for name in members(document)}
    check(not private, "no key in the initial config has a private member", private)
    files = [stage.root_key, stage.data / "master.key", *(stage.data / "tls").glob("*.key")]
    secrets = [line.strip() for file in files for line in file.read_text().splitlines() if "-----" not in line]
    secrets.append(json.loads((stage.data / "operator.json").read_text())["token"])
    secrets = [secret.encode() for secret in secrets if len(secret) >= 16]
    check(len(secrets) > len(files), "the operator's secrets are known", len(secrets))
    with zipfile.ZipFile(CLIENT_JAR) as jar:
        places = {name: jar.read(name) for name in jar.namelist()}
    places["the initial config"] = text.encode() + json.dumps(documents).encode()
    found = [name for name, content in places.items() if any(secret in content for secret in secrets)]
    check(not found, "no secret of the operator's is in the initial config or the app", found)
    stage.saw(f"{len(secrets)} secrets looked for in {len(places)} places: the app holds none")


def decoded(jws: str) -> dict:
    """The payload of a signed document."""
    payload = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def members(value) -> set:
    """The names of all members, however deep."""
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


def login_succeeds(stage: Stage) -> None:
    import interception

    interception.start_proxy(stage)
    stage.client = start_client(stage, "client")
    answer = login(stage.client)
    check(answer.get("status") == 200, "the login succeeds", answer)
    # The answer may be here before the line.
    seen = eventually(lambda: [line for line in stage.api.json_lines() if line.get("path") == "/login"], "a line in the API's log")
    check(seen[-1]["verdict"] == "accepted", "the API verified the token", seen)
    stage.saw(f"the client got {answer['status']}: {answer.get('body')}")
    stage.saw(f"the API saw installation {seen[-1]['installation']} and accepted its token")
    # The other way round: without a token the same API refuses, and says nothing more.
    status, body = request(f"https://localhost:{stage.api_port}/login", ca=stage.authority.pem,
                           headers={"content-type": "application/json"}, body=b'{"user":"alice","password":"x"}')
    check((status, body) == (401, b""), "without a token: a bare 401", (status, body))
    stage.saw("the same request without a token: a bare 401")
