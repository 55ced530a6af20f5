"""Writes what can be written of Apple's headers back in C and Objective-C, from the objc2 crates (apple_headers.py), for
the Swift compiler to import: Security's functions and constants, DeviceCheck's class, and the protocols of URLSession's
delegates. Names, nullability and numbers are Apple's; the compiler itself gives them their Swift names. What Foundation.h
declares by hand is compared with the crates.

    darwin_headers.py FOLDER SWIFT       writes the headers into FOLDER, with the functions that the sources in SWIFT call
    darwin_headers.py --seen HEADER      HEADER, which the compiler wrote of BonafideKit, has just the delegate methods
                                         that the sources implement: what Objective-C does not see, the system never calls
"""

import re
import sys
from pathlib import Path

from apple_headers import (
    IOS, PROTOCOLS, RETURNS_RETAINED, Headers, bonafide_kit, bracketed, delegate_methods, split, without_comments,
)

PLAIN = {"bool": "_Bool", "i64": "long long", "NSInteger": "NSInteger", "NSUInteger": "NSUInteger", "Void": "void"}
# NSURLProtectionSpace's, which the generator leaves out, since its type is one of Security's; and NSLocking's.
NOT_OF_THE_CLASS = ("serverTrust", "lock", "unlock")
# The Swift names of Foundation's API notes.
NESTED = {
    "NSURLCacheStoragePolicy": "URLCache.StoragePolicy",
    "NSURLCredentialPersistence": "URLCredential.Persistence",
    "NSURLSessionAuthChallengeDisposition": "URLSession.AuthChallengeDisposition",
    "NSURLSessionDelayedRequestDisposition": "URLSession.DelayedRequestDisposition",
    "NSURLSessionResponseDisposition": "URLSession.ResponseDisposition",
    "NSURLSessionTaskState": "URLSessionTask.State",
    "NSURLSessionWebSocketCloseCode": "URLSessionWebSocketTask.CloseCode",
}


def c_type(rust: str, annotation: str = "") -> str:
    """A crate's type in C or Objective-C, nonnull where nothing is said."""
    rust = " ".join(rust.split()).rstrip(", ")
    if rust in PLAIN:
        return PLAIN[rust]
    if found := re.fullmatch(r"Option<(.*)>|\*mut ((?:NS|DC)\w+)", rust):
        return c_type(found[1] or "&" + found[2]) + " _Nullable"
    if found := re.fullmatch(r"(?:CFRetained|Retained)<(\w+)>", rust):
        return c_type("&" + found[1])
    if found := re.fullmatch(r"(\*mut |NonNull<)\*(?:mut|const) ((?:CF|Sec)\w+)>?", rust):
        return f"{c_type('&' + found[2])} _Nullable * {'_Nullable' if found[1] == '*mut ' else '_Nonnull'} {annotation}"
    if found := re.fullmatch(r"&block2::DynBlock< ?dyn Fn\((.*)\),? ?>", rust):
        # So are they in NSURLSession.h, and so are all completion handlers from Swift 6.2 on (SE-0463).
        return f"void (SENDABLE ^)({', '.join(map(c_type, split(found[1])))})"
    if found := re.fullmatch(r"&(SecKeyAlgorithm)", rust):
        return found[1]
    if found := re.fullmatch(r"&((?:CF|Sec)\w+)", rust):
        return "CFTypeRef" if found[1] == "CFType" else found[1] + "Ref"
    if found := re.fullmatch(r"&((?:NS|DC)\w+)", rust):
        return found[1] + " *"
    return rust


