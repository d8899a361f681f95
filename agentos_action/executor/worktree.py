"""The work tree before anything is written: what of the user's is in the way; and changes left there alone."""

from __future__ import annotations

import bisect
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pygit2
from pygit2.enums import ObjectType

from agentos_action.errors import ConflictError, UsageError
from agentos_action.executor.folders import Found, look, opened
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_LINK, FileChange, FileVersion
from agentos_action.repo import read_index

#: Path → what stands there in the base; None where nothing does.
Before: TypeAlias = Mapping[str, FileVersion | None]

_SHOWN = 5


def require_unlocked(repo: pygit2.Repository) -> None:
    """Raise ConflictError where another git is at work on the index or on HEAD, or died at it."""
    if (lock := lock_of(repo)).exists():
        raise locked(lock)
    if (lock := head_lock_of(repo)).exists():
        raise locked(lock, "HEAD")


def lock_of(repo: pygit2.Repository) -> Path:
    """Return the file by which every git locks the index."""
    return Path(repo.path, "index.lock")


def head_lock_of(repo: pygit2.Repository) -> Path:
    """Return the file by which every git locks HEAD, that is, which branch the work tree shows."""
    return Path(repo.path, "HEAD.lock")


def locked(lock: Path, what: str = "the index") -> ConflictError:
    """Return the error for an index, or a HEAD, that another git holds."""
    hint = f"Wait for the other git; if none is running, remove {lock}"
    return ConflictError(f"another git is changing {what}: {lock} is there", hint)


def require_clean(repo: pygit2.Repository, before: Before) -> None:
    """Raise ConflictError naming every path whose index entry or file is not what the base holds.

    Bytes are compared, not flags: a file marked `skip-worktree` or `assume-unchanged` holds edits like any other.
    Raises UsageError for an index or a filter that libgit2 cannot handle, and for what a sparse checkout leaves out.
    """
    index = read_index(repo)
    for path in before:
        try:
            _require_plain(repo, path)
        except pygit2.GitError as error:  # a path that is too long for this machine
            hint = "Give --branch NAME, so that no work tree has to follow."
            raise UsageError(f"{path!r} cannot stand in the work tree: {error}", hint) from error
    dirty = [path for path, old in before.items() if _staged(index, path, old) or not as_before(repo, path, old)]
    if not dirty:
        return
    absent = [path for path in dirty if before[path] is not None and not os.path.lexists(Path(repo.workdir, path))]
    if absent and _setting(repo, "core.sparseCheckout"):
        hint = "Widen it (git sparse-checkout add), or give --branch NAME so that no work tree has to follow."
        raise UsageError(f"outside the sparse checkout: {_listed(absent)}", hint)
    raise _in_the_way(dirty)


def _require_plain(repo: pygit2.Repository, path: str) -> None:
    """Raise UsageError where git would write other bytes into the work tree than libgit2 can."""
    hint = "Give --branch NAME, so that no work tree has to follow."
    if path.rpartition("/")[2] == ".gitattributes":
        raise UsageError(f"{path!r} changes how git writes other files of the work tree", hint)
    if isinstance(name := repo.get_attr(path, "filter"), str):
        raise UsageError(f"{path!r} goes through the filter {name!r}, which only git itself can run", hint)
    if isinstance(name := repo.get_attr(path, "working-tree-encoding"), str):
        raise UsageError(f"{path!r} is kept as {name} in the work tree, which only git itself can write", hint)


def _setting(repo: pygit2.Repository, name: str, *, default: bool = False) -> bool:
    try:
        return bool(repo.config.get_bool(name))
    except KeyError:
        return default


def _staged(index: pygit2.Index, path: str, old: FileVersion | None) -> bool:
    if old is None:
        # Something staged at the path, above it or below it would fall out of the index.
        above = [parent.as_posix() for parent in list(Path(path).parents)[:-1]]
        return path in index or any(parent in index for parent in above) or _has_below(index, f"{path}/")
    try:
        entry = index[path]
    except KeyError:  # not staged, or a conflict of a merge
        return True
    return int(entry.mode) != old.mode or entry.id != pygit2.hash(old.content)


def _has_below(index: pygit2.Index, folder: str) -> bool:
    wanted = os.fsencode(folder)
    at = bisect.bisect_left(range(len(index)), wanted, key=lambda number: os.fsencode(index[number].path))
    return at < len(index) and os.fsencode(index[at].path).startswith(wanted)


