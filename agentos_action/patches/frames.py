"""What stands round a diff in an answer: fences, tags, and the indentation of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_TAG = re.compile(r"^[ \t]*<(?P<close>/?)(?P<tag>patch|diff|udiff)>[ \t]*$", re.IGNORECASE)
_INDENTED = re.compile(r"^(?P<indent>[ \t]+)(?:diff --git |--- (?:[ab]/|/dev/null|\"?[\w./-]+\"?(?:\t|$)))")

#: A fence that closes a diff too early is looked for so many lines further down, not without end.
AHEAD = 400

#: No answer nests deeper.
_DEEPEST = 8


@dataclass(slots=True)
class Frame:
    """An open fence or tag: what closes it, how far it is indented, what the fence says of its language."""

    closer: str
    indent: int
    info: str = ""

    @property
    def is_fence(self) -> bool:
        """Whether it is a fence."""
        return self.closer[0] in "`~"

    def closed_by(self, line: str) -> bool:
        """Return whether this line closes it; a fence behind one blank is a diffed file's own."""
        bare = line.strip()
        if not self.is_fence:
            return bare.lower() == f"</{self.closer}>"
        if len(bare) < len(self.closer) or bare.strip(self.closer[0]):
            return False
        return len(line) - len(line.lstrip()) in {self.indent, 0}


@dataclass(slots=True)
class Frames:
    """The fences and tags that are open at a line, innermost last."""

    open: list[Frame] = field(default_factory=list)

    def step(self, line: str) -> bool:
        """Open or close what this line opens or closes; return whether it did."""
        if self.closed_by(line):
            self.open.pop()
            return True
        tag = _TAG.match(line)
        if tag is not None and (tag["close"] or len(self.open) < _DEEPEST):
            names = [frame.closer for frame in self.open]
            if not tag["close"]:
                self.open.append(Frame(tag["tag"].lower(), 0))
            elif tag["tag"].lower() in names:
                # The tag's end also ends a fence inside it that nobody closed.
                del self.open[names.index(tag["tag"].lower()) :]
            return True
        fence = _FENCE.match(line)
        if fence is None or (self.open and self.open[-1].is_fence):
            return False
        self.open.append(Frame(fence["fence"], len(fence["indent"]), fence["info"].strip().lower()))
        return True

    def closed_by(self, line: str) -> bool:
        """Return whether this line closes the innermost frame."""
        return bool(self.open) and self.open[-1].closed_by(line)

    def closed_again(self, lines: Sequence[str], at: int) -> bool:
        """Return whether the lines from `at` on close the innermost frame before they open another."""
        for line in lines[at : at + AHEAD]:
            if self.closed_by(line):
                return True
            if _FENCE.match(line) or _TAG.match(line):
                return False
        return False


def outdented(lines: Sequence[str]) -> list[str]:
    """Return the lines with the indentation of a list or a code block taken from the diffs that stand in one."""
    found = list(lines)
    at = 0
    inside = False
    while at < len(lines):
        if lines[at].startswith(("@@", "```", "~~~")):
            inside = lines[at].startswith("@@")
        opening = _INDENTED.match(lines[at])
        fenced = at > 0 and _FENCE.match(lines[at - 1]) is not None
        # Below an `@@` at the margin it is a context line of a file that shows a diff.
        if opening is None or (inside and not (fenced and len(opening["indent"]) > 1)):
            at += 1
            continue
        indent = len(opening["indent"])
        if fenced and len(lines[at - 1]) - len(lines[at - 1].lstrip(" \t")) >= indent:
            at -= 1
        while at < len(lines):
            blanks = len(lines[at]) - len(lines[at].lstrip(" \t"))
            if lines[at].strip() and blanks < indent:
                break
            found[at] = lines[at][min(blanks, indent) :]
            at += 1
    return found
