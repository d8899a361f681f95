"""The `unified_diff` format: an answer's diff sections with their hunks; header numbers are a hint only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentos_action.patches.diff_header import at_header, read_header
from agentos_action.patches.diff_hunk import HUNK, STRAY, HunkReader
from agentos_action.patches.frames import Frames
from agentos_action.patches.labels import meant, open_fence
from agentos_action.patches.marks import DIFF
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk, Reading, Section

_CUT_HEAD = re.compile(r"^@@+[ \t]*(?:$|-|\.)")
_LANGUAGES = frozenset({"diff", "patch", "udiff"})


def read(
    lines: Sequence[str], files: tuple[str, ...] = (), crs: frozenset[int] | None = None, *, ended: bool = True
) -> Reading:
    """Return the sections of all diffs in the answer, and the lines they stand on.

    `files` are those the model was shown: one alone needs no header. `crs` are the lines with a carriage return of the
    file's own (None: the answer does not tell), `ended` whether the answer's last line has an end. Raises Refused
    where a diff cannot be read or was cut off.
    """
    return _Reader(lines, files, crs, ended=ended).read()


class _Reader:
    """Walks the answer's lines once."""

    def __init__(
        self, lines: Sequence[str], files: tuple[str, ...], crs: frozenset[int] | None, *, ended: bool
    ) -> None:
        self._lines = lines
        self._files = files
        self._ended = ended
        self._frames = Frames()
        self._hunks = HunkReader(lines, self._frames, crs)
        self._reading = Reading()
        self._section: Section | None = None
        self._last: Hunk | None = None
        self._end = _last_line(lines)
        self._added: set[str] = set()
        self._apart = False
        self._closed = False

    def read(self) -> Reading:
        at = 0
        while at < len(self._lines):
            start = at
            if at_header(self._lines, at):
                self._section, at = read_header(self._lines, at)
                self._reading.sections.append(self._section)
                self._last = None
                if self._headless(at):
                    at = self._hunk(at, headless=True)
                self._reading.spans.append((start, at))
            elif HUNK.match(self._lines[at]) and self._starts_hunk(at):
                at = self._hunk(at)
                self._reading.spans.append((start, at))
            else:
                self._between(at)
                self._switch(at)
                at += 1
                at = self._bare_block(at)
        self._check_end()
        if not any(hunk.crs for section in self._reading.sections for hunk in section.hunks):
            # A carriage return in the prose says nothing about the files.
            for hunk in (hunk for section in self._reading.sections for hunk in section.hunks):
                hunk.crs = None
        for section in self._reading.sections:
            _check_body(section)
        return self._reading

    def _starts_hunk(self, at: int) -> bool:
        """Return whether an `@@` line is a hunk's, and no prose."""
        if DIFF.match(self._lines[at]) or (self._section is not None and self._frames.open):
            return True
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        if self._section is not None and _CUT_HEAD.match(self._lines[at]):
            return True
        return below[:1] in {" ", "+", "-"} and self._headless(at + 1)

    def _between(self, at: int) -> None:
        """Pass over a line that belongs to no hunk; raises Refused where it is a change that would get lost."""
        line = self._lines[at]
        inside = bool(self._frames.open)
        if self._frames.step(line) or not line.strip():
            self._apart = True
            self._closed |= inside and not self._frames.open
            return
        if self._last is not None and at >= self._end - 1 and line.startswith(("--- a/", "--- /dev/null")):
            hint = "It was cut off: ask again for a shorter change, or raise max_tokens."
            raise refuse("patch.truncated", "the answer ends with the head of a file's section", hint)
        last = self._last
        if last is None:
            return
        # Behind a whole hunk and a blank line prose may begin, but not within the block that the diff stands in.
        whole = (last.counted or self._closed) and not last.short
        lost = STRAY.match(line) and not (whole and self._apart and not self._frames.open)
        if lost or (self._frames.open and line[:1] in {"+", "-"} and not line.startswith(("---", "+++"))):
            message = f"line {at + 1} of the answer is a change that stands in no hunk"
            hint = "Begin each line of a hunk with a blank, + or -, and each hunk with @@."
            raise refuse("patch.malformed", message, hint)

    def _switch(self, at: int) -> None:
        """Begin the section of another file where a new block of hunks opens under its name."""
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        if not self._frames.open or open_fence(self._lines[at]) is None or not HUNK.match(below):
            return
        path = meant(self._lines, at, self._files)
        section = self._section
        if path is not None and (section is None or path not in {section.old_path, section.new_path}):
            self._section = Section(path, path, line=at + 1)

    def _bare_block(self, at: int) -> int:
        """Read a block that says it is a diff and has neither names nor `@@`: one hunk of the file that is meant."""
        opened = bool(self._frames.open) and self._frames.open[-1].info in _LANGUAGES
        if not opened or not self._headless(at) or open_fence(self._lines[at - 1]) is None:
            return at
        section = self._section
        path = meant(self._lines, at - 1, self._files) or (self._files[0] if len(self._files) == 1 else None)
        path = path or (section.new_path if section is not None else None)
        if path is None:
            return at
        end = next((n for n in range(at, len(self._lines)) if self._frames.closed_by(self._lines[n])), len(self._lines))
        if self._repeats(self._lines[at:end]):
            return end
        if section is None or path not in {section.old_path, section.new_path}:
            self._section = Section(path, path, line=at + 1)
        end = self._hunk(at, headless=True)
        self._reading.spans.append((at, end))
        return end

    def _repeats(self, body: Sequence[str]) -> bool:
        """Return whether a block only shows again lines that were added above."""
        return all(line[:1] == "+" and line[1:] in self._added for line in body if line.strip())

    def _headless(self, at: int) -> bool:
        """Return whether a hunk without its `@@` line follows the section's head."""
        body = self._lines[at : at + 20]
        if not body or at_header(self._lines, at):
            return False
        return body[0][:1] in {" ", "+", "-"} and any(line[:1] in {"+", "-"} for line in body)

    def _hunk(self, at: int, *, headless: bool = False) -> int:
        if self._section is None:
            if len(self._files) != 1:
                hint = "Write the --- and +++ lines above the first @@ line."
                raise refuse("patch.no-file", f"the diff at line {at + 1} of the answer names no file", hint)
            self._section = Section(self._files[0], self._files[0], line=at + 1)
        hunk, end = self._hunks.read(at, headless=headless)
        if not hunk.lines:
            path = self._section.new_path or self._section.old_path
            message = f"the hunk at line {at + 1} of the answer has no lines"
            hint = "If it was cut off, ask again for a shorter change, or raise max_tokens."
            raise refuse("patch.truncated", message, hint, path=path)
        if not any(section is self._section for section in self._reading.sections[-1:]):
            self._reading.sections.append(self._section)
        self._section.hunks.append(hunk)
        self._added.update(text for sign, text in hunk.lines if sign == "+")
        self._last = hunk
        self._apart = self._closed = False
        return end

    def _check_end(self) -> None:
        """Refuse an answer that was cut off in its last hunk: what is missing nobody can know."""
        if not self._reading.sections:
            return
        hunk = self._last
        last = self._reading.spans[-1][1] >= self._end
        if hunk is not None:
            hunk.cut = hunk.short and last
            hunk.open = not self._ended and self._reading.spans[-1][1] == len(self._lines)
            if hunk.open and not hunk.counted and hunk.lines[-1][0] == "+":
                raise self._truncated()
        if not self._frames.open:
            return
        whole = hunk is not None and hunk.counted and (hunk.lines[-1][0] != "+" or self._ended)
        if not whole and last:
            raise self._truncated()

    def _truncated(self) -> Refused:
        section = self._section
        path = (section.new_path or section.old_path) if section is not None else None
        message = f"the answer ends in the midst of the hunk that begins at line {self._reading.spans[-1][0] + 1}"
        hint = "It was cut off: ask again for a shorter change, or raise max_tokens."
        return refuse("patch.truncated", message, hint, path=path)


def _last_line(lines: Sequence[str]) -> int:
    """Return the line after the last one that is not blank."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _check_body(section: Section) -> None:
    """Refuse a section that says nothing: dropping it silently would change the answer."""
    if section.hunks or section.copy or section.old_path is None or section.new_path is None or section.mode:
        return
    if section.old_path == section.new_path:
        path = section.new_path
        raise refuse("patch.no-hunk", f"the section of {path!r} has no hunk", "Show the changed lines.", path=path)
