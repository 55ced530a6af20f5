"""The gate refuses what it is there to refuse: each test builds such a framework, of a few lines of C.

    .venv/bin/python scripts/ios/test_gate.py
"""

import plistlib
import sys
import tempfile
import unittest
from pathlib import Path

import gate
import xcframework

HEADER = "void uniffi_bonafide_fn_start(void);\n"
GOOD = 'void uniffi_bonafide_fn_start(void) {}\nint used;\n'
AR = ["ar"] if gate.ON_MAC else ["llvm-ar-19"]


class Gate(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.declared: dict | None = None

    def framework(self, source: str = GOOD, target: str = "arm64-apple-ios15.0", name: str = "ios-arm64",
                  language: str = "c") -> Path:
        code, compiled, library = self.folder / "code.c", self.folder / "code.o", self.folder / "lib.a"
        code.write_text(source)
        gate.run("clang" if gate.ON_MAC else "clang-19", "-target", target, "-Oz", "-x", language, "-c", code, "-o", compiled)
        library.unlink(missing_ok=True)
        gate.run(*AR, "rcs", library, compiled)
        header, privacy = self.folder / "BonafideFFI.h", self.folder / "PrivacyInfo.xcprivacy"
        header.write_text(HEADER)
        privacy.write_bytes(plistlib.dumps({"NSPrivacyAccessedAPITypes": [self.declared] if self.declared else []}))
        out = self.folder / "Bonafide.xcframework"
        xcframework.assemble(out, {name: library}, header, privacy)
        return out

    def complaints(self, framework: Path, private: list[str] | None = None, limit: int = 1 << 30) -> list[str]:
        found, _ = gate.examine(framework, self.folder / "gate", private or [], limit)
        return found

    def refused(self, part: str, complaints: list[str]) -> None:
        self.assertTrue(any(part in complaint for complaint in complaints), complaints)

    def test_what_is_in_order_passes(self) -> None:
        self.assertEqual(self.complaints(self.framework()), [])

    def test_another_platform(self) -> None:
        self.refused("is for macos", self.complaints(self.framework(target="arm64-apple-macos12.0")))

    def test_a_simulators_library_as_a_phones(self) -> None:
        self.refused("is for iossimulator", self.complaints(self.framework(target="arm64-apple-ios15.0-simulator")))

    def test_a_newer_ios(self) -> None:
        self.refused("asks for iOS 16.4", self.complaints(self.framework(target="arm64-apple-ios16.4")))

    def test_a_function_of_the_header_that_is_missing(self) -> None:
        self.refused("which is not there", self.complaints(self.framework("int other;\n")))

    def test_a_function_that_ios_lacks(self) -> None:
        source = GOOD + "int gnu_get_libc_version(void); int f(void) { return gnu_get_libc_version(); }\n"
        self.refused("gnu_get_libc_version, which iOS lacks", self.complaints(self.framework(source)))

    def test_a_call_that_replaces_a_method(self) -> None:
        for name in sorted(gate.SWIZZLING):
            name = name.removeprefix("_")
            source = GOOD + f"void {name}(void *, void *); void f(void) {{ {name}(0, 0); }}\n"
            self.refused(f"it calls _{name}, which changes", self.complaints(self.framework(source)))

    def test_a_class_that_is_loaded_before_the_app(self) -> None:
        source = GOOD + "__attribute__((objc_root_class)) @interface A\n+ (void)load;\n@end\n" \
                        "@implementation A\n+ (void)load {}\n@end\n"
        self.refused("has a +load", self.complaints(self.framework(source, language="objective-c")))

    def test_a_name_of_every_library_of_rusts(self) -> None:
        personality = "void rust_eh_personality(void) {}\n"
        self.refused("every other library of Rust", self.complaints(self.framework(GOOD + personality)))
        self.assertEqual(self.complaints(self.framework(f"{GOOD}__attribute__((weak)) {personality}")), [])

    def test_a_path_of_this_machine(self) -> None:
        source = GOOD + 'const char *place = "/srv/build/core/src/lib.rs";\n'
        self.refused("a path of this machine", self.complaints(self.framework(source), ["/srv/build"]))

    def test_somebodys_home(self) -> None:
        self.refused("/Users/someone/", self.complaints(self.framework(GOOD + 'const char *p = "/Users/someone/x.rs";\n')))

    def test_what_only_tests_hold(self) -> None:
        self.refused("proptest", self.complaints(self.framework(GOOD + 'const char *p = "proptest";\n')))

    def test_too_big(self) -> None:
        source = "static const char pad[65536] = {1};\nconst char *volatile kept;\n" \
                 "void uniffi_bonafide_fn_start(void) { kept = pad; }\n"
        self.refused("may add 1,000", self.complaints(self.framework(source), limit=1_000))

    def test_no_slice_for_a_phone(self) -> None:
        framework = self.framework(target="arm64-apple-ios15.0-simulator", name="ios-arm64-simulator")
        self.refused("no slice for an iPhone", self.complaints(framework))

    def test_no_privacy_manifest(self) -> None:
        framework = self.framework()
        (framework / "PrivacyInfo.xcprivacy").unlink()
        self.refused("privacy manifest cannot be read", self.complaints(framework))

    def test_a_call_that_apple_wants_a_reason_for(self) -> None:
        source = GOOD + "int stat(const char *, void *); int f(void) { return stat(0, 0); }\n"
        self.refused("_stat, for which the privacy manifest names no reason", self.complaints(self.framework(source)))
        self.declared = {"NSPrivacyAccessedAPIType": "NSPrivacyAccessedAPICategoryFileTimestamp"}
        self.refused("names no reason", self.complaints(self.framework(source)))
        self.declared["NSPrivacyAccessedAPITypeReasons"] = ["C617.1"]
        self.assertEqual(self.complaints(self.framework(source)), [])

    def test_the_same_libraries_give_the_same_zip(self) -> None:
        first = xcframework.pack(self.framework()).read_bytes()
        self.assertEqual(xcframework.pack(self.framework()).read_bytes(), first)

    def test_a_slice_is_described_as_xcode_does_it(self) -> None:
        described = xcframework.described("ios-arm64_x86_64-simulator")
        self.assertEqual(described["SupportedArchitectures"], ["arm64", "x86_64"])
        self.assertEqual((described["SupportedPlatform"], described["SupportedPlatformVariant"]), ("ios", "simulator"))


if __name__ == "__main__":
    sys.exit(unittest.main())
