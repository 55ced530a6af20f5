"""Holds what is declared by hand of Apple's frameworks against Apple's headers: the stand-ins' functions, constants and
classes (ios/StandIns), and the methods of URLSession's delegates in the sources (ios/Sources), with each method of those
protocols either implemented or named here as forwarded. The headers come as the objc2 crates, which are generated from
them (apple-headers/Cargo.toml); they know neither the texts behind names such as kSecClass, nor @Sendable.

    apple_headers.py [--delegates]     with --delegates: prints what becomes of each delegate method
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import darwin

HERE = Path(__file__).resolve().parent
IOS = HERE.parents[1] / "ios"
PROTOCOLS = ("", "Task", "Data", "Download", "WebSocket", "Stream")

# What PinningDelegate leaves to Objective-C's forwarding, and so reaches the app's delegate as it came. A method that Apple
# adds is in neither list, and fails here until somebody has looked: does it carry a challenge, a redirect, a request?
FORWARDED = {
    "URLSessionDidFinishEventsForBackgroundURLSession:": "a note",
    "URLSession:task:willBeginDelayedRequest:completionHandler:": "a background request, which the app may replace by one that it"
    " has protected itself; where it goes, the pins are checked as ever",
    "URLSession:task:needNewBodyStreamFromOffset:completionHandler:": "the body is the app's",
    "URLSession:task:didReceiveInformationalResponse:": "a note",
    "URLSession:dataTask:didBecomeDownloadTask:": "a note: only a delegate that asked for it gets it",
    "URLSession:dataTask:didBecomeStreamTask:": "a note: only a delegate that asked for it gets it",
    "URLSession:downloadTask:didWriteData:totalBytesWritten:totalBytesExpectedToWrite:": "a note",
    "URLSession:downloadTask:didResumeAtOffset:expectedTotalBytes:": "a note",
    "URLSession:webSocketTask:didOpenWithProtocol:": "a note",
    "URLSession:webSocketTask:didCloseWithCode:reason:": "a note",
    "URLSession:readClosedForStreamTask:": "a note",
    "URLSession:writeClosedForStreamTask:": "a note",
    "URLSession:betterRouteDiscoveredForStreamTask:": "a note",
    "URLSession:streamTask:didBecomeInputStream:outputStream:": "a note: only a delegate that asked for it gets it",
}

# SecItem.h and SecTrust.h mark these parameters CF_RETURNS_RETAINED, which the crates do not keep: Swift then owns what it
# gets, where it has an Unmanaged otherwise.
RETURNS_RETAINED = {
    "SecItemAdd": "result", "SecItemCopyMatching": "result", "SecTrustCreateWithCertificates": "trust", "SecTrustEvaluateWithError": "error",
}
# Swift's importer knows more verbs and prepositions; these stand in the methods that are implemented.
DROPS_AFTER = ("Receive", "Collecting", "To")
# NS_SWIFT_NAME in the headers.
RENAMED = {"sharedService": "shared"}

RUST_TO_SWIFT = {
    "&CFType": "CFTypeRef",
    "&NSData": "Data",
    "&NSError": "any Error",
    "&NSString": "String",
    "&NSURL": "URL",
    "&NSURLRequest": "URLRequest",
    "Void": "Void",
    "bool": "Bool",
    "i64": "Int64",
    "OSStatus": "OSStatus",
    "NSURLSessionAuthChallengeDisposition": "URLSession.AuthChallengeDisposition",
    "NSURLSessionDelayedRequestDisposition": "URLSession.DelayedRequestDisposition",
    "NSURLSessionResponseDisposition": "URLSession.ResponseDisposition",
    "NSURLSessionWebSocketCloseCode": "URLSessionWebSocketTask.CloseCode",
    "SecAccessControlCreateFlags": "SecAccessControlCreateFlags",
}


def optional(swift: str) -> str:
    return f"({swift})?" if " " in swift else f"{swift}?"


def swift_type(rust: str, retained: bool = False) -> str:
    """What Swift imports a type of the crates as; `retained`: an out parameter whose content Swift owns."""
    rust = " ".join(rust.split()).rstrip(", ")
    if rust in RUST_TO_SWIFT:
        return RUST_TO_SWIFT[rust]
    if found := re.fullmatch(r"Option<(.*)>", rust):
        return optional(swift_type(found[1]))
    if found := re.fullmatch(r"(?:CFRetained|Retained)<(\w+)>", rust):
        return swift_type("&" + found[1])
    if found := re.fullmatch(r"\*mut \*(?:mut|const) (CF\w+)", rust):
        inner = swift_type("&" + found[1])
        return f"UnsafeMutablePointer<{inner}?>?" if retained else f"UnsafeMutablePointer<Unmanaged<{inner}>?>?"
    if found := re.fullmatch(r"\*mut (\w+)", rust):
        return optional(swift_type("&" + found[1]))
    if found := re.fullmatch(r"&block2::DynBlock< ?dyn Fn\((.*)\),? ?>", rust):
        return f"@escaping @Sendable ({', '.join(swift_type(part) for part in split(found[1]))}) -> Void"
    if found := re.fullmatch(r"&((?:CF|Sec|DC)\w+)", rust):
        return found[1]
    if found := re.fullmatch(r"&NS((?:HTTP)?URL\w+|InputStream|OutputStream|CachedURLResponse)", rust):
        return found[1]
    raise SystemExit(f"apple_headers.py: how Swift imports `{rust}` is not known here: add it")


def split(text: str) -> list[str]:
    """Parts between the commas that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        if letter in "(<[":
            depth += 1
        elif letter in ")]" or (letter == ">" and text[place - 1] != "-"):
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def bracketed(text: str, start: int) -> str:
    """What stands in the brackets that open at `start`."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    raise ValueError("unbalanced")


@dataclass
class Declaration:
    """A function or method, with Swift's types. A label is empty where there is none."""

    name: str
    labels: list[str]
    types: list[str]
    result: str

    def __str__(self) -> str:
        parameters = ", ".join(f"{label or '_'}: {type_}" for label, type_ in zip(self.labels, self.types))
        return f"{self.name}({parameters}) -> {self.result}"


