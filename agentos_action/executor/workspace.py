"""A base tree as a throw-away folder that an agent works in, and what is other there when it is done."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

import pathspec
import pygit2

from agentos_action.errors import ToolError, UsageError
from agentos_action.executor import temporary
from agentos_action.executor.export import write_tree
from agentos_action.executor.scratch import scratch
from agentos_action.records.base import Base
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_LINK, FileChange, FileVersion

#: More than a policy lets through, and little enough to be held in memory.
MAX_BYTES = 16 * 1024 * 1024
MAX_FILES = 200_000
#: What programs leave behind wherever they run; nobody means to commit it, whether it is ignored or not.
CACHES = (
    *("__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".hypothesis/"),
    *("node_modules/", ".DS_Store", "*.swp"),
)
_GIT = ".git"
_SIGNATURE = ("AgentOS Action", "agentos@localhost")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

#: Says why a file is kept out of the export, None where it may be shown: its path, its mode, its bytes.
KeepOut = Callable[[str, int, bytes], str | None]


@dataclass(frozen=True, slots=True)
class Source:
    """The files to export: a commit, or (`index_file`) an index on top of it."""

    place: Path
    commit: str
    index_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """The files in `folder`, an empty `home`, what was `left_out` and why; `exported` is what stood there at first."""

    folder: Path
    home: Path
    left_out: dict[str, str]
    exported: dict[str, str] = field(repr=False)
    ignores: dict[str, pathspec.GitIgnoreSpec] = field(repr=False)

    def changes(self, base: Base) -> tuple[FileChange, ...]:
        """Return what is other than at first: contents, executable bits, new and missing files, links.

        New files that are ignored (by the base's own .gitignore, or caches of the usual names) are no result. Raises
        ToolError for what is no file, cannot be read, or is too much.
        """
        try:
            return self._changes(base)
        except OSError as error:
            raise _refused(f"something in it cannot be read: {error.strerror}") from error

    def _changes(self, base: Base) -> tuple[FileChange, ...]:
        found: list[FileChange] = []
        room = MAX_BYTES
        seen: set[str] = set()
        for path, file in _walk(self.folder):
            seen.add(path)
            known = self.exported.get(path)
            if self._ignored(path) if known is None else _is(file, known):
                continue
            new = _version(file, path, room)
            room -= len(new.content)
            found.append(_change(path, base.read(path) if known is not None else None, new))
        gone = (path for path in self.exported if path not in seen)
        found += [FileChange(path, None, old, None) for path in gone if (old := base.read(path)) is not None]
        return tuple(found)

    def _ignored(self, path: str) -> bool:
        parts = path.split("/")
        if _GIT in (part.casefold() for part in parts):
            return False
        return any(self._matches("/".join(parts[:depth]), depth < len(parts)) for depth in range(1, len(parts) + 1))

    def _matches(self, path: str, folder: bool) -> bool:  # noqa: FBT001 - asked for each part of a path, in one place
        name = f"{path}/" if folder else path
        said: bool | None = None
        for above, spec in self.ignores.items():
            if name.startswith(above) and (told := spec.check_file(name[len(above) :]).include) is not None:
                said = told
        return bool(said)


@contextmanager
def exported(source: Source, keep_out: KeepOut) -> Iterator[Export]:
    """Export files into a fresh repository of one commit; the user's repository is only read.

    All of it is removed at the end of the block. Raises UsageError where it cannot be made.
    """
    with temporary.folder("agent") as top:
        folder, home = top / "tree", top / "home"
        try:
            folder.mkdir()
            home.mkdir(mode=0o700)
            with scratch(pygit2.Repository(str(source.place))) as repo:
                write_tree(repo, _tree(repo, source), folder)
            left_out = _keep_out(folder, keep_out)
            _commit(folder)
            states = {path: _state(file) for path, file in _walk(folder)}
            ignores = _ignores(folder, states)
        except (pygit2.GitError, OSError, KeyError) as error:
            hint = "Check free space of the folder for temporary files (TMPDIR)."
            raise UsageError(f"the files for the agent cannot be exported: {error}", hint) from error
        try:
            yield Export(folder, home, left_out, states, ignores)
        finally:
            _make_sure_of(top)


def _make_sure_of(top: Path) -> None:
    """Put a folder in its place again where the agent removed or replaced it: it is about to be removed."""
    if top.is_symlink() or top.is_file():
        top.unlink()
    top.mkdir(mode=0o700, exist_ok=True)


def _tree(repo: pygit2.Repository, source: Source) -> str:
    if source.index_file is None:
        return str(repo[source.commit].peel(pygit2.Tree).id)
    return str(pygit2.Index(str(source.index_file)).write_tree(repo))


def _keep_out(folder: Path, keep_out: KeepOut) -> dict[str, str]:
    """Remove what may not be shown and return it with the reasons."""
    found: dict[str, str] = {}
    for path, file in _walk(folder):
        mode = _mode(file.lstat())
        why = _leads_out(folder, path, file) if mode == MODE_LINK else None
        why = why or keep_out(path, mode or 0, os.fsencode(file.readlink()) if mode == MODE_LINK else file.read_bytes())
        if why is not None:
            found[path] = why
    for path in found:
        (folder / path).unlink()
    return found


def _leads_out(folder: Path, path: str, file: Path) -> str | None:
    """Say that a link leads out: as it is written, or by way of other links."""
    target = os.fspath(file.readlink())
    end = os.path.normpath(f"{os.path.dirname(path)}/{target}" if "/" in path else target)  # noqa: PTH120 - a text
    inside = not end.startswith(("/", "../")) and end != ".." and Path(os.path.realpath(file)).is_relative_to(folder)
    return None if inside else "is a link that leads out of the repository"


def _commit(folder: Path) -> None:
    """Make the folder a repository with one commit, without remote, hooks, templates or anybody's settings."""
    repo = pygit2.init_repository(str(folder), initial_head="main")
    try:
        for path, file in _walk(folder):
            mode = _mode(file.lstat())
            if mode is not None and path.isprintable():
                content = os.fsencode(file.readlink()) if mode == MODE_LINK else file.read_bytes()
                # Not from the work tree: filters and the user's own ignore rules would have a say in it.
                repo.index.add(pygit2.IndexEntry(path, repo.create_blob(content), pygit2.enums.FileMode(mode)))
        repo.index.write()
        author = pygit2.Signature(*_SIGNATURE)
        repo.create_commit("HEAD", author, author, "The files to work on\n", repo.index.write_tree(), [])
    finally:
        repo.free()


def _ignores(folder: Path, states: dict[str, str]) -> dict[str, pathspec.GitIgnoreSpec]:
    """Return the rules of every .gitignore by the folder it stands in, outer ones first, the usual caches before."""
    found = {"": pathspec.GitIgnoreSpec.from_lines(CACHES)}
    names = sorted(path for path in states if path.rpartition("/")[2] == ".gitignore")
    for path in names:
        file = folder / path
        if file.is_symlink():
            continue
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        above = path.removesuffix(".gitignore")
        found[above] = pathspec.GitIgnoreSpec.from_lines([*(CACHES if not above else ()), *lines])
    return found


def _walk(top: Path) -> Iterator[tuple[str, Path]]:
    """Yield everything below a folder that is no folder, by its path; the repository made here is not part of it."""
    count = 0
    for folder, folders, names in os.walk(top, onerror=_raise):
        here = Path(folder)
        if here == top:
            folders[:] = [name for name in folders if name != _GIT]
        links = [name for name in folders if (here / name).is_symlink()]
        for name in (*names, *links):
            if here == top and name == _GIT:
                continue
            count += 1
            if count > MAX_FILES:
                raise _refused(f"there are more than {MAX_FILES:,} files now", "Let it leave fewer files behind.")
            yield (here / name).relative_to(top).as_posix(), here / name


def _raise(error: OSError) -> None:
    raise _refused(f"a folder cannot be read: {error.strerror}") from error


def _mode(found: os.stat_result) -> int | None:
    if stat.S_ISLNK(found.st_mode):
        return MODE_LINK
    if stat.S_ISREG(found.st_mode):
        return MODE_EXEC if found.st_mode & stat.S_IXUSR else MODE_FILE
    return None


def _state(file: Path) -> str:
    """Return mode, size and digest of a file or link; of what is neither, that it is so."""
    found = file.lstat()
    mode = _mode(found)
    if mode is None:
        return "other"
    if mode == MODE_LINK:
        return f"{_outline(found)} {os.fspath(file.readlink())}"
    with file.open("rb") as handle:
        return f"{_outline(found)} {file_digest(handle, 'sha256').hexdigest()}"


def _outline(found: os.stat_result) -> str:
    return f"{_mode(found)} {found.st_size}"


def _is(file: Path, state: str) -> bool:
    """Return whether a file is in this state; one of another size, which may be huge, is not read."""
    return state.startswith(f"{_outline(file.lstat())} ") and _state(file) == state


def _version(file: Path, path: str, room: int) -> FileVersion:
    mode = _mode(file.lstat())
    if mode is None:
        raise _refused(f"{path!r} is neither a file nor a link", "Let it make files only.")
    if mode == MODE_LINK:
        return FileVersion(os.fsencode(file.readlink()), mode)
    handle = os.open(file, _READ)
    with os.fdopen(handle, "rb") as opened:
        content = opened.read(room + 1)
    if len(content) > room:
        raise _refused(f"more than {MAX_BYTES:,} bytes are changed", "Split the task, or let it leave no build output.")
    return FileVersion(content, mode)


def _change(path: str, old: FileVersion | None, new: FileVersion) -> FileChange:
    return FileChange(path if old else None, path, old, new)


def _refused(message: str, hint: str = "Give the task again, in other words.") -> ToolError:
    return ToolError(f"what the agent left cannot be taken: {message}", hint, category="schema", code="agent_result")
