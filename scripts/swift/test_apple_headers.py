"""The comparison with Apple's headers refuses what it is there to refuse: each test forges one thing.

    python3 scripts/swift/test_apple_headers.py
"""

import unittest

import apple_headers
import darwin
from forging import Forging

HEADERS = apple_headers.Headers.fetch()
STAND_INS = apple_headers.stand_ins()
SOURCES = apple_headers.bonafide_kit()


class StandIns(Forging):
    def test_what_is_declared_is_apples(self) -> None:
        self.assertEqual([], apple_headers.everything_wrong(HEADERS, STAND_INS, SOURCES))

    def test_a_forged_declaration_is_refused(self) -> None:
        self.refused(STAND_INS, lambda forged: apple_headers.everything_wrong(HEADERS, forged, SOURCES), [
            ("func SecItemDelete(", "func SecItemErase(", "SecItemErase"),
            ("_ server: Bool, _ hostname: CFString?", "_ server: Bool, _ hostname: CFString", "SecPolicyCreateSSL"),
            ("_ server: Bool, _ hostname: CFString?", "_ hostname: CFString?, _ server: Bool", "SecPolicyCreateSSL"),
            ("_ server: Bool, _ hostname: CFString?", "_ hostname: CFString?", "SecPolicyCreateSSL"),
            ("_ server: Bool, _ hostname", "_ server: Bool, hostname", "SecPolicyCreateSSL"),
            ("-> SecPolicy {", "-> SecPolicy? {", "SecPolicyCreateSSL"),
            ("(_ trust: SecTrust) -> CFArray?", "(_ trust: SecTrust) -> CFArray", "SecTrustCopyCertificateChain"),
            ("_ error: UnsafeMutablePointer<CFError?>?", "_ error: UnsafeMutablePointer<Unmanaged<CFError>?>?", "SecTrustEvaluateWithError"),
            ("_ result: UnsafeMutablePointer<CFTypeRef?>?", "_ result: UnsafeMutablePointer<CFTypeRef?>", "SecItemCopyMatching"),
            ("CFTypeRef, _ flags: SecAccessControlCreateFlags", "CFTypeRef, _ flags: UInt", "SecAccessControlCreateWithFlags"),
            ("errSecItemNotFound: OSStatus = -25300", "errSecItemNotFound: OSStatus = -25301", "errSecItemNotFound: -25301"),
            ("errSecParam:", "errSecParameter:", "errSecParameter: Apple has no"),
            ("let kSecReturnRef:", "let kSecReturnReference:", "kSecReturnReference: Apple has no"),
            ("rawValue: 1 << 30", "rawValue: 1 << 29", "privateKeyUsage: 1 << 29"),
            ("ecdsaSignatureMessageX962SHA256", "ecdsaSignatureMessageX962", "ecdsaSignatureMessageX962: Apple has no"),
            ("case invalidKey = 3", "case invalidKey = 2", "invalidKey: 2"),
            ("case serverUnavailable", "case serverGone", "serverGone: Apple has no"),
            ("attestKey(\n        _ keyId", "attestKey(\n        keyId", "DCAppAttestService"),
            ("clientDataHash: Data", "clientDataHash: String", "DCAppAttestService"),
            ("(String?, (any Error)?) -> Void", "(String, (any Error)?) -> Void", "DCAppAttestService"),
            ("func generateAssertion", "func makeAssertion", "DCAppAttestService"),
            ("var isSupported: Bool", "var supported: Bool", "DCAppAttestService"),
            ("class var shared: DCAppAttestService", "class var shared: Bool", "DCAppAttestService"),
        ])