def swift_functions(source: str) -> list[tuple[str, Declaration]]:
    """Each function with the text in front of it on its line and the one before."""
    found = []
    for match in re.finditer(r"((?:^[^\n]*\n)?[^\n]*?)\bfunc (\w+)(?=\()", source, re.MULTILINE):
        inside = bracketed(source, match.end())
        labels, types = [], []
        for parameter in split(inside):
            names, type_ = parameter.split(":", 1)
            label = names.split()[0]
            labels.append("" if label == "_" else label)
            types.append(" ".join(type_.split()))
        rest = source[match.end() + len(inside) + 2 :]
        result = re.match(r"\s*(?:throws\s*)?->\s*([^{\n]+)", rest)
        found.append((match[1], Declaration(match[2], labels, types, result[1].strip() if result else "Void")))
    return found


def without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


class Headers:
    def __init__(self, security: str, device_check: str, foundation: str) -> None:
        self.security, self.device_check, self.foundation = map(without_comments, (security, device_check, foundation))

    @staticmethod
    def fetch() -> "Headers":
        manifest = ["--manifest-path", str(HERE / "apple-headers" / "Cargo.toml"), "--locked"]
        if subprocess.run(["cargo", "metadata", "--format-version=1", "--offline", *manifest], capture_output=True).returncode:
            subprocess.run(["cargo", "fetch", *manifest], check=True)
        answer = subprocess.run(
            ["cargo", "metadata", "--format-version=1", "--offline", *manifest], check=True, capture_output=True)
        folders = {p["name"]: Path(p["manifest_path"]).parent / "src/generated" for p in json.loads(answer.stdout)["packages"]}
        text = lambda name, *files: "\n".join((folders[name] / f"{file}.rs").read_text() for file in files)
        return Headers(
            text("objc2-security", "SecAccessControl", "SecBase", "SecCertificate", "SecItem", "SecKey", "SecPolicy", "SecTrust"),
            text("objc2-device-check", "DCAppAttestService", "DCError"),
            text("objc2-foundation", "NSArray", "NSBundle", "NSCoder", "NSData", "NSDictionary", "NSError", "NSLock", "NSOperation", "NSStream", "NSString", "NSThread", "NSURL",
                 "NSURLAuthenticationChallenge", "NSURLCache", "NSURLCredential", "NSURLProtectionSpace", "NSURLProtocol",
                 "NSURLRequest", "NSURLResponse", "NSURLSession", "NSValue"))

    def function(self, name: str) -> Declaration | None:
        """A C function. The generator's wrapper, where there is one, is the declaration that tells nullability."""
        match = re.search(rf"pub (?:unsafe extern \"C-unwind\" )?fn {name}(?=\()", self.security)
        if not match:
            return None
        inside = bracketed(self.security, match.end())
        result = re.match(r"\s*->\s*([^{;]+)", self.security[match.end() + len(inside) + 2 :])
        names, types = zip(*(part.split(":", 1) for part in split(inside)))
        return Declaration(
            name, [""] * len(types),
            [swift_type(t, retained=RETURNS_RETAINED.get(name) == n.strip()) for n, t in zip(names, types)],
            swift_type(result[1]) if result else "Void")

    def methods(self, text: str) -> dict[str, tuple[list[str], str]]:
        """Parameter types of the crates and Swift's result, by selector."""
        found = {}
        for match in re.finditer(r"method\(([\w:]+)\)\)\](?:\s*#\[[^\]]*\])*\s*(?:pub )?(?:unsafe )?fn \w+(?=\()", text):
            inside = bracketed(text, match.end())
            types = [part.split(":", 1)[1].strip() for part in split(inside) if part != "&self"]
            result = re.match(r"\s*->\s*([^{;]+)", text[match.end() + len(inside) + 2 :])
            found[match[1]] = (types, result[1].strip() if result else "Void")
        return found

    def protocol(self, name: str) -> dict[str, tuple[list[str], str]]:
        text = self.foundation
        start = text.index(f"pub unsafe trait {name}:")
        return self.methods(text[start : text.index("\n);", start)])