def security(headers: Headers, swift: str) -> list[str]:
    text = headers.security
    lines = ["AUDITED_BEGIN"]
    flags = text.partition("impl SecAccessControlCreateFlags:")[2].partition("\n}")[0]
    lines.append("typedef OPTIONS(CFOptionFlags, SecAccessControlCreateFlags) {")
    lines += [f"  kSecAccessControl{name} = {value}," for name, value in re.findall(r"const (\w+) = ([\d<]+);", flags)]
    lines.append("};")
    lines += [f"extern const CFStringRef {name};" for name in re.findall(r"pub static (kSec\w+): &'static CFString;", text)]
    lines += [f"extern const SecKeyAlgorithm {name};" for name in re.findall(r"pub static (kSecKey\w+): &'static SecKeyAlgorithm;", text)]
    lines.append("enum : OSStatus {")
    lines += [f"  {name} = {value}," for name, value in re.findall(r"pub const (errSec\w+): OSStatus = ([-\d]+);", text)]
    lines.append("};")
    # What Apple has not is not written, and the compiler does not find it.
    for name in sorted(set(re.findall(r"\b(Sec[A-Z]\w+)\(", swift))):
        found = re.search(rf"pub (?:unsafe extern \"C-unwind\" )?fn {name}(?=\()", text)
        if not found:
            continue
        start = found.end()
        inside = bracketed(text, start)
        result = re.match(r"\s*->\s*([^{;]+)", text[start + len(inside) + 2 :])[1].strip()
        parameters = [
            c_type(type_, "__attribute__((cf_returns_retained))" if RETURNS_RETAINED.get(name) == label else "") + f" {label}"
            for label, type_ in (map(str.strip, part.split(":", 1)) for part in split(inside))
        ]
        lines.append(f"extern {c_type(result)} {name}({', '.join(parameters)});")
    return [*lines, "AUDITED_END"]


def enumeration(text: str, name: str, macro: str = "ENUM", attribute: str = "") -> list[str]:
    inside = text.partition(f"impl {name} {{")[2].partition("\n}")[0]
    cases = re.findall(r"pub const (\w+): Self = Self\((-?\w+)\);", inside)
    return [f"typedef {macro}(NSInteger, {name}) {{", *(f"  {name}{case} = {value}," for case, value in cases), f"}} {attribute};"]


def method(selector: str, types: list[str], result: str, kind: str = "-") -> str:
    if not selector.endswith(":"):
        return f"{kind} ({c_type(result)}){selector};"
    parts = [f"{part}:({c_type(type_)})p{n}" for n, (part, type_) in enumerate(zip(selector.split(":"), types))]
    return f"{kind} ({c_type(result)}){' '.join(parts)};"


def enumerations(headers: Headers) -> list[str]:
    return [line for name, swift in NESTED.items() for line in enumeration(headers.foundation, name, attribute=f'NAMED("{swift}")')]


def protocols(headers: Headers) -> list[str]:
    lines = ["ASSUME_NONNULL_BEGIN"]
    for name in [*(f"NSURLSession{protocol}Delegate" for protocol in PROTOCOLS), "NSURLAuthenticationChallengeSender", "NSURLProtocolClient"]:
        above, sent = re.search(rf"pub unsafe trait {name}:\s*(\w+)( \+ Send)?", headers.foundation).groups()
        marks = "SENDABLE " if sent or above != "NSObjectProtocol" else ""
        lines.append(f'{marks}NAMED("{name[2:]}") @protocol {name} <{above.removesuffix("Protocol")}>')
        for selector, (types, result) in headers.protocol(name).items():
            optional = re.search(rf"#\[optional\]\s*#\[unsafe\(method\({selector}\)", headers.foundation)
            lines += ["@optional" if optional else "@required", method(selector, types, result)]
        lines.append("@end")
    return [*lines, "ASSUME_NONNULL_END"]


def device_check(headers: Headers) -> list[str]:
    text = headers.device_check
    lines = ["ASSUME_NONNULL_BEGIN", "extern NSString *const DCErrorDomain;"]
    lines += enumeration(text, "DCError", macro="ERROR_ENUM")
    lines.append("@interface DCAppAttestService : NSObject")
    for selector, (types, result) in headers.methods(text.partition("impl DCAppAttestService {")[2]).items():
        if selector == "sharedService":
            lines.append('@property (class, readonly) DCAppAttestService *sharedService NAMED("shared");')
        elif selector == "isSupported":
            lines.append("@property (readonly, getter=isSupported) BOOL supported;")
        elif selector not in ("init", "new"):
            lines.append(method(selector, types, result))
    return [*lines, "@end", "ASSUME_NONNULL_END"]


