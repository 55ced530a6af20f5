"""The gate can refuse: a good library of a few bytes passes, and each way to be bad is told by its own complaint.

    .venv/bin/python scripts/android/test_gate.py        TOOLCHAIN=folder that scripts/android/toolchain printed
"""

import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from elftools.elf.elffile import ELFFile
from gate import complaints, sizes, too_big

TOOLCHAIN = Path(os.environ["TOOLCHAIN"])
ABI = TOOLCHAIN.name
BIONIC = set((TOOLCHAIN / "bionic.symbols").read_text().split())
READ, WRITE, EXECUTE = 4, 2, 1
LINKED = ["-Wl,-soname,libbonafide.so", "-Wl,-z,max-page-size=16384", "-Wl,--build-id=sha1"]
GOOD = "EXPORT int JNI_OnLoad(void *machine, void *nothing) { return 0x10006; }\nint *place;\nint **relocated = &place;\n"


class Gate(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def build(self, source: str = GOOD, linked: list[str] = LINKED, strip: bool = True) -> Path:
        (self.folder / "library.c").write_text(source)
        library = self.folder / "libbonafide.so"
        subprocess.run([TOOLCHAIN / "bin/clang", "-c", "-fPIC", "-fvisibility=hidden", "-w", "-DEXPORT=__attribute__((visibility(\"default\")))",
                        "-o", self.folder / "library.o", self.folder / "library.c"], check=True)
        subprocess.run([TOOLCHAIN / "bin/clang", "-shared", "-o", library, self.folder / "library.o", *linked], check=True)
        if strip:
            subprocess.run([TOOLCHAIN / "bin/strip", "--strip-all", library], check=True)
        return library

    def refused(self, library: Path, reason: str, private: tuple[str, ...] = ()) -> None:
        found = list(complaints(library, ABI, BIONIC, list(private)))
        self.assertTrue(any(reason in complaint for complaint in found), f"{reason!r} is not among {found}")
        self.assertEqual(len(found), 1, found)

    def test_a_good_one_passes(self) -> None:
        self.assertEqual(list(complaints(self.build(), ABI, BIONIC, ["/nowhere"])), [])

    def test_another_machine(self) -> None:
        other = "x86_64" if ABI == "arm64-v8a" else "arm64-v8a"
        found = list(complaints(self.build(), other, BIONIC, []))
        self.assertEqual(len(found), 1, found)
        self.assertIn(f"not a library for {other}", found[0])

    def test_pages_of_4_kb(self) -> None:
        small = [*LINKED[:1], "-Wl,-z,max-page-size=4096", *LINKED[2:]]
        found = list(complaints(self.build(GOOD, small), ABI, BIONIC, []))
        self.assertTrue(found)
        for complaint in found:
            self.assertIn("cannot be mapped with pages of 0x4000", complaint)

    def test_writable_code(self) -> None:
        library = self.build()
        with library.open("r+b") as file:
            elf = ELFFile(file)
            code = next(index for index, segment in enumerate(elf.iter_segments()) if segment["p_flags"] == READ | EXECUTE)
            # The flags of a 64-bit program header lie behind its type: 4 bytes.
            file.seek(elf["e_phoff"] + code * elf["e_phentsize"] + 4)
            file.write(struct.pack("<I", READ | WRITE | EXECUTE))
        self.refused(library, "writable and executable")

    def test_code_that_is_relocated(self) -> None:
        source = GOOD + '__asm__(".text\\n.quad relocated\\n");\n'
        self.refused(self.build(source, [*LINKED, "-Wl,-z,notext"]), "its code is relocated")

    def test_executable_stack(self) -> None:
        self.refused(self.build(GOOD, [*LINKED, "-Wl,-z,execstack"]), "executable stack")

    def test_no_relro(self) -> None:
        self.refused(self.build(GOOD, [*LINKED, "-Wl,-z,norelro"]), "RELRO")

    def test_no_name(self) -> None:
        self.refused(self.build(GOOD, LINKED[1:]), "older linkers")

    def test_another_name(self) -> None:
        self.refused(self.build(GOOD, [*LINKED, "-Wl,-soname,libother.so"]), "['libother.so']")

    def test_a_library_that_phones_lack(self) -> None:
        extra = self.folder / "libc++_shared.so"
        subprocess.run([TOOLCHAIN / "bin/clang", "-shared", "-Wl,-soname,libc++_shared.so", "-o", extra, "-x", "c",
                        "/dev/null"], check=True)
        self.refused(self.build(GOOD, [*LINKED, "-Wl,--no-as-needed", str(extra)]), "it needs libc++_shared.so")

    def test_folders_of_its_own(self) -> None:
        self.refused(self.build(GOOD, [*LINKED, "-Wl,-rpath,/data/local"]), "folders of its own")

    def test_relocations_that_api_24_cannot_read(self) -> None:
        self.refused(self.build(GOOD, [*LINKED, "-Wl,--pack-dyn-relocs=relr"]), "RELR")

    def test_a_function_that_the_oldest_bionic_lacks(self) -> None:
        source = GOOD + "long getrandom(void *, unsigned long, int);\nEXPORT long ffi_bonafide_x(void) { return getrandom(0, 0, 0); }\n"
        self.refused(self.build(source, [*LINKED, "-Wl,--undefined-version", "-Wl,--unresolved-symbols=ignore-all"]),
                     "it calls getrandom")

    def test_a_weak_function_may_be_lacking(self) -> None:
        source = GOOD + "__attribute__((weak)) long getrandom(void *, unsigned long, int);\nEXPORT long ffi_bonafide_x(void) { return getrandom ? 1 : 0; }\n"
        self.assertEqual(list(complaints(self.build(source), ABI, BIONIC, [])), [])

    def test_an_export_of_its_own(self) -> None:
        self.refused(self.build(GOOD + "EXPORT void secret_helper(void) {}\n"), "it exports secret_helper")

    def test_no_way_in_from_java(self) -> None:
        self.refused(self.build(GOOD.replace("JNI_OnLoad", "ffi_bonafide_x")), "does not export JNI_OnLoad")

    def test_symbols_left_in(self) -> None:
        found = list(complaints(self.build(GOOD, strip=False), ABI, BIONIC, []))
        self.assertEqual(found, ["it is not stripped: it has .symtab", "it is not stripped: it has .strtab"])

    def test_no_sections(self) -> None:
        library = self.build()
        subprocess.run([TOOLCHAIN / "bin/strip", "--strip-sections", library], check=True)
        self.assertIn("it has no table of sections, by which the core finds its own code to measure it",
                      list(complaints(library, ABI, BIONIC, [])))

    def test_no_build_id(self) -> None:
        self.refused(self.build(GOOD, [*LINKED[:2], "-Wl,--build-id=none"]), "build-id")

    def test_a_path_of_this_machine(self) -> None:
        self.refused(self.build(holding("/opt/builder/core/src/lib.rs")), "/opt/builder/core/src/lib.rs", ("/opt/builder",))

    def test_a_home_folder_of_any_machine(self) -> None:
        self.refused(self.build(holding("/home/ana/bonafide/core/src/lib.rs")), "/home/ana/bonafide")

    def test_what_only_tests_hold(self) -> None:
        self.refused(self.build(holding("bonafide_core::held::tests::forge")), "bonafide_core::held::tests::forge")

    def test_too_big(self) -> None:
        found = sizes(self.build().read_bytes())
        self.assertEqual(list(too_big(found, found)), [])
        self.assertEqual(len(list(too_big(found, {kind: size - 1 for kind, size in found.items()}))), 2)


def holding(text: str) -> str:
    return GOOD + f'EXPORT const char *ffi_bonafide_text(void) {{ return "{text}"; }}\n'


if __name__ == "__main__":
    unittest.main(verbosity=1)