def imported(selector: str, types: list[str], result: str) -> Declaration:
    """A method as Swift imports it. Of its first part, what follows `With` is the first label; a later part loses the words
    that its type says again, after a verb or preposition."""
    if not selector.endswith(":"):
        return Declaration(RENAMED.get(selector, selector), [], [], result)
    first, *rest = selector.rstrip(":").split(":")
    name, _, label = first.replace("URLSession", "urlSession", 1).partition("With")
    labels = [label[:1].lower() + label[1:]]
    for part, rust in zip(rest, types[1:]):
        said_again = re.match(rf"(\w*(?:{'|'.join(DROPS_AFTER)}))([A-Z]\w*)$", part)
        labels.append(said_again[1] if said_again and re.sub(r"\W", "", rust).endswith(said_again[2]) else part)
    return Declaration(name, labels, [swift_type(type_) for type_ in types], result)


def wrong_functions(headers: Headers, stand_in: str) -> list[str]:
    wrong = []
    for before, ours in swift_functions(stand_in):
        if not re.search(r"\bpublic $", before) or not ours.name.startswith("Sec"):
            continue
        apples = headers.function(ours.name)
        if str(apples) != str(ours):
            wrong.append(f"{ours.name}: the stand-in is\n    {ours}\n  and Apple's is\n    {apples or 'nothing'}")
    return wrong


def number(text: str) -> int:
    """A literal, or a shifted one."""
    value, _, shift = text.replace(" ", "").partition("<<")
    return int(value) << int(shift or 0)


def wrong_constants(headers: Headers, stand_in: str) -> list[str]:
    wrong = []

    def hold(name: str, ours: str, pattern: str, text: str) -> None:
        apples = re.search(pattern, text)
        if not apples:
            wrong.append(f"{name}: Apple has no such constant")
        elif number(apples[1]) != number(ours):
            wrong.append(f"{name}: {ours} in the stand-in, {apples[1]} in Apple's header")

    for name, value in re.findall(r"let (errSec\w+): OSStatus = (\S+)", stand_in):
        hold(name, value, rf"pub const {name}: OSStatus = ([-\d]+);", headers.security)
    for name in re.findall(r"let (kSec\w+): CFString\b", stand_in):
        if not re.search(rf"pub static {name}: &'static CFString;", headers.security):
            wrong.append(f"{name}: Apple has no such constant")
    for name, value in re.findall(r"let (\w+) = SecAccessControlCreateFlags\(rawValue: ([^)]+)\)", stand_in):
        flags = headers.security.partition("impl SecAccessControlCreateFlags:")[2].partition("\n}")[0]
        hold(name, value, rf"const {name[0].upper()}{name[1:]} = ([\d<]+);", flags)
    for name in re.findall(r"static let (\w+) = SecKeyAlgorithm\(", stand_in):
        if not re.search(rf"(?i)pub static kSecKeyAlgorithm{name}: &'static SecKeyAlgorithm;", headers.security):
            wrong.append(f"{name}: Apple has no such algorithm")
    codes = re.search(r"enum Code: Int[^{]*\{(.*?)\}", stand_in, re.DOTALL)
    for name, value in re.findall(r"case (\w+) = (\S+)", codes[1] if codes else ""):
        hold(name, value, rf"pub const {name[0].upper()}{name[1:]}: Self = Self\((-?\d+)\);", headers.device_check)
    return wrong


