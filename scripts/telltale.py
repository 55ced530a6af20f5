"""What a library that is given away must not tell: paths of the machine that built it, and what only tests hold."""

import re
from collections.abc import Iterator

# Home folders of any machine; modules and crates of tests.
TELLTALE = re.compile(rb"/(?:home|root|Users)/[\w./-]+|[\w:]+::tests?::\w+|proptest|rcgen|criterion|emulated_\w+")
#: The most that is said of one library.
MOST = 5


def complaints(content: bytes, private: list[str]) -> Iterator[str]:
    """One line for each finding. `private`: paths of this machine."""
    for path in private:
        at = content.find(path.encode())
        if at >= 0:
            yield f"it holds a path of this machine: {_readable(content[at:at + 120])}"
    for found in sorted({match.group() for match in TELLTALE.finditer(content)})[:MOST]:
        yield f"it holds {_readable(found)}"


def _readable(text: bytes) -> str:
    return re.split(rb"[^\x20-\x7e]", text)[0].decode()
