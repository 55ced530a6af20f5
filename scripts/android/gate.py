"""Refuses a libbonafide.so for Android that a phone would not load, that tells too much, or that is too big.

    python3 scripts/android/gate.py --abi arm64-v8a --bionic SYMBOLS [--private PATH]... [--rows FILE] LIBRARY

--bionic   the names that bionic exports at the lowest API, one a line (scripts/android/toolchain writes them)
--private  a path of this machine that must not be found inside; may be given often
--rows     appends the sizes as rows for scripts/bench
All complaints are printed, not only the first; the exit code is 1 if there is one. The limits are in limits.toml.
"""

import argparse
import json
import re
import sys
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import telltale  # noqa: E402

LIMITS = Path(__file__).with_name("limits.toml")
SONAME = "libbonafide.so"
MACHINES = {"arm64-v8a": "EM_AARCH64", "x86_64": "EM_X86_64"}
# Part of every Android since 5.0, for every app. Whatever else is needed would have to be shipped.
SYSTEM_LIBRARIES = {"libc.so", "libm.so", "libdl.so", "liblog.so"}
PAGE = 0x4000  # Android 15 has pages of 16 KB: https://developer.android.com/guide/practices/page-sizes
EXPORTS = re.compile(r"JNI_OnLoad|Java_io_bonafide_\w+|(ffi|uniffi)_bonafide_\w+")
# Debug information, and the symbols that name every function: kept apart, for crash reports.
LEFT_OVER = re.compile(r"\.symtab|\.strtab|\.z?debug_.*|\.gnu_debuglink")


def complaints(library: Path, abi: str, bionic: set[str], private: list[str]) -> Iterator[str]:
    with library.open("rb") as file:
        elf = ELFFile(file)
        if elf["e_machine"] != MACHINES[abi] or elf["e_type"] != "ET_DYN" or elf.elfclass != 64:
            yield f"it is {elf['e_type']} for {elf['e_machine']}, and not a library for {abi}"
            return
        yield from loading(elf)
        yield from linking(elf, bionic)
        yield from sections(elf)
    yield from telltale.complaints(library.read_bytes(), private)


def loading(elf: ELFFile) -> Iterator[str]:
    kinds = {segment["p_type"] for segment in elf.iter_segments()}
    for segment in elf.iter_segments():
        where = f"the segment at {segment['p_vaddr']:#x}"
        writable, executable = segment["p_flags"] & 2, segment["p_flags"] & 1
        if segment["p_type"] == "PT_LOAD":
            if segment["p_align"] < PAGE or (segment["p_vaddr"] - segment["p_offset"]) % PAGE:
                yield f"{where} is aligned to {segment['p_align']:#x}: it cannot be mapped with pages of {PAGE:#x}"
            if writable and executable:
                yield f"{where} is writable and executable"
        if segment["p_type"] == "PT_GNU_STACK" and executable:
            yield "it asks for an executable stack"
    if "PT_GNU_RELRO" not in kinds:
        yield "nothing of it is made read-only after relocation (RELRO)"


def linking(elf: ELFFile, bionic: set[str]) -> Iterator[str]:
    dynamic = elf.get_section_by_name(".dynamic")
    table = elf.get_section_by_name(".dynsym")
    if dynamic is None or table is None:
        yield "it has no table of sections, by which the core finds its own code to measure it"
        return
    tags = list(dynamic.iter_tags())
    named = [tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"]
    if named != [SONAME]:
        yield f"its name is {named or 'missing'}, and not {SONAME}: older linkers load it twice"
    for tag in tags:
        if tag.entry.d_tag == "DT_NEEDED" and tag.needed not in SYSTEM_LIBRARIES:
            yield f"it needs {tag.needed}, which no phone is sure to have"
        if tag.entry.d_tag in ("DT_RPATH", "DT_RUNPATH"):
            yield "it looks for libraries in folders of its own"
        if tag.entry.d_tag == "DT_TEXTREL":
            yield "its code is relocated: Android refuses that"
        if tag.entry.d_tag in ("DT_RELR", "DT_ANDROID_RELR"):
            yield "its relocations are packed as RELR, which Android reads from API 28 on"
    for symbol in table.iter_symbols():
        name, bind = symbol.name, symbol["st_info"]["bind"]
        if not name or bind == "STB_LOCAL":
            continue
        # A weak one that is not there is null, and whoever declares it so has to look.
        if symbol["st_shndx"] == "SHN_UNDEF":
            if bind != "STB_WEAK" and name not in bionic:
                yield f"it calls {name}, which the oldest bionic lacks"
        elif not EXPORTS.fullmatch(name):
            yield f"it exports {name}"
    if not any(symbol.name == "JNI_OnLoad" and symbol["st_shndx"] != "SHN_UNDEF" for symbol in table.iter_symbols()):
        yield "it does not export JNI_OnLoad"


def sections(elf: ELFFile) -> Iterator[str]:
    for section in elf.iter_sections():
        if LEFT_OVER.fullmatch(section.name):
            yield f"it is not stripped: it has {section.name}"
    if elf.get_section_by_name(".note.gnu.build-id") is None:
        yield "it has no build-id, so a crash report could not be matched with its symbols"


def sizes(content: bytes) -> dict[str, int]:
    """Bytes as installed, and as an APK or AAR carries them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return {"stripped": len(content), "zipped": len(packer.compress(content) + packer.flush())}


def too_big(found: dict[str, int], limits: dict[str, int]) -> Iterator[str]:
    for kind, size in found.items():
        if size > limits[kind]:
            yield f"{kind} it has {size:,} bytes, and may have {limits[kind]:,} (scripts/android/limits.toml)"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("library", type=Path)
    arguments.add_argument("--abi", choices=MACHINES, required=True)
    arguments.add_argument("--bionic", type=Path, required=True)
    arguments.add_argument("--private", action="append", default=[])
    arguments.add_argument("--rows", type=Path)
    options = arguments.parse_args()
    bionic = set(options.bionic.read_text().split())
    limits = tomllib.loads(LIMITS.read_text())[options.abi]
    found = sizes(options.library.read_bytes())
    wrong = [*complaints(options.library, options.abi, bionic, options.private), *too_big(found, limits)]
    for complaint in wrong:
        print(f"gate: {options.library.name} for {options.abi}: {complaint}", file=sys.stderr)
    print(f"{options.abi}: {found['stripped']:,} bytes, {found['zipped']:,} zipped"
          + ("" if wrong else "; the gate is passed"))
    if options.rows:
        rows = json.loads(options.rows.read_text()) if options.rows.exists() else []
        rows += [{"name": f"library for Android {options.abi}, {kind}", "value": size / 1e6, "unit": "MB",
                  "goal": f"<= {limits['goal_' + kind] / 1e6:g}" if f"goal_{kind}" in limits else None, "against": ""}
                 for kind, size in found.items()]
        options.rows.write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
