"""What the file's blanks say about a hunk's own: one indentation for another, and look-alikes in lines that change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentos_action.patches.places.fold import alike, indent_of
from agentos_action.patches.places.place import Place
from agentos_action.patches.sections import Hunk


@dataclass(frozen=True, slots=True)
class Blanks:
    """How the file indents what the hunk indents otherwise."""

    known: dict[str, str]
    prefix: str
    cut: str
    width: int
    loose: bool
    moved: dict[str, str]

    @classmethod
    def of(cls, hunk: Hunk, place: Place, file: Sequence[str]) -> Blanks:
        """Learn from the old lines that were found."""
        old = [(sign, text) for sign, text in hunk.lines if sign != "+"]
        moved = {
            ours: file[at]
            for (sign, ours), at in zip(old, place.at, strict=True)
            if at is not None and ours != file[at] and (sign == "-" or _differs_in_marks(ours, file[at]))
        }
        loose = place.rung not in {"exact", "blanks"}
        pairs = _pairs(hunk, place, file)
        if _lost_signs(pairs):
            return cls({}, "", "", 0, loose=loose, moved={})
        if not loose or all(ours == theirs for _, ours, theirs in pairs):
            return cls({}, "", "", 0, loose=loose, moved=moved)
        removed = [pair for pair in pairs if pair[0] == "-"]
        known = {ours: theirs for _, ours, theirs in [*pairs, *removed]}
        prefix, cut = _shift(known)
        return cls(known, prefix, cut, _tab_width(known), loose=True, moved=moved)

    def text(self, added: str, olds: Sequence[str], found: Sequence[str]) -> str:
        """Return an added line as the file would have it; `olds` are the run's removed lines, `found` the file's."""
        if added and added in self.moved:
            # A line that only moves is the file's own, whatever its blanks.
            return self.moved[added]
        if not self.loose:
            return added
        if self.known and added.strip():
            indent = indent_of(added)
            added = self._indent(indent) + added[len(indent) :]
        for ours, theirs in zip(olds, found, strict=True):
            added = _kept_marks(added, ours, theirs)
        return added

    def _indent(self, indent: str) -> str:
        if indent in self.known:
            return self.known[indent]
        if self.width:
            blanks = indent.expandtabs(self.width)
            return "\t" * (len(blanks) // self.width) + " " * (len(blanks) % self.width)
        if self.prefix:
            return self.prefix + indent
        if self.cut:
            return indent.removeprefix(self.cut)
        if any("\t" in ours for ours in self.known):
            return indent.expandtabs(_spaces_a_tab(self.known))
        return indent


def _differs_in_marks(ours: str, theirs: str) -> bool:
    return ours.strip() != theirs.strip() and alike(ours) == alike(theirs) != ""


def consistent(hunk: Hunk, place: Place, file: Sequence[str]) -> bool:
    """Return whether one shift explains how hunk and file indent differently."""
    pairs = _pairs(hunk, place, file)
    if _lost_signs(pairs):
        return True
    known: dict[str, str] = {}
    if any(known.setdefault(ours, theirs) != theirs for _, ours, theirs in pairs):
        return False
    if place.rung != "indent" or all(ours == theirs for ours, theirs in known.items()):
        return True
    return _shift(known) != ("", "")


def _pairs(hunk: Hunk, place: Place, file: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (sign, the hunk's indentation, the file's) of every old line that was found and is not blank."""
    old = [(sign, text) for sign, text in hunk.lines if sign != "+"]
    return [
        (sign, indent_of(text), indent_of(file[at]))
        for (sign, text), at in zip(old, place.at, strict=True)
        if at is not None and text.strip()
    ]


def _lost_signs(pairs: list[tuple[str, str, str]]) -> bool:
    """Return whether just the context lines lack one blank: the column of the signs was left out there."""
    shifted = [pair for pair in pairs if pair[1] != pair[2]]
    return bool(shifted) and all(sign == " " and theirs == f" {ours}" for sign, ours, theirs in shifted)


def _shift(known: dict[str, str]) -> tuple[str, str]:
    """Return what stands before (or is cut from) every indentation, two empty texts where no one shift fits all."""
    ours, theirs = min(known.items(), key=lambda pair: (len(pair[0]), len(pair[1])))
    if theirs.endswith(ours) and theirs != ours:
        prefix = theirs[: len(theirs) - len(ours)]
        if all(there == prefix + here for here, there in known.items()):
            return prefix, ""
    if ours.endswith(theirs) and theirs != ours:
        cut = ours[: len(ours) - len(theirs)]
        if all(here == cut + there for here, there in known.items()):
            return "", cut
    return "", ""


def _tab_width(known: dict[str, str]) -> int:
    """Return how many blanks of the hunk stand for one tab of the file, 0 where it is not that."""
    widths = {
        len(ours) / len(theirs)
        for ours, theirs in known.items()
        if theirs and not theirs.strip("\t") and ours and not ours.strip(" ")
    }
    width = widths.pop() if len(widths) == 1 else 0
    return int(width) if width == int(width) else 0


def _spaces_a_tab(known: dict[str, str]) -> int:
    for ours, theirs in known.items():
        tabs = ours.count("\t")
        if tabs and not theirs.strip(" ") and len(theirs) % tabs == 0:
            return len(theirs) // tabs
    return 8


def _kept_marks(added: str, ours: str, theirs: str) -> str:
    """Return an added line with the punctuation that the removed line really has where the model wrote a look-alike."""
    here, there = ours.strip(), theirs.strip()
    if here == there or len(here) != len(there) or alike(here) != alike(there):
        return added
    head, tail = _common(added.strip(), here)
    indent = indent_of(added)
    body = added.strip()
    end = len(body) - tail
    return indent + there[:head] + body[head:end] + there[len(there) - tail :] + added[len(indent) + len(body) :]


def _common(one: str, other: str) -> tuple[int, int]:
    """Return how many characters two texts share at their heads, and at their tails without overlapping."""
    most = min(len(one), len(other))
    head = next((n for n in range(most) if one[n] != other[n]), most)
    most -= head
    tail = next((n for n in range(most) if one[-1 - n] != other[-1 - n]), most)
    return head, tail
