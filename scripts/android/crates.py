"""Which crate the code of libbonafide.so comes from: a table in Markdown, from the symbols kept beside the library.

    python3 scripts/android/crates.py target/android/symbols/arm64-v8a/libbonafide.so

Generic code is counted for the crate that its name begins with, `core` for the most part; what the linker folded into
one is counted once. Data and unwinding tables carry no crate's name: they are given whole, by section.
"""

import collections
import re
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

SHOWN = 25
# Symbol names of Rust's scheme v0 name a crate as `C`, a disambiguator, the length and the name: the last such before the
# path begins is the one that the code was instantiated for, the first is whose code it is.
CRATE = re.compile(r"C(?:s[0-9A-Za-z]*_)?(\d+)_?([A-Za-z_]\w*)")


def crate(symbol: str) -> str:
    if symbol.startswith("_R"):
        found = CRATE.search(symbol)
        return found.group(2)[:int(found.group(1))] if found else "unnamed"
    if symbol.startswith("ring_core_") or symbol.startswith(("ChaCha20", "fiat_")):
        return "ring (C and assembly)"
    if "nwind" in symbol:
        return "libunwind"
    return "bonafide" if re.match(r"(ffi|uniffi)_bonafide_|Java_|JNI_", symbol) else "C and unnamed"


def table(library: Path) -> str:
    code: collections.Counter[str] = collections.Counter()
    functions: collections.Counter[str] = collections.Counter()
    with library.open("rb") as file:
        elf = ELFFile(file)
        seen = set()
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            place = symbol["st_value"], symbol["st_size"]
            if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"] and place not in seen:
                seen.add(place)
                code[crate(symbol.name)] += symbol["st_size"]
                functions[crate(symbol.name)] += 1
        sections = {section.name: section["sh_size"] for section in elf.iter_sections() if section["sh_flags"] & 2}
    whole = sum(code.values())
    lines = ["| crate | code, KB | share | functions |", "|---|---|---|---|"]
    for name, size in code.most_common(SHOWN):
        lines.append(f"| {name} | {size / 1e3:.1f} | {size * 100 / whole:.1f} % | {functions[name]} |")
    rest = [name for name in code if name not in dict(code.most_common(SHOWN))]
    lines.append(f"| {len(rest)} others | {sum(code[name] for name in rest) / 1e3:.1f} | "
                 f"{sum(code[name] for name in rest) * 100 / whole:.1f} % | {sum(functions[name] for name in rest)} |")
    lines += ["", "| section | KB |", "|---|---|"]
    lines += [f"| `{name}` | {size / 1e3:.1f} |" for name, size in
              sorted(sections.items(), key=lambda pair: -pair[1]) if size >= 5000]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1])))