def as_before(repo: pygit2.Repository, path: str, old: FileVersion | None) -> bool:
    """Return whether the work tree holds at `path` what git would have written there for `old`."""
    try:
        with opened(Path(repo.workdir), path) as (folder, name):
            found = look(folder, name)
    except FileNotFoundError:
        found = None
    except NotADirectoryError:
        return False
    except OSError as error:  # a name that is too long here, a file that may not be read
        hint = "Give --branch NAME, so that no work tree has to follow."
        raise UsageError(f"{path!r} cannot be compared with the work tree: {error.strerror}", hint) from error
    return holds(repo, found, old, where=path, path=path)


def holds(repo: pygit2.Repository, found: Found | None, old: FileVersion | None, *, where: str, path: str) -> bool:
    """Return whether what was found at `where` is what git would have written at `path` for a version."""
    if found is None or old is None:
        return found is None and old is None
    if found.mode != old.mode and not _mode_unknown(repo, found.mode, old.mode):
        return False
    if found.content == old.content or MODE_LINK in {found.mode, old.mode}:
        return found.content == old.content
    # Line endings that git converts (core.autocrlf, text attributes): what git would store is what counts.
    try:
        stored = repo.hashfile(str(Path(repo.workdir, where)), ObjectType.BLOB, path)
    except (pygit2.GitError, OSError):
        # core.safecrlf: git itself would refuse to take these bytes.
        return False
    return stored == pygit2.hash(old.content)


def _mode_unknown(repo: pygit2.Repository, found: int, wanted: int) -> bool:
    """Return whether git, as it is configured, would not see the difference of the two modes in a work tree."""
    if wanted == MODE_LINK:
        return found == MODE_FILE and not _setting(repo, "core.symlinks", default=True)
    return {found, wanted} == {MODE_FILE, MODE_EXEC} and not _setting(repo, "core.fileMode", default=True)


def real_parents(top: Path, path: str) -> bool:
    """Return whether every parent in the work tree is a real folder, or not there yet."""
    parents = [top / parent for parent in list(Path(path).parents)[:-1]]
    return not any(os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()) for parent in parents)


def _in_the_way(paths: Sequence[str]) -> ConflictError:
    hint = "Commit or stash them, or give --branch NAME to leave them alone."
    return ConflictError(f"your own changes are in the way: {_listed(paths)}", hint)


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")


def write_only(workdir: Path, changes: Iterable[FileChange]) -> tuple[str, ...]:
    """Write changes to the work tree alone, as a formatter does; returns the paths written.

    All files are compared with what was judged and all new contents are on the disk before the first is put in its
    place. Raises ConflictError where a file differs, UsageError where one cannot be written.
    """
    planned = [(workdir / change.path, _planned(workdir, change)) for change in changes]
    with ExitStack() as leftovers:
        try:
            ready = [(_beside(target, content, leftovers), target) for target, content in planned]
            for temporary, target in ready:
                temporary.replace(target)
        except OSError as error:
            hint = "Check free space and permissions, then look at `git status`."
            raise UsageError(f"the work tree cannot be written: {error.strerror}", hint) from error
    return tuple(target.relative_to(workdir).as_posix() for target, _ in planned)


def _planned(workdir: Path, change: FileChange) -> bytes:
    """Return the bytes to write for a change, in the line endings that the file has in the work tree."""
    if change.old is None or change.new is None or change.old_path != change.new_path:
        hint = "Use `agentos run`, which commits."
        raise ConflictError(f"{change.path!r}: only changes of existing files are left in the work tree", hint)
    current = _current(workdir, change.path)
    if current == change.old.content:
        return change.new.content
    if current is not None and current == _crlf(change.old.content):
        return _crlf(change.new.content)
    raise _in_the_way([change.path])


def is_as(workdir: Path, path: str, content: bytes) -> bool:
    """Return whether the work tree holds this content in one of the ways that `write_only` takes."""
    return _current(workdir, path) in {content, _crlf(content)}


def _current(workdir: Path, path: str) -> bytes | None:
    """Return the bytes of a regular file of the work tree, None where there is none."""
    target = workdir / path
    whole = real_parents(workdir, path) and target.is_file() and not target.is_symlink()
    return target.read_bytes() if whole else None


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _beside(target: Path, content: bytes, leftovers: ExitStack) -> Path:
    """Write the bytes into a temporary file beside the target, with its mode; `leftovers` removes what stays."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    temporary = Path(name)
    leftovers.callback(temporary.unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    temporary.chmod(target.stat().st_mode & 0o7777)
    return temporary
