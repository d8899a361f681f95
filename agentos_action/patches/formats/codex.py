"""The `codex` format: the apply_patch envelope of OpenAI Codex, with files added, deleted, moved and updated."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentos_action.patches.labels import dedent, indent_of, open_fence
from agentos_action.patches.marks import ENVELOPE
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk, Reading, Section

_BEGIN = "*** Begin Patch"
_END = "*** End Patch"
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File:(.*)", re.DOTALL)
_MOVE = re.compile(r"\*\*\* Move to:(.*)", re.DOTALL)
_AT_END = "*** End of File"
_HEAD = re.compile(r"@@(?:[ \t](.*))?", re.DOTALL)
_NUMBERS = re.compile(r"-(\d{1,9})(?:,\d{1,9})?[ \t]+\+\d{1,9}(?:,\d{1,9})?[ \t]*@@(.*)", re.DOTALL)
_HEREDOC = re.compile(r"[ \t]*(?:\S+[ \t]+)?apply_patch[ \t]+<<-?[ \t]*[\"']?(\w{1,40})[\"']?[ \t]*$")
_DEEPEST = 8
_SIGN = "Begin every line with a blank, `-` or `+`, and every chunk with `@@`."


def read(lines: Sequence[str], files: tuple[str, ...] = ()) -> Reading:  # noqa: ARG001 - every reader is asked alike
    """Return the sections of every envelope in the answer; raises Refused for one that is cut off or malformed."""
    found = Reading()
    at = 0
    while at < len(lines):
        if not ENVELOPE.match(lines[at].strip()):
            at += 1
            continue
        end = _end(lines, at)
        body = dedent(lines[at:end], indent_of(lines[at]))
        # Models forget the first line of an envelope; the last one still tells that nothing was cut off.
        skip = int(body[0].strip() == _BEGIN)
        found.sections += _Envelope(body[skip:], at + skip).sections()
        floor = found.spans[-1][1] if found.spans else 0
        found.spans.append(_wrapped(lines, at, end + 1, floor))
        at = found.spans[-1][1]
    return found


def _end(lines: Sequence[str], at: int) -> int:
    """Return the line that ends the envelope; raises Refused where there is none."""
    indents = {"", indent_of(lines[at])}
    for index in range(at + 1, len(lines)):
        line = lines[index].rstrip()
        if line.endswith((_END, _BEGIN)) and (indent := indent_of(line)) in indents:
            text = line[len(indent) :]
            if text == _END:
                return index
            if text == _BEGIN:
                raise _malformed(index, "a patch begins within another one", f"End each patch with `{_END}`.")
    hint = f"End the patch with `{_END}`; ask for a shorter change, or raise max_tokens."
    raise refuse("patch.truncated", f"the patch that begins in line {at + 1} has no `{_END}`", hint)


def _wrapped(lines: Sequence[str], first: int, end: int, floor: int) -> tuple[int, int]:
    """Return the span together with the fence lines and the heredoc that stand directly around it."""
    for _ in range(2):
        word = None
        if first > floor:
            word = _HEREDOC.match(lines[first - 1])
            first -= bool(word or open_fence(lines[first - 1]))
        if end < len(lines):
            last = lines[end].strip()
            end += bool(last in {"EOF", "PATCH", "```", "~~~"} or (word and last == word[1]))
    return first, end


class _Envelope:
    """Walks the lines between the first and the last one of an envelope once."""

    def __init__(self, lines: list[str], offset: int) -> None:
        self._lines = lines
        self._offset = offset
        self._at = 0

    def sections(self) -> list[Section]:
        found: list[Section] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            match = _FILE.fullmatch(line.rstrip())
            if match:
                found.append(self._section(match[1], match[2].strip()))
            elif line.strip():
                raise _malformed(self._line, f"{line.strip()[:60]!r} belongs to no file", "Name the file first.")
            else:
                self._at += 1
        if not found:
            raise refuse("patch.no-hunk", "the patch changes no file", "Show the changed lines.")
        return found

    @property
    def _line(self) -> int:
        return self._offset + self._at

    def _section(self, kind: str, path: str) -> Section:
        if not path:
            message = f"`*** {kind} File:` in line {self._line + 1} names no file"
            raise refuse("patch.no-file", message, "Write the file's path behind it.")
        line = self._line + 1
        self._at += 1
        if kind == "Delete":
            return Section(path, None, explicit_delete=True, line=line)
        if kind == "Add":
            return Section(None, path, content=self._added(path), line=line)
        section = Section(path, self._moved() or path, renames=True, line=line)
        head = self._lines[self._at : self._at + 2]
        if len(head) == 2 and head[0].startswith("--- ") and head[1].startswith("+++ "):  # noqa: PLR2004 - the pair
            self._at += 2
        self._chunks(section)
        if not section.hunks and section.new_path == path:
            raise refuse("patch.no-hunk", f"the update of {path!r} has no hunk", "Show the changed lines.", path=path)
        return section

    def _moved(self) -> str | None:
        match = _MOVE.fullmatch(self._lines[self._at].rstrip()) if self._at < len(self._lines) else None
        if match is None:
            return None
        if not match[1].strip():
            raise refuse("patch.no-file", f"line {self._line + 1} names no file to move to", "Write the new path.")
        self._at += 1
        return match[1].strip()

    def _added(self, path: str) -> str:
        """Return the new file's text; a line without its `+` is taken only if it is empty and stands between others."""
        text: list[str] = []
        kept = 0
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith("*** "):
                break
            if line.startswith("+"):
                text.append(line[1:])
                kept = len(text)
            elif line.strip():
                message = f"a line of the new file {path!r} does not begin with `+`"
                raise _malformed(self._line, message, "Begin every line of a new file with `+`.")
            else:
                text.append("")
            self._at += 1
        return "".join(f"{line}\n" for line in text[:kept])

    def _chunks(self, section: Section) -> None:
        """Read chunks until the next file begins."""
        hunk: Hunk | None = None
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if _FILE.match(line):
                break
            head = _HEAD.fullmatch(line.rstrip())
            if head:
                hunk = self._open(section, hunk, (head[1] or "").strip())
            elif line.rstrip() == _AT_END:
                if hunk is None or not hunk.lines or hunk.at_end:
                    raise _malformed(self._line, f"`{_AT_END}` stands where no lines were shown", _SIGN)
                hunk.at_end = True
            elif line.startswith(("***", "@@")):
                raise _malformed(self._line, f"{line[:60]!r} is not a line of a patch", _SIGN)
            elif line or (hunk is not None and not hunk.at_end):
                if hunk is None or hunk.at_end:
                    hunk = Hunk(line=self._line + 1)
                    section.hunks.append(hunk)
                _append(hunk, line)
            self._at += 1
        self._close(section, hunk)

    def _open(self, section: Section, hunk: Hunk | None, text: str) -> Hunk:
        """Begin a chunk, or narrow down the place of one that has no lines yet."""
        if hunk is None or not _is_bare(hunk):
            self._close(section, hunk)
            hunk = Hunk(line=self._line + 1)
            section.hunks.append(hunk)
        hunk.lines.clear()
        numbers = _NUMBERS.fullmatch(text)
        if numbers:
            hunk.start, text = int(numbers[1]), numbers[2]
        text = text.removesuffix("@@").strip()
        if hunk.heading.count("\n") >= _DEEPEST:
            raise _malformed(self._line, "too many headings stand above one chunk", _SIGN)
        hunk.heading = "\n".join(part for part in (hunk.heading, text) if part)
        return hunk

    @staticmethod
    def _close(section: Section, hunk: Hunk | None) -> None:
        if hunk is None:
            return
        while not hunk.at_end and hunk.lines and hunk.lines[-1] == (" ", ""):
            # An empty line before the next marker belongs to nobody.
            hunk.lines.pop()
        if not hunk.lines:
            message = f"the chunk in line {hunk.line} of the answer shows no line"
            raise refuse("patch.no-hunk", message, "Show the changed lines below `@@`.", path=section.old_path)


def _is_bare(hunk: Hunk) -> bool:
    return not hunk.at_end and all(line == (" ", "") for line in hunk.lines)


def _append(hunk: Hunk, line: str) -> None:
    if line.startswith("\\ No newline"):
        sign = hunk.lines[-1][0] if hunk.lines else " "
        hunk.old_unterminated |= sign in " -"
        hunk.new_unterminated |= sign in " +"
    elif line[:1] in {" ", "-", "+"}:
        hunk.lines.append((line[0], line[1:]))
    else:
        hunk.lines.append((" ", line))


def _malformed(at: int, message: str, hint: str) -> Refused:
    return refuse("patch.malformed", f"line {at + 1} of the answer: {message}", hint)
