"""One hunk of a diff as an answer writes it: read by its counts where they are true, else by its signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agentos_action.patches.diff_header import at_header, is_extended
from agentos_action.patches.frames import Frames
from agentos_action.patches.sections import Hunk

HUNK = re.compile(r"^@@")
#: A line that can only be a change: no item of a list, and no header.
STRAY = re.compile(r"^[+-](?:$|[^\s+-]|[ \t]{2}|\t)")
_NUMBERS = re.compile(r"^@@+ *-(\d{1,9})(?:,(\d{1,9}))? +\+(\d{1,9})(?:,(\d{1,9}))? *@@+ ?(.*)$")
_START_ONLY = re.compile(r"^@@+ *-(\d{1,9})\b[^@]*(?:@@+ ?(.*))?$")
_NO_HEADING = re.compile(r"^[-+,.\d\s…@]*$")
_SIGNATURE = re.compile(r"^\d+\.\d+")
_CONTEXT_SHOWN = 3


@dataclass(slots=True)
class _Head:
    """What a hunk's header claims; -1 where it claims no count."""

    start: int = 0
    old: int = -1
    new: int = -1
    heading: str = ""

    @property
    def counted(self) -> bool:
        return self.old >= 0


def _head(line: str) -> _Head:
    match = _NUMBERS.match(line)
    if match:
        start, old, _, new, heading = match.groups()
        return _Head(int(start), 1 if old is None else int(old), 1 if new is None else int(new), heading)
    loose = _START_ONLY.match(line)
    if loose:
        return _Head(int(loose[1]), heading=loose[2] or "")
    text = line.strip("@ \t").removeprefix("...").removesuffix("...").strip()
    return _Head(heading="" if _NO_HEADING.match(text) else text)


