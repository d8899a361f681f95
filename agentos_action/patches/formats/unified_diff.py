"""The `unified_diff` format: an answer's diff sections with their hunks; header numbers are a hint only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentos_action.patches.extract import DIFF_LANGUAGES, fenced_blocks
from agentos_action.patches.names import header_name, plain_name
from agentos_action.patches.refusal import refuse

_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,\d{1,9})? \+\d{1,9}(?:,\d{1,9})? @@")
_BARE_HUNK = re.compile(r"^@@(?: .*)?$")
_UNAPPLIED = (
    ("GIT binary patch", "patch.binary", "a binary patch"),
    ("Binary files ", "patch.binary", "a binary change"),
    ("old mode ", "patch.mode-change", "a change of the file mode"),
    ("new mode ", "patch.mode-change", "a change of the file mode"),
    ("new file mode 100755", "patch.mode-change", "a new executable file"),
    ("new file mode 120000", "patch.mode-change", "a symbolic link"),
    ("new file mode 160000", "patch.mode-change", "a submodule"),
    ("copy from ", "patch.copy", "a copy"),
    ("copy to ", "patch.copy", "a copy"),
)


@dataclass(slots=True)
class Hunk:
    """One hunk: `lines` are (sign, text without line end); `start` is the header's old line, 0 where it has none."""

    start: int
    lines: list[tuple[str, str]] = field(default_factory=list)
    old_unterminated: bool = False
    new_unterminated: bool = False

    @property
    def old(self) -> list[str]:
        """The lines the hunk expects in the file."""
        return [text for sign, text in self.lines if sign != "+"]

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two hunks the same one, told twice."""
        return (self.start, tuple(self.lines), self.old_unterminated, self.new_unterminated)


@dataclass(slots=True)
class Section:
    """The hunks of one file; None for /dev/null."""

    old_path: str | None
    new_path: str | None
    hunks: list[Hunk] = field(default_factory=list)


def parse(answer: str) -> list[Section]:
    """Return the sections of the answer's diff; raises Refused where it holds none or cannot be read."""
    text = answer.replace("\r\n", "\n")
    blocks = [block for block in fenced_blocks(text, DIFF_LANGUAGES) if _is_diff(block)]
    if not blocks and _is_diff(text):
        blocks = [text]
    sections = [section for block in blocks for section in _Reader(block).sections()]
    if not sections:
        raise refuse("patch.no-diff", "the answer holds no unified diff", "Answer with one ```diff block.")
    return sections


def _is_diff(text: str) -> bool:
    return bool(re.search(r"^(?:--- |rename from |diff --git )", text, re.MULTILINE))


class _Reader:
    """Walks the lines of one block once."""

    def __init__(self, block: str) -> None:
        self._lines = block.split("\n")
        self._at = 0

    def sections(self) -> list[Section]:
        found: list[Section] = []
        renamed_from: str | None = None
        bodiless: str | None = None
        for line in self._walk():
            if line.startswith("diff --git "):
                _check_body(bodiless)
                bodiless = None
            elif line.startswith(("new file mode ", "deleted file mode ")):
                bodiless = line
            if line.startswith("rename from "):
                renamed_from = plain_name(line.removeprefix("rename from "))
            elif line.startswith("rename to ") and renamed_from is not None:
                found.append(Section(renamed_from, plain_name(line.removeprefix("rename to "))))
                renamed_from = None
            elif self._at_header():
                bodiless = None
                self._section(found)
        _check_body(bodiless)
        return found

    def _walk(self) -> Iterator[str]:
        """Yield every line that is not taken by a section meanwhile."""
        while self._at < len(self._lines):
            at, line = self._at, self._lines[self._at]
            self._check_unapplied(line)
            yield line
            if self._at == at:
                self._at += 1

    def _at_header(self) -> bool:
        following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        return self._lines[self._at].startswith("--- ") and following.startswith("+++ ")

    def _check_unapplied(self, line: str) -> None:
        for start, code, what in _UNAPPLIED:
            if line.startswith(start):
                raise refuse(
                    code, f"the answer holds {what}, which a model may not propose", "Propose text edits only."
                )

    def _section(self, found: list[Section]) -> None:
        old = header_name(self._lines[self._at][4:])
        new = header_name(self._lines[self._at + 1][4:])
        self._at += 2
        if found and not found[-1].hunks and (found[-1].old_path, found[-1].new_path) == (old, new):
            section = found[-1]
        else:
            section = Section(old, new)
            found.append(section)
        while self._at < len(self._lines):
            line = self._lines[self._at]
            match = _HUNK.match(line)
            if match is None and not _BARE_HUNK.match(line):
                break
            self._at += 1
            section.hunks.append(self._hunk(int(match[1]) if match else 0))
        if not section.hunks and old == new:
            raise refuse("patch.no-hunk", f"the section of {new!r} has no hunk", "Show the changed lines.", path=new)

    def _hunk(self, start: int) -> Hunk:
        hunk = Hunk(start)
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if self._at_header() or not (line == "" or line[0] in " +-\\\t"):
                break
            self._at += 1
            if line.startswith("\\"):
                _mark_unterminated(hunk)
            elif line == "" or line[0] in " \t":
                # Models drop the blank that marks an empty context line, or the one before an indented line.
                hunk.lines.append((" ", line.removeprefix(" ")))
            else:
                hunk.lines.append((line[0], line[1:]))
        while hunk.lines and hunk.lines[-1] == (" ", ""):
            # Blank lines before the next header or the fence belong to nobody.
            hunk.lines.pop()
        return hunk


def _check_body(mode_line: str | None) -> None:
    """Refuse a file that is made or deleted without a line of it: dropping it silently would change the answer."""
    if mode_line is not None:
        message = f"a section says {mode_line[:40]!r} and shows no line of the file"
        raise refuse("patch.no-hunk", message, "Show the file's lines; empty files are not made or deleted here.")


def _mark_unterminated(hunk: Hunk) -> None:
    sign = hunk.lines[-1][0] if hunk.lines else " "
    hunk.old_unterminated |= sign in " -"
    hunk.new_unterminated |= sign in " +"
