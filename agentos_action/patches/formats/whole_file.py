"""The `whole_file` format: a file's whole new text in a fence under its name, as aider's "whole" format has it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from agentos_action.patches.elision import is_elision
from agentos_action.patches.labels import Fence, dedent, label, open_fence
from agentos_action.patches.marks import ENVELOPE, SEARCH
from agentos_action.patches.refusal import refuse
from agentos_action.patches.sections import Reading, Section

MARK = re.compile(r"(?:`{3,}[^`]*|~{3,}.*)$")
_DIFFS = frozenset({"diff", "patch", "udiff"})
_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "shell-session", "terminal", "powershell", "cmd", "bat"})
_SCRIPTS = frozenset({"", ".sh", ".bash", ".zsh", ".ksh", ".ps1", ".psm1", ".cmd", ".bat", ".bats", ".in", ".conf"})
_TALK = frozenset({"text", "txt", "plaintext", "output", "log", "json", "mermaid"})
_PROSE = frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"})
# Cursor quotes lines of a file under `12:15:a.py`.
_PART = re.compile(r"\d+:\d+:")
_COMMENT = re.compile(r"(?:#|//|--|;|%|/\*|<!--)[ \t]*(.*?)[ \t]*(?:\*/|-->)?", re.DOTALL)
_LONGEST = 300


def read(lines: Sequence[str], files: tuple[str, ...] = ()) -> Reading:
    """Return one section for each file whose text stands in a fence; raises Refused for texts that are not whole."""
    reader = _Reader(lines, files)
    reader.walk()
    return reader.reading()


class _Reader:
    """Walks the fences of the answer once."""

    def __init__(self, lines: Sequence[str], files: tuple[str, ...]) -> None:
        self._lines = lines
        self._files = files
        self._named: dict[str, Section] = {}
        self._spans: list[tuple[int, int]] = []
        self._nameless: list[tuple[int, int, Fence]] = []
        self._doubtful: tuple[str, int] | None = None

    def walk(self) -> None:
        at = floor = 0
        while at < len(self._lines):
            fence = open_fence(self._lines[at])
            if fence is None:
                at += 1
                continue
            path, top = self._name(fence, at, floor)
            end = _closing(self._lines, at + 1, fence)
            if end is None:
                self._check_cut(fence, at, path)
                return
            if path is None or not self._fits(fence, path, at, end):
                self._see_nameless(fence, at, end)
            else:
                self._take(path, top, at, end, fence)
            at = floor = end + 1

    def reading(self) -> Reading:
        if not self._named and len(self._nameless) == 1 and len(self._files) == 1:
            at, end, fence = self._nameless[0]
            self._take(self._files[0], at, at, end, fence)
            # Any block may stand there by chance, so what it holds is looked at twice.
            self._named[self._files[0]].named = False
        return Reading(list(self._named.values()), self._spans)

    def _name(self, fence: Fence, at: int, floor: int) -> tuple[str | None, int]:
        """Return the path the fence stands for, and the first line that belongs to it."""
        for above in range(at - 1, max(floor, at - 2) - 1, -1):
            if self._lines[above].strip():
                path = label(self._lines[above], self._files)
                if path:
                    return path, above
                break
        path = fence.path(self._files)
        if path is None and at + 1 < len(self._lines):
            path = self._commented(self._lines[at + 1])
        return path, at

    def _commented(self, line: str) -> str | None:
        """Return the shown file that a comment names and says nothing else."""
        text = line.strip()
        match = _COMMENT.fullmatch(text) if len(text) <= _LONGEST else None
        name = match[1].removeprefix("./") if match else ""
        return name if name in self._files else None

    def _fits(self, fence: Fence, path: str, at: int, end: int) -> bool:
        """Whether the block can be the file's text: neither a diff, nor edits, nor a command that uses the file."""
        if fence.language in _DIFFS or _PART.match(fence.info):
            return False
        if fence.language in _SHELLS and PurePosixPath(path).suffix.lower() not in _SCRIPTS:
            return False
        return not _is_edit(self._lines[at + 1 : end])

    def _see_nameless(self, fence: Fence, at: int, end: int) -> None:
        """Keep a fence without a name; it may show that the file before it ended at a fence of its own text."""
        if self._doubtful is not None and not fence.info:
            path, line = self._doubtful
            hint = "Put the file into a fence of four backticks, longer than any fence within its text."
            message = f"where the text of {path!r} ends is unclear: the fence in line {line} may belong to it"
            raise refuse("patch.malformed", message, hint, path=path)
        self._doubtful = None
        if len(self._files) != 1 or len(self._nameless) > 1:
            return
        if self._may_serve(fence) and self._fits(fence, self._files[0], at, end):
            self._nameless.append((at, end, fence))

    def _may_serve(self, fence: Fence) -> bool:
        """Whether a fence without a name can be the only file: not what a program says, and not JSON beside it."""
        suffix = PurePosixPath(self._files[0]).suffix.lower()
        return fence.language not in _TALK or suffix in {"", ".txt", f".{fence.language}"}

    def _take(self, path: str, top: int, at: int, end: int, fence: Fence) -> None:
        text = dedent(self._lines[at + 1 : end], fence.indent)
        told_within = top == at and fence.path(self._files) is None
        if text and told_within and self._commented(text[0]) == path:
            # The comment is there for us; above the fence the name would have stood outside of the text.
            text = text[1:]
        elided = next((line for line in text if is_elision(line)), None)
        if elided is not None:
            message = f"the text of {path!r} is not whole: {elided.strip()[:80]!r} stands for lines of the file"
            raise refuse("patch.elided", message, "Write the whole file, or show only the changed lines.", path=path)
        content = "".join(f"{line}\n" for line in text)
        before = self._named.get(path)
        if before is not None and before.content != content:
            message = f"the answer gives two different texts of {path!r}"
            raise refuse("patch.contradiction", message, "Give each file once.", path=path)
        if before is None:
            self._named[path] = Section(path, path, content=content, line=at + 1)
        self._spans.append((top, end + 1))
        self._doubtful = (path, end + 1) if self._may_go_on(path, end + 1) else None

    def _may_go_on(self, path: str, after: int) -> bool:
        """Whether what stands behind the closing fence could still be the file: prose files hold fences of their own.

        Other files hold them too, in a documentation comment; then their text goes on without a blank line.
        """
        if PurePosixPath(path).suffix.lower() in _PROSE:
            return True
        following = self._lines[after] if after < len(self._lines) else ""
        return bool(following.strip()) and label(following, self._files) is None and open_fence(following) is None

    def _check_cut(self, fence: Fence, at: int, path: str | None) -> None:
        """Refuse a fence that never closes, unless nothing in the answer is of this format."""
        end = len(self._lines)
        if path is None or not self._fits(fence, path, at, end):
            path = None
            self._see_nameless(fence, at, end)
        if path or self._named or (len(self._nameless) == 1 and self._nameless[0][0] == at):
            hint = "Ask again for a shorter change, or raise max_tokens."
            message = f"the fence in line {at + 1} never closes: the answer was cut off"
            raise refuse("patch.truncated", message, hint, path=path)
        self._nameless.clear()


def _closing(lines: Sequence[str], start: int, fence: Fence) -> int | None:
    """Return the line that closes the fence; a fence with an info string within opens a level of its own."""
    depth = 1
    for index in range(start, len(lines)):
        line = lines[index]
        if fence.mark[0] not in line:
            continue
        if fence.closes(line):
            depth -= 1
            if depth == 0:
                return index
        elif fence.nests(line):
            depth += 1
    return None


def _is_edit(lines: Sequence[str]) -> bool:
    """Whether the block holds edits of another format."""
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return False
    if lines[first].startswith(("diff --git ", "--- ")) and any(line.startswith("@@") for line in lines):
        return True
    return any(
        line.lstrip()[:1] in {"<", "-", "*"} and (SEARCH.match(line.strip()) or ENVELOPE.match(line.strip()))
        for line in lines
    )