class Delegates(Forging):
    def test_a_forged_method_is_refused(self) -> None:
        for file, forgeries in {
            "SessionRelay.swift": [
                ("@objc(URLSession:didBecomeInvalidWithError:)", "@objc(URLSession:didBecomeInvalid:)", "@objc(URLSession:didBecomeInvalid:)"),
                ("@objc(URLSession:task:didFinishCollectingMetrics:)", "@objc(URLSession:didBecomeInvalidWithError:)", "has as URLSession:didBecome"),
                ("didReceive data: Data) {", "didReceiveData data: Data) {", "didReceiveData: Data)"),
                ("didFinishDownloadingTo location: URL", "didFinishDownloadingTo location: URL?", "didFinishDownloadingTo: URL?"),
            ],
            "PinningDelegate.swift": [
                ("newRequest request: URLRequest", "new request: URLRequest", "carries a challenge or a redirect"),
                ("didReceive challenge: URLAuthenticationChallenge", "didGet challenge: URLAuthenticationChallenge", "carries a challenge or a redirect"),
                ("URLCredential?) -> Void", "URLCredential) -> Void", "URLCredential) -> Void"),
                ("didCompleteWithError error: (any Error)?", "didCompleteWithError error: any Error", "didCompleteWithError: any Error"),
            ],
        }.items():
            judged = lambda forged: apple_headers.everything_wrong(HEADERS, STAND_INS, SOURCES | {file: forged})
            self.refused(darwin.seen(SOURCES[file]), judged, forgeries)

    def test_a_method_that_apple_adds_is_looked_at(self) -> None:
        for parameter, complaint in [
            ("task: &NSURLSessionTask", "neither implemented nor named as forwarded"),
            ("challenge: &NSURLAuthenticationChallenge", "carries a challenge or a redirect"),
        ]:
            for protocol in apple_headers.PROTOCOLS:
                with self.subTest(parameter=parameter, protocol=protocol):
                    start = f"pub unsafe trait NSURLSession{protocol}Delegate:"
                    added = f"#[optional] #[unsafe(method(URLSession:didMeet:))] fn f(&self, session: &NSURLSession, {parameter});"
                    headers = apple_headers.Headers(HEADERS.security, HEADERS.device_check, HEADERS.foundation.replace(start, start + added))
                    [line] = apple_headers.everything_wrong(headers, STAND_INS, SOURCES)
                    self.assertIn(complaint, line)

    def test_the_list_of_forwarded_methods_is_held(self) -> None:
        implemented, _ = apple_headers.delegate_methods(HEADERS, SOURCES)
        for name, complaint in [
            ("URLSession:didReceiveChallenge:completionHandler:", "is implemented, and not forwarded"),
            ("URLSession:didMeet:", "Apple has no such method"),
        ]:
            [line] = apple_headers.uncovered(HEADERS, implemented, apple_headers.FORWARDED | {name: "forged"})
            self.assertIn(complaint, line)

    def test_a_challenge_that_only_the_relay_sees_is_refused(self) -> None:
        implemented, _ = apple_headers.delegate_methods(HEADERS, SOURCES)
        redirect = "URLSession:task:willPerformHTTPRedirection:newRequest:completionHandler:"
        implemented["PinningDelegate.swift"].remove(redirect)
        implemented["SessionRelay.swift"].add(redirect)
        [line] = apple_headers.uncovered(HEADERS, implemented)
        self.assertIn("PinningDelegate does not implement it", line)


class Conditions(unittest.TestCase):
    def test_only_what_is_compiled_for_apple_is_left(self) -> None:
        for source, left in [
            ("#if canImport(Darwin)\na\n#else\nb\n#endif\nc", "a c"),
            ("#if !canImport(ObjectiveC)\na\n#endif\nb", "b"),
            ("#if os(Linux)\na\n#elseif canImport(os)\nb\n#else\nc\n#endif", "b"),
            ("#if canImport(os)\na\n#elseif canImport(Network)\nb\n#endif", "a"),
            ("#if os(Linux)\n#if canImport(os)\na\n#else\nb\n#endif\n#else\nc\n#endif", "c"),
        ]:
            with self.subTest(source=source):
                seen = darwin.seen(source)
                self.assertEqual(left.split(), seen.split())
                self.assertEqual(source.count("\n"), seen.count("\n"))

    def test_an_unknown_condition_is_refused(self) -> None:
        with self.assertRaises(SystemExit):
            darwin.seen("#if canImport(UIKit)\n#endif")


if __name__ == "__main__":
    unittest.main()