def plain(type_: str) -> tuple[str, bool]:
    """A type's name and whether it may be null, of a crate's type or of one in Objective-C."""
    nullable = re.search(r"^Option<|\bnullable\b", type_) is not None
    words = re.findall(r"\w+", re.sub(r"\b(nullable|Option|Retained|ProtocolObject|dyn|id(?=<))\b", "", type_))
    return {"Self": "instancetype", "Void": "void", "NSErrorDomain": "NSString", "bool": "BOOL"}.get(words[0], words[0]), nullable


def wrong_by_hand(headers: Headers, objective_c: str) -> list[str]:
    """What a header of classes has otherwise than Apple's: superclasses, which may be sent, properties, methods, types."""
    wrong = []
    text = headers.foundation
    classes = r"^((?:SENDABLE )?(?:\w+\(\"[\w.]+\"\) )*)@interface (\w+)(?:<[^>]*>)? : (\w+)(?: <[^>]*>)?\n(.*?)^@end"
    for marks, name, above, inside in re.findall(classes, without_comments(objective_c), re.MULTILINE | re.DOTALL):
        if not re.search(rf"super\({above}\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*pub struct {name}\b", text):
            wrong.append(f"{name} is not Apple's class below {above}")
        if ("SENDABLE" in marks) != (f"unsafe impl Send for {name} " in text):
            wrong.append(f"{name}: whether it is Sendable is not as Apple says")
        apples = {}
        for block in re.findall(rf"^impl(?:<[^{{]*>)? {name}(?:<[^{{]*>)? \{{(.*?)^\}}", text, re.MULTILINE | re.DOTALL):
            for selector, (types, result) in headers.methods(block).items():
                parameters = [plain(type_) for type_ in types if not type_.startswith("Allocated<")]
                apples.setdefault(selector, []).append((parameters, plain(result)))
        ours = [(n, ([], plain(("nullable " if "nullable" in attributes else "") + type_))) for attributes, type_, n in re.findall(r"@property \(([^)]*)\) ([^;]*?)(\w+);", inside)]
        for result, signature in re.findall(r"^[+-] \(([^)]*)\)([^;]*);", inside, re.MULTILINE):
            parts = re.findall(r"(\w+):\(([^)]*)\)", signature)
            selector = "".join(f"{part}:" for part, _ in parts) or signature.strip()
            ours.append((selector, ([plain(type_) for _, type_ in parts], plain(result))))
        for selector, declared in ours:
            if declared not in apples.get(selector, []) and selector not in NOT_OF_THE_CLASS:
                wrong.append(f"{name} has no {selector} of {declared}, but {apples.get(selector, 'nothing')}")
    return wrong


def unseen(header: str) -> list[str]:
    """Delegate methods that the sources implement and the header that the compiler wrote has not, or has besides."""
    implemented, _ = delegate_methods(Headers.fetch(), bonafide_kit())
    wrong = []
    for name in ("PinningDelegate", "SessionRelay"):
        seen = set()
        for inside in re.findall(rf"^@interface {name}\b[^\n]*\n(.*?)^@end", header, re.MULTILINE | re.DOTALL):
            for signature in re.findall(r"^- \(void\)(URLSession[^;]*);", inside, re.MULTILINE):
                # What stands in brackets may have colons of its own.
                while "(" in signature:
                    signature = re.sub(r"\([^()]*\)", "", signature)
                seen.add("".join(f"{part}:" for part in re.findall(r"(\w+):", signature)))
        for selector in sorted(seen ^ implemented[f"{name}.swift"]):
            wrong.append(f"{name}: {selector} is {'not in the sources' if selector in seen else 'not seen by Objective-C'}")
    return wrong


def main() -> int:
    if sys.argv[1] == "--seen":
        wrong = unseen(Path(sys.argv[2]).read_text())
    else:
        folder, headers = Path(sys.argv[1]), Headers.fetch()
        swift = "\n".join(file.read_text() for file in Path(sys.argv[2]).rglob("*.swift"))
        wrong = wrong_by_hand(headers, (IOS / "StandIns/Darwin/headers/Foundation.h").read_text())
        written = {
            "DeviceCheck": device_check(headers), "Enumerations": enumerations(headers), "Protocols": protocols(headers),
            "Security": security(headers, swift),
        }
        for name, lines in written.items():
            (folder / f"{name}OfApple.h").write_text("\n".join(["// Written by darwin_headers.py.", *lines, ""]))
    for line in wrong:
        print(line, file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
