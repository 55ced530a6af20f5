"""Forgeries for the tests of what refuses them: one change of a text, and the complaint that it is to bring about."""

import unittest
from collections.abc import Callable, Iterable


def forged(text: str, old: str, new: str, most: int = -1) -> str:
    """`text` with `new` for `old`, `most` times at the most. What is not there cannot be forged, and proves nothing."""
    if old not in text:
        raise AssertionError(f"there is no `{old}` to be forged")
    return text.replace(old, new, most)


class Forging(unittest.TestCase):
    def refused(self, text: str, judged: Callable[[str], list[str]], forgeries: Iterable[tuple[str, str, str]]) -> None:
        """For each (old, new, complaint), once forged, one line of what `judged` has against `text` is the complaint."""
        for old, new, complaint in forgeries:
            with self.subTest(new=new):
                wrong = judged(forged(text, old, new, most=1))
                self.assertEqual(1, sum(complaint in line for line in wrong), wrong)
