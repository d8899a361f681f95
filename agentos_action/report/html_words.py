"""Which words of a line changed: two lines → the same two with `<mark>` around what differs."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from agentos_action.report.html_text import Html, text

#: Longer lines are told apart by their ends only, and so is every line once the comparisons of a page are spent.
MAX_WORDS = 200
BUDGET = 100_000
#: Lines that share less than this part of their words are two lines, not one that changed.
LEAST_ALIKE = 0.3

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Words:
    """Marks changed words; `left` is how many comparisons may still be made for one page."""

    def __init__(self) -> None:
        self.left = BUDGET

    def marked(self, old: str, new: str) -> tuple[Html, Html]:
        """Return both lines as HTML, marked where they differ; without marks where hardly a word is the same."""
        a, b = _WORD.findall(old), _WORD.findall(new)
        spans = self._spans(a, b)
        kept = sum(len(word) for word in a) - sum(len("".join(a[i:k])) for i, k, _, _ in spans)
        if kept < LEAST_ALIKE * max(len(old), len(new)):
            return text(old), text(new)
        return _marked(a, [(i, k) for i, k, _, _ in spans]), _marked(b, [(j, m) for _, _, j, m in spans])

    def _spans(self, a: list[str], b: list[str]) -> list[tuple[int, int, int, int]]:
        """Return the words that differ: old from, old to, new from, new to."""
        most = min(len(a), len(b))
        start = next((at for at in range(most) if a[at] != b[at]), most)
        end = next((at for at in range(most - start) if a[-1 - at] != b[-1 - at]), most - start)
        middle, other = a[start : len(a) - end], b[start : len(b) - end]
        cost = len(middle) * len(other)
        if not cost or cost > self.left or len(middle) + len(other) > MAX_WORDS:
            return [(start, len(a) - end, start, len(b) - end)]
        self.left -= cost
        codes = SequenceMatcher(None, middle, other, autojunk=False).get_opcodes()
        return [(start + i, start + k, start + j, start + m) for tag, i, k, j, m in codes if tag != "equal"]


def _marked(words: list[str], spans: list[tuple[int, int]]) -> Html:
    found: list[str] = []
    at = 0
    for begin, end in spans:
        changed = "".join(words[begin:end])
        found.append(text("".join(words[at:begin])) + (f"<mark>{text(changed)}</mark>" if changed else ""))
        at = end
    return Html("".join(found) + text("".join(words[at:])))