def wrong_methods(headers: Headers, stand_in: str) -> list[str]:
    """Of DCAppAttestService."""
    inside = re.search(r"class DCAppAttestService\b.*?\n\}", stand_in, re.DOTALL)[0]
    methods = headers.methods(headers.device_check.partition("impl DCAppAttestService {")[2])
    apples = {str(imported(s, types, swift_type(result))) for s, (types, result) in methods.items() if s not in ("init", "new")}
    ours = [str(function) for before, function in swift_functions(inside) if re.search(r"\bopen $", before)]
    ours += [f"{name}() -> {type_}" for name, type_ in re.findall(r"open (?:class )?var (\w+): (\w+)", inside)]
    return [f"DCAppAttestService: the stand-in has\n    {line}\n  and Apple's has\n    " + "\n    ".join(sorted(apples))
            for line in ours if line not in apples]


def delegate_methods(headers: Headers, sources: dict[str, str]) -> tuple[dict[str, set[str]], list[str]]:
    """The selectors that each source implements of URLSession's delegate protocols, and what is wrong with them."""
    wrong: list[str] = []
    selectors = {s: of for protocol in PROTOCOLS for s, of in headers.protocol(f"NSURLSession{protocol}Delegate").items()}
    implemented: dict[str, set[str]] = {}
    for file, source in sources.items():
        implemented[file] = set()
        code = without_comments(darwin.seen(source))
        for before, ours in swift_functions(code):
            if not ours.name.startswith("urlSession"):
                continue
            named = re.search(r"@objc\(([^)]*)\)", before)
            matching = [s for s, (types, result) in selectors.items() if str(imported(s, types, result)) == str(ours)]
            if len(matching) != 1 or (named and matching != [named[1]]):
                wrong.append(f"{file}: no delegate protocol of URLSession's has{' as ' + named[1] if named else ''}\n    {ours}")
            else:
                implemented[file].add(matching[0])
        for name in re.findall(r"@objc\(([^)]*)\)", code):
            if name not in implemented[file]:
                wrong.append(f"{file}: @objc({name}) stands before no method of that name")
    return implemented, wrong


def uncovered(headers: Headers, implemented: dict[str, set[str]], forwarded: dict[str, str] = FORWARDED) -> list[str]:
    """What stands between Apple's delegate methods and ours: each is implemented or forwarded, and not both."""
    wrong = []
    everywhere = set().union(*implemented.values())
    selectors = {s: of for protocol in PROTOCOLS for s, of in headers.protocol(f"NSURLSession{protocol}Delegate").items()}
    for selector, (types, _) in selectors.items():
        decides = "NSURLAuthenticationChallenge" in "".join(types) or "edirect" in selector
        if decides and selector not in implemented["PinningDelegate.swift"]:
            wrong.append(f"{selector} carries a challenge or a redirect, and PinningDelegate does not implement it")
        elif selector not in everywhere and selector not in forwarded:
            wrong.append(f"{selector} is neither implemented nor named as forwarded (scripts/swift/apple_headers.py)")
    for selector in sorted(set(forwarded) & everywhere):
        wrong.append(f"{selector} is implemented, and not forwarded as is said in FORWARDED")
    for selector in sorted(set(forwarded) - set(selectors)):
        wrong.append(f"{selector} is said to be forwarded, and Apple has no such method")
    return wrong


def everything_wrong(headers: Headers, stand_ins: str, sources: dict[str, str]) -> list[str]:
    implemented, wrong = delegate_methods(headers, sources)
    wrong += wrong_functions(headers, stand_ins) + wrong_constants(headers, stand_ins) + wrong_methods(headers, stand_ins)
    return wrong + uncovered(headers, implemented)


def stand_ins() -> str:
    files = [*(IOS / "StandIns/Security").glob("*.swift"), *(IOS / "StandIns/DeviceCheck").glob("*.swift")]
    return "\n".join(without_comments(file.read_text()) for file in sorted(files))


def bonafide_kit() -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted((IOS / "Sources/BonafideKit").rglob("*.swift"))}


def main() -> int:
    headers, sources = Headers.fetch(), bonafide_kit()
    implemented, _ = delegate_methods(headers, sources)
    wrong = everything_wrong(headers, stand_ins(), sources)
    if "--delegates" in sys.argv:
        for file, selectors in implemented.items():
            print("".join(f"{file}\t{selector}\n" for selector in sorted(selectors)), end="")
        print("".join(f"forwarded\t{selector}\t{why}\n" for selector, why in FORWARDED.items()), end="")
    for line in wrong:
        print(line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
