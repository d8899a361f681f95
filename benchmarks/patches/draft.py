"""A case on its way to an answer text: what damages change, how it is written, whether its places are still sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from benchmarks.patches.corpus import Case, Edit
from benchmarks.patches.hunks import NO_NEWLINE, Hunk

Header = Literal["numbers", "dots", "bare"]
LOOKALIKES = str.maketrans(dict(zip("“”\u2018\u2019\u2013—\u00a0", "\"\"''-- ", strict=True)))


@dataclass(frozen=True, slots=True)
class Draft:
    """The true hunks of each edit, how headers are written, and what is done to the text afterwards.

    `numbered` says that every hunk's first old line is the true one; `wraps` run on the list of sections' texts.
    """

    case: Case
    hunks: tuple[tuple[Hunk, ...], ...]
    numbered: bool = True
    header: Header = "numbers"
    prefixes: tuple[str, str] = ("a/", "b/")
    git_line: bool = True
    stamps: tuple[str, str] = ("", "")
    quote: Callable[[str], str] = str
    marker: bool = True
    wrap: Callable[[list[str]], str] = "".join

    def text(self) -> str:
        """Return the answer."""
        return self.wrap([self.section(index) for index in range(len(self.hunks))])

    def section(self, index: int) -> str:
        """Return one file's part of the diff."""
        return self.head(index) + "".join(self.hunk(hunk) for hunk in self.hunks[index])

    def head(self, index: int) -> str:
        """Return the lines above one file's first hunk."""
        edit = self.case.edits[index]
        old, new = self.quote(self.prefixes[0] + edit.old_path), self.quote(self.prefixes[1] + edit.path)
        first = f"diff --git {old} {new}\n" if self.git_line else ""
        tabs = [
            "\t" if " " in name and not stamp else stamp for name, stamp in zip((old, new), self.stamps, strict=True)
        ]
        return f"{first}--- {old}{tabs[0]}\n+++ {new}{tabs[1]}\n"

    def hunk(self, hunk: Hunk) -> str:
        """Return one hunk with its header."""
        counts = len(hunk.olds()) + hunk.skew[0], len(hunk.news()) + hunk.skew[1]
        numbers = f"@@ -{hunk.old},{counts[0]} +{hunk.new},{counts[1]} @@"
        lines = [{"numbers": numbers, "dots": "@@ ... @@", "bare": "@@"}[self.header]]
        for line in hunk.lines:
            lines.append(line.sign + line.text if line.raw is None else line.raw)
            if not line.ended and self.marker:
                lines.append(NO_NEWLINE)
        return "\n".join(lines) + "\n"

    def is_sure(self) -> bool:
        """Say whether somebody careful knows each hunk's place: by its number, or because nothing looks like it."""
        return self.numbered or all(
            is_unique(hunk, edit) for edit, hunks in zip(self.case.edits, self.hunks, strict=True) for hunk in hunks
        )


def begin(case: Case, context: int = 3) -> Draft:
    """Return the undamaged draft of a case."""
    return Draft(case, tuple(edit.hunks(context) for edit in case.edits))


def with_hunks(draft: Draft, change: Callable[[Hunk, Edit], Hunk | None]) -> Draft | None:
    """Return the draft with every hunk changed that `change` has an answer for; None when it has none at all."""
    changed = False
    sections: list[tuple[Hunk, ...]] = []
    for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True):
        pairs = [(hunk, change(hunk, edit)) for hunk in hunks]
        changed = changed or any(new is not None for _, new in pairs)
        sections.append(tuple(old if new is None else new for old, new in pairs))
    return replace(draft, hunks=tuple(sections)) if changed else None


def loose(text: str) -> str:
    """Return a text without blanks and with plain punctuation: what no damage may make two different lines equal in."""
    return "".join(text.translate(LOOKALIKES).replace("…", "...").split()).casefold()


def is_unique(hunk: Hunk, edit: Edit) -> bool:
    """Say whether the hunk's old lines, at their distances, loosely stand in one place of the file only."""
    base = [loose(line) for line in (edit.old or "").split("\n")]
    wanted = [(line.at, base[line.at]) for line in hunk.olds() if line.at is not None]
    solid = [(at, text) for at, text in wanted if text]
    if not solid:
        return False
    first = min(solid, key=lambda pair: base.count(pair[1]))
    found = 0
    for place, text in enumerate(base):
        if text == first[1]:
            shift = place - first[0]
            found += all(0 <= at + shift < len(base) and base[at + shift] == text for at, text in solid)
    return found == 1