class HunkReader:
    """Reads hunks out of the answer's lines."""

    def __init__(self, lines: Sequence[str], frames: Frames, crs: frozenset[int] | None) -> None:
        self._lines = lines
        self._frames = frames
        self._crs = crs
        self._ahead: dict[tuple[bool, bool], list[bool]] = {}

    def read(self, at: int, *, headless: bool = False) -> tuple[Hunk, int]:
        """Return the hunk at a line and the line after it; `headless` for one without its `@@` line."""
        head = _Head() if headless else _head(self._lines[at])
        body = at if headless else at + 1
        hunk = Hunk(start=head.start, heading=head.heading.strip(), line=at + 1)
        end = self._counted(body, head) if head.counted else None
        hunk.counted = end is not None
        if end is None:
            end = self._signed(body, head)
            end = self._without_blank_tail(body, end, head)
            hunk.short = self._is_short(body, end, head)
        hunk.claims = max(head.old, 0)
        hunk.from_nothing = head.old == 0
        self._fill(hunk, body, end)
        return hunk, end

    def _counted(self, at: int, head: _Head) -> int | None:
        """Return the line after the hunk by its counts, None where they are not true."""
        old, new = head.old, head.new
        while (old > 0 or new > 0) and at < len(self._lines):
            sign = self._lines[at][:1] or " "
            if sign not in " +-\\":
                return None
            old -= sign in " -"
            new -= sign in " +"
            at += 1
        if old or new:
            return None
        while at < len(self._lines) and self._lines[at].startswith("\\"):
            at += 1
        return at if self._ends_before(at) else None

    def _ends_before(self, at: int) -> bool:
        if at >= len(self._lines):
            return True
        line = self._lines[at]
        if line[:1] in {" ", "+", "-", "\t"}:
            return at_header(self._lines, at) or self._signature(at)
        if HUNK.match(line) or self._frames.closed_by(line) or at_header(self._lines, at):
            return True
        # Behind counts that are too small the hunk goes on with a line that lost its blank.
        return not (self._changes_follow(at, in_hunk=True) or (line != "" and bool(self._frames.open)))

    def _signature(self, at: int) -> bool:
        """Return whether a mail's end stands here, as `git format-patch` writes it."""
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        return self._lines[at].rstrip() == "--" and (not below or bool(_SIGNATURE.match(below)))

    def _signed(self, at: int, head: _Head) -> int:
        """Return the line after the hunk by its signs."""
        old, new = head.old, head.new
        while at < len(self._lines):
            line = self._lines[at]
            left = old > 0 and new > 0
            if self._stops(at, left=left):
                break
            sign = line[:1] if line[:1] in {"+", "-", "\\"} else " "
            old -= sign in " -"
            new -= sign in " +"
            at += 1
        return at

    def _stops(self, at: int, *, left: bool) -> bool:
        """Return whether the line at `at` is no longer the hunk's; `left` says whether its counts want more."""
        line = self._lines[at]
        if self._frames.closed_by(line):
            return not (left and self._goes_on(at + 1))
        if at == len(self._lines) - 1 and line.startswith(("--- a/", "--- /dev/null")):
            return True
        if line.startswith(("--- ", "+++ ")):
            alone = not (
                line.startswith("--- ") and at + 1 < len(self._lines) and self._lines[at + 1].startswith("+++ ")
            )
            return at_header(self._lines, at) and not (left and alone)
        if line == "" or line[0] in "+- \t\\":
            return self._signature(at)
        if HUNK.match(line) or is_extended(line) or line.startswith(("diff --git ", "*** ", "Index: ")):
            return True
        # Only a fence tells a line that lost its blank from the prose behind the diff; without one the counts must, or
        # that more changes follow.
        return not (self._frames.open or left or self._changes_follow(at))

    def _changes_follow(self, at: int, *, in_hunk: bool = False) -> bool:
        """Return whether below a line, and before another file's section or a fence, stands a change or a hunk.

        `in_hunk` asks for a change before the next hunk; within a fence any sign is one there, a list's too.
        """
        strict = in_hunk and bool(self._frames.open)
        key = (in_hunk, strict)
        if key not in self._ahead:
            self._ahead[key] = self._look_ahead(in_hunk=in_hunk, strict=strict)
        return self._ahead[key][at]

    def _look_ahead(self, *, in_hunk: bool, strict: bool) -> list[bool]:
        follows = False
        ahead = [False] * len(self._lines)
        for at in range(len(self._lines) - 1, -1, -1):
            ahead[at] = follows
            line = self._lines[at]
            if line.startswith(("diff --git ", "--- ", "+++ ", "```", "~~~", "</")):
                follows = False
            elif HUNK.match(line):
                follows = not in_hunk
            elif STRAY.match(line) or (strict and line[:1] in {"+", "-"}):
                follows = True
        return ahead

    def _goes_on(self, at: int) -> bool:
        """Return whether a diffed file's own fence was met: more of the hunk follows, and then the real end."""
        if at >= len(self._lines) or self._lines[at][:1] not in {" ", "+", "-"}:
            return False
        return self._frames.closed_again(self._lines, at)

    def _without_blank_tail(self, start: int, end: int, head: _Head) -> int:
        """Return the end without empty lines that belong to nobody: those that the counts do not ask for."""
        body = self._lines[start:end]
        spare = len(body)
        if head.counted:
            old = sum(line[:1] not in {"+", "\\"} for line in body)
            new = sum(line[:1] not in {"-", "\\"} for line in body)
            spare = max(old - head.old, new - head.new, 0)
        while end > start and self._lines[end - 1] == "" and spare:
            end, spare = end - 1, spare - 1
        return end

    def _is_short(self, start: int, end: int, head: _Head) -> bool:
        """Return whether the header announced more lines than came and the last change does not stand in context."""
        if not head.counted:
            return False
        signs = [line[:1] if line[:1] in {"+", "-", "\\"} else " " for line in self._lines[start:end]]
        old = sum(sign in " -" for sign in signs)
        new = sum(sign in " +" for sign in signs)
        kept = [sign for sign in signs if sign != "\\"]
        after = len(kept) - len("".join(kept).rstrip(" "))
        return (old < head.old or new < head.new) and after < _CONTEXT_SHOWN

    def _fill(self, hunk: Hunk, start: int, end: int) -> None:
        crs: set[int] = set()
        unsigned: set[int] = set()
        for at in range(start, end):
            line = self._lines[at]
            if line.startswith("\\"):
                mark_unterminated(hunk)
                continue
            if self._crs is not None and at in self._crs:
                crs.add(len(hunk.lines))
            if line[:1] in {"+", "-"}:
                hunk.lines.append((line[0], line[1:]))
            else:
                # Models drop the blank that marks a context line; or was it another sign?
                if line[:1] not in {" ", "\t", ""}:
                    unsigned.add(len(hunk.lines))
                hunk.lines.append((" ", line.removeprefix(" ")))
        hunk.unsigned = frozenset(unsigned)
        if self._crs is not None:
            hunk.crs = frozenset(crs)


def mark_unterminated(hunk: Hunk) -> None:
    """Note that the hunk's last line so far has no line end."""
    sign = hunk.lines[-1][0] if hunk.lines else " "
    hunk.old_unterminated |= sign in " -"
    hunk.new_unterminated |= sign in " +"
