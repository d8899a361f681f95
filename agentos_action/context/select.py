"""Which files a prompt holds: those the task names, those it mentions, else all text files that may be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pathspec

from agentos_action.errors import UsageError
from agentos_action.records.base import MODE_TREE, Base
from agentos_action.records.context import ContextFile, Selection
from agentos_action.records.patch import MODE_EXEC, MODE_FILE
from agentos_action.records.task import ToolTask

_WORD = re.compile(r"[\w@+~.-]+(?:/[\w@+~.-]+)*")
_BINARY_LOOK = 8_000

#: What a prompt says around each file at least: two fences and a line's end.
_AROUND = 8

#: A mention is looked up in the base, so their number is bounded.
MAX_MENTIONS = 2_000


def select_files(
    task: ToolTask, base: Base, unreadable: Iterable[str], max_bytes: int, *, needed: bool = True
) -> Selection:
    """Choose the prompt's files from the base commit; `max_bytes` is more than could ever fit the model.

    Raises UsageError for a named file that is missing, unreadable or not text, and where nothing fits; where nobody
    reads the prompt (`needed` False) a repository that does not fit is not shown at all.
    """
    hidden = reading_ban(unreadable)
    require_files(task, base)
    if task.files:
        return Selection(tuple(_named(path, base, hidden) for path in dict.fromkeys(task.files)), "named")
    mentioned = _mentioned(task.instruction, base)
    if mentioned:
        kept = tuple(path for path in mentioned if not hidden(path))
        files = tuple(file for path in kept if (file := read_text(base, path)) is not None)
        if files:
            return Selection(files, "mentioned", tuple(path for path in mentioned if hidden(path)))
    everything = _everything(base, hidden, max_bytes)
    if everything is None and needed:
        hint = "Name the files the task is about: --files a.py b.py, or files = [...] in the task."
        raise UsageError("the task names no file, and all files together do not fit the model", hint)
    return everything or Selection((), "none")


def reading_ban(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test that says whether a path may not be read into a prompt (gitignore patterns, case folded)."""
    spec = pathspec.GitIgnoreSpec.from_lines(pattern.casefold() for pattern in patterns)
    return lambda path: spec.match_file(path.casefold())


def read_text(base: Base, path: str) -> ContextFile | None:
    """Return a base file as text, None where it is no regular file or holds NUL bytes (binary, as git looks)."""
    if base.mode(path) not in {MODE_FILE, MODE_EXEC}:
        return None
    version = base.read(path)
    if version is None or b"\0" in version.content[:_BINARY_LOOK]:
        return None
    return ContextFile(path, version.content.decode("utf-8", "surrogateescape"))


def require_files(task: ToolTask, base: Base) -> None:
    """Raise UsageError for the first file a task names that the base does not have."""
    for path in task.files:
        if base.mode(path) is None:
            message = f"the task names {path!r}, which is not in commit {base.id[:10]}"
            raise UsageError(message, _missing_hint(path, base))


def _named(path: str, base: Base, hidden: Callable[[str], bool]) -> ContextFile:
    mode = base.mode(path)
    if hidden(path):
        hint = "[context] forbidden_paths of agentos.toml keeps it out; name another file."
        raise UsageError(f"{path!r} may not be read into a prompt", hint)
    if mode == MODE_TREE:
        raise UsageError(f"{path!r} is a folder", "Name the files in it.")
    file = read_text(base, path)
    if file is None:
        raise UsageError(f"{path!r} is not a text file", "Name text files only.")
    return file


def _missing_hint(path: str, base: Base) -> str:
    folder, _, name = path.rpartition("/")
    near = [other for other in base.siblings(folder) if other.lower() == name.lower()]
    if near:
        return f"There is {near[0]!r}."
    near = [other for other in base.paths() if other.endswith(f"/{path}")][:3]
    if near:
        return f"There is {', '.join(near)}; paths count from the repository's root."
    return "Paths count from the repository's root, and the file must be committed."


def _mentioned(instruction: str, base: Base) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for number, match in enumerate(_WORD.finditer(instruction)):
        if number >= MAX_MENTIONS:
            break
        for word in dict.fromkeys((match[0], match[0].rstrip("."), match[0].removeprefix("./"))):
            if base.mode(word) in {MODE_FILE, MODE_EXEC}:
                found[word] = None
                break
    return tuple(found)


def _everything(base: Base, hidden: Callable[[str], bool], max_bytes: int) -> Selection | None:
    """Return all text files that may be read, None where they are more than fits; stops as soon as that is seen."""
    files: list[ContextFile] = []
    total = 0
    for path in base.paths():
        file = None if hidden(path) else read_text(base, path)
        if file is None:
            continue
        total += len(file.text) + len(path) + _AROUND
        if total > max_bytes:
            return None
        files.append(file)
    return Selection(tuple(files), "all")
