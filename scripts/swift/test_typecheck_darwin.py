"""scripts/swift/typecheck-darwin refuses what Apple's compiler would: each forgery stands in a branch for Darwin. A minute.

    python3 scripts/swift/test_typecheck_darwin.py
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import darwin_headers
from apple_headers import IOS, Headers
from forging import Forging, forged

KIT = "Sources/BonafideKit"
HEADERS = Headers.fetch()
BY_HAND = (IOS / "StandIns/Darwin/headers/Foundation.h").read_text()
WORK = Path(os.environ.get("CARGO_TARGET_DIR", IOS.parent / "target")) / "swift-darwin"


def complaints(forgeries: list[tuple[str, str, str, str]]) -> tuple[int, str]:
    """What is said of the sources after each (file, old, new, _)."""
    with tempfile.TemporaryDirectory() as folder:
        ios = Path(folder)
        for part in ("Sources", "Tests"): shutil.copytree(IOS / part, ios / part)
        for name, old, new, _ in forgeries:
            file = ios / (name if name.startswith("Tests/") else f"{KIT}/{name}")
            file.write_text(forged(file.read_text(), old, new))
        done = subprocess.run(
            ["bash", str(IOS.parent / "scripts/swift/typecheck-darwin"), folder], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Compiler(unittest.TestCase):
    def refused_together(self, forgeries: list[tuple[str, str, str, str]]) -> None:
        code, output = complaints(forgeries)
        self.assertNotEqual(0, code)
        for name, _, new, complaint in forgeries:
            with self.subTest(new=new):
                found = [line for line in output.split("\n") if Path(name).name in line and "error:" in line and complaint in line]
                self.assertTrue(found, output)

    def test_what_does_not_fit_apples_declarations(self) -> None:
        self.refused_together([
            # A `?` forgotten behind an optional method, an override of nothing.
            ("Channel/Forward+ObjectiveC.swift", "delegate?.urlSession?(session, didReceive", "delegate?.urlSession(session, didReceive", "must be unwrapped"),
            ("Channel/PinningDelegate.swift", "responds(to selector: Selector!)", "responds(with selector: Selector!)", "do not match those of overridden method"),
            # What is captured by a closure that runs elsewhere.
            ("Platform/NetworkHint.swift", "{ [known] path in", "{ [known, other = NWPathMonitor()] path in other.cancel()", "non-sendable type 'NWPathMonitor'"),
            ("Channel/ServerTrust.swift", "var error: CFError?", "var error: Unmanaged<CFError>?", "cannot convert value of type"),
            ("Platform/EnclaveKey.swift", "[kSecReturnRef: true]", "[kSecReturnReference: true]", "cannot find 'kSecReturnReference'"),
            ("Platform/AppAttest.swift", "shared.attestKey(keyId, clientDataHash:", "shared.attestKey(keyId, hash:", "incorrect argument label"),
            ("Platform/StorageFolder.swift", "forSecurityApplicationGroupIdentifier:", "forAppGroup:", "incorrect argument label"),
            ("Engine/SystemLog.swift", "privacy: .public", "privacy: .open", "has no member 'open'"),
            ("Session/DataTaskPublisher.swift", "receiveCancel:", "onCancel:", "extra argument 'onCancel'"),
        ])

    def test_a_label_that_is_not_apples(self) -> None:
        # Optional methods may be missing; which of them are is apple_headers.py's to say.
        self.refused_together([(
            "Session/SessionRelay.swift", "didReceive data: Data) {", "didReceived data: Data) {", "nearly matches optional requirement")])

    def test_tests_are_compiled_too(self) -> None:
        self.refused_together([(
            "Tests/BonafideKitTests/Support/EngineDouble.swift", "Thread.isMainThread", "Thread.isMain", "has no member 'isMain'")])

    def test_what_only_the_flow_of_values_shows(self) -> None:
        self.refused_together([(
            "Platform/NetworkHint.swift", "func online() -> Bool? { known.now }",
            "func online() -> Bool? { let own = NWPathMonitor(); Task { own.cancel() }; own.cancel(); return known.now }",
            "later accesses could race",
        )])


class Declarations(Forging):
    def test_what_is_declared_by_hand_is_apples(self) -> None:
        self.assertEqual([], darwin_headers.wrong_by_hand(HEADERS, BY_HAND))
        self.refused(BY_HAND, lambda forged: darwin_headers.wrong_by_hand(HEADERS, forged), [
            ("NSURLSessionUploadTask : NSURLSessionDataTask", "NSURLSessionUploadTask : NSURLSessionTask", "NSURLSessionUploadTask is not"),
            ('SENDABLE NAMED("OperationQueue")', 'NAMED("OperationQueue")', "NSOperationQueue: whether it is Sendable"),
            ('NAMED("InputStream")', 'SENDABLE NAMED("InputStream")', "NSInputStream: whether it is Sendable"),
            ("(nullable, readonly, copy) NSString *identifier", "(readonly, copy) NSString *identifier", "NSURLSessionConfiguration has no identifier"),
            ("NSURL *bundleURL", "NSString *bundleURL", "NSBundle has no bundleURL"),
            ("fromFile:(NSURL *)", "fromPath:(NSURL *)", "NSURLSession has no uploadTaskWithRequest:fromPath:"),
            ("delegateQueue:(nullable NSOperationQueue *)", "delegateQueue:(NSOperationQueue *)", "NSURLSession has no sessionWithConfiguration"),
        ])

    def test_each_delegate_method_is_seen_by_objective_c(self) -> None:
        code, output = complaints([])
        self.assertEqual(0, code, output)
        header = (WORK / "BonafideKit.h").read_text()
        self.assertEqual([], darwin_headers.unseen(header))
        [line] = [line for line in header.split("\n") if "willPerformHTTPRedirection" in line]
        self.assertEqual(
            ["PinningDelegate: URLSession:task:willPerformHTTPRedirection:newRequest:completionHandler: is not seen by Objective-C"],
            darwin_headers.unseen(header.replace(line, "")))
        added = line.replace("willPerformHTTPRedirection", "willPerformAnything")
        self.assertEqual(
            ["PinningDelegate: URLSession:task:willPerformAnything:newRequest:completionHandler: is not in the sources"],
            darwin_headers.unseen(header.replace(line, line + "\n" + added)))


if __name__ == "__main__":
    unittest.main()
