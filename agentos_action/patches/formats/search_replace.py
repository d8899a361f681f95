"""The `search_replace` format: blocks that show a file's old lines above the new ones, as aider, Cline and Roo do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentos_action.patches.compare import Comparer
from agentos_action.patches.labels import Fence, dedent, in_list, indent_of, label, mentioned, open_fence
from agentos_action.patches.marks import SEARCH
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk, Reading, Section

_DIVIDER = re.compile(r"={5,9}$")
_END = re.compile(r"(?:>{5,9}[ \t]*(?:REPLACE|UPDATED)|\+{5,9}[ \t]*REPLACE)>?$", re.IGNORECASE)
_CUT = re.compile(r"<{5,9} ?S?E?A?R?C?$|-{5,9} SE?A?R?C?$")
_CLAIM = re.compile(r"[ \t]*:(start|end)_line:[ \t]*(\d{1,9})[ \t]*$")
_RULE = re.compile(r"[ \t]*-{5,9}[ \t]*$")
_NEAR = 6
_LONGEST = 300
_MANY = 200
_AGAIN = "Ask again for a shorter change, or raise max_tokens."
_SHAPE = "Write `<<<<<<< SEARCH`, the old lines, `=======`, the new lines, `>>>>>>> REPLACE`."


def read(lines: Sequence[str], files: tuple[str, ...] = ()) -> Reading:
    """Return the answer's blocks, one section a file; raises Refused for a block that is cut off or has no file."""
    return _Reader(lines, files).reading()


class _Reader:
    """Walks the answer once; a path holds until the next one is named."""

    def __init__(self, lines: Sequence[str], files: tuple[str, ...]) -> None:
        self._lines = lines
        self._files = files
        self._fence: Fence | None = None
        self._fence_at = -1
        self._path: str | None = None
        self._listed = False
        self._floor = 0
        self._comparer = Comparer()
        self._changed: dict[str, Section] = {}
        self._found = Reading()

    def reading(self) -> Reading:
        at = 0
        last = ""
        while at < len(self._lines):
            text = self._lines[at].strip()
            match = SEARCH.match(text)
            if match:
                at = self._floor = self._block(at, match)
                last = ""
                continue
            if text:
                last = text
                self._pass(at)
            at += 1
        if self._found.sections and _CUT.match(last):
            raise refuse("patch.truncated", "the answer ends within the opening line of a block", _AGAIN)
        return self._found

    def _pass(self, at: int) -> None:
        """Note what a line outside of the blocks says about those that follow."""
        line = self._lines[at]
        if self._fence is not None and self._fence.closes(line):
            if self._fence_at < self._floor:
                self._use(at, at + 1)
            self._fence = None
            return
        fence = open_fence(line)
        if fence is not None:
            self._fence, self._fence_at = fence, at
        elif self._fence is None and not in_list(line):
            self._path = label(line, self._files) or self._path

    def _block(self, at: int, match: re.Match[str]) -> int:
        """Read the block that opens at this line; returns the line after its end."""
        dividers: list[int] = []
        end = at + 1
        for end in range(at + 1, len(self._lines)):
            text = self._lines[end].strip()
            if _END.match(text):
                break
            if SEARCH.match(text):
                raise _malformed(at, f"is not closed before the next one opens in line {end + 1}")
            if _DIVIDER.match(text):
                dividers.append(end)
        else:
            raise self._unfinished(at)
        divider = self._divider(at, dividers, len(match[1] or match[3]))
        path, top = self._above(at)
        if match[2]:
            path = label(match[2], self._files) or path
        path = path or self._named_above(top) or self._path or (self._files[0] if len(self._files) == 1 else None)
        if path is None:
            message = f"the block in line {at + 1} does not say which file it changes"
            raise refuse("patch.no-file", message, "Write the file's path in the line above the block.")
        self._path = path
        self._add(path, at, divider, end)
        if self._fence is not None and self._fence_at >= self._floor:
            self._use(self._fence_at, self._fence_at + 1)
        self._use(top, end + 1)
        return end + 1

    def _named_above(self, at: int) -> str | None:
        """Return the one file of those shown that the words above a block name, where they name one."""
        floor = max(self._floor, at - _NEAR)
        above = next((line for line in reversed(self._lines[floor:at]) if line.strip()), "")
        names = [name for name in self._files[:_MANY] if name in above] if len(above) <= _LONGEST and above else []
        return max(names, key=len) if names and all(name in max(names, key=len) for name in names) else None

    def _unfinished(self, at: int) -> Refused:
        fence = self._fence
        if fence is not None and any(fence.closes(line) for line in self._lines[at + 1 :]):
            return _malformed(at, "has no `>>>>>>> REPLACE`")
        return refuse("patch.truncated", f"the answer ends within the block of line {at + 1}", _AGAIN)

    def _divider(self, at: int, found: list[int], length: int) -> int:
        """Return the line that parts old from new: the only one, or the only one as long as the opening marker."""
        indent = indent_of(self._lines[at])
        level = [line for line in found if indent_of(self._lines[line]) == indent] or found
        if len(level) > 1:
            level = [line for line in level if len(self._lines[line].strip()) == length] or level
        if not level:
            raise _malformed(at, "has no `=======` between old and new lines")
        if len(level) > 1:
            hint = "Where the text itself holds `=======`, write all three markers with nine characters."
            raise _malformed(at, "could be parted at more than one `=======`", hint)
        return level[0]

    def _above(self, at: int) -> tuple[str | None, int]:
        """Return the path that is said right above the block, and the first line that belongs to it."""
        top = at
        for index in range(at - 1, max(self._floor, at - _NEAR) - 1, -1):
            line = self._lines[index]
            if index == self._fence_at and self._fence is not None:
                top = index
                path = self._fence.path(self._files)
                if path:
                    return path, top
            elif line.strip() and line.strip() != "<diff>":
                path = label(line, self._files) or mentioned(line, self._files)
                if path:
                    self._listed = in_list(line)
                    return path, index
                break
        return None, top

    def _add(self, path: str, at: int, divider: int, end: int) -> None:
        fence = self._fence
        indent = fence.indent if fence else indent_of(self._lines[at]) if self._listed else ""
        body = dedent(self._lines[at + 1 : end], indent)
        old, new = body[: divider - at - 1], body[divider - at :]
        start, old = _claimed(old)
        if not any(line.strip() for line in old):
            content = "".join(f"{line}\n" for line in new)
            self._found.sections.append(Section(None, path, content=content, line=at + 1))
            return
        if path not in self._changed:
            self._changed[path] = Section(path, path, line=at + 1)
            self._found.sections.append(self._changed[path])
        self._changed[path].hunks.append(Hunk(self._comparer.signed(old, new), start=start, line=at + 1))

    def _use(self, first: int, end: int) -> None:
        spans = self._found.spans
        if spans and first <= spans[-1][1]:
            spans[-1] = (min(first, spans[-1][0]), max(end, spans[-1][1]))
        else:
            spans.append((first, end))


def _malformed(at: int, what: str, hint: str = _SHAPE) -> Refused:
    return refuse("patch.malformed", f"the block in line {at + 1} {what}", hint)


def _claimed(old: list[str]) -> tuple[int, list[str]]:
    """Return the line that Roo's `:start_line:` claims, or 0, and the old lines without that head."""
    start = taken = 0
    while taken < len(old) and (match := _CLAIM.match(old[taken])):
        start = int(match[2]) if match[1] == "start" else start
        taken += 1
    if taken and taken < len(old) and _RULE.match(old[taken]):
        taken += 1
    return start, old[taken:]
