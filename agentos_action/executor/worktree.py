"""The work tree follows a commit, or takes a change alone; a user's edits are never touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pygit2
from pygit2.enums import CheckoutStrategy

from agentos_action.errors import ConflictError, UsageError
from agentos_action.records.patch import MODE_LINK, FileChange, FileVersion
from agentos_action.records.verdict import Finding
from agentos_action.repo import read_index

#: Path → what stands there in the base; None where nothing does.
Before: TypeAlias = Mapping[str, FileVersion | None]

_SHOWN = 5


def require_clean(repo: pygit2.Repository, before: Before) -> None:
    """Raise ConflictError naming every path whose index entry or file is not what the base holds.

    Bytes are compared, not flags: a file marked `skip-worktree` or `assume-unchanged` holds edits like any other.
    Raises UsageError for an index or a filter that libgit2 cannot handle.
    """
    lock = Path(repo.path, "index.lock")
    if lock.exists():
        hint = f"Wait for the other git; if none is running, remove {lock}."
        raise ConflictError("another git is changing the index", hint)
    index = read_index(repo)
    dirty = [path for path, old in before.items() if _staged(index, path, old) or not _as_before(repo, path, old)]
    if dirty:
        raise _in_the_way(dirty)
    for path in before:
        if isinstance(name := repo.get_attr(path, "filter"), str):
            hint = "Give --branch NAME, so that no work tree has to follow."
            raise UsageError(f"{path!r} goes through the filter {name!r}, which only git itself can run", hint)


def _staged(index: pygit2.Index, path: str, old: FileVersion | None) -> bool:
    if path not in index or old is None:
        return (path in index) != (old is not None)
    entry = index[path]
    return int(entry.mode) != old.mode or entry.id != pygit2.hash(old.content)


def _as_before(repo: pygit2.Repository, path: str, old: FileVersion | None) -> bool:
    top = Path(repo.workdir)
    target = top / path
    if not _real_parents(top, path):
        return False
    if old is None:
        return not os.path.lexists(target)
    if target.is_symlink() or not target.is_file():
        return old.mode == MODE_LINK and target.is_symlink() and os.fsencode(target.readlink()) == old.content
    content = target.read_bytes()
    if content == old.content:
        return True
    # Line endings that git converts (core.autocrlf, text attributes): what git would store is what counts.
    return repo.create_blob_fromworkdir(path) == pygit2.hash(old.content)


def _real_parents(top: Path, path: str) -> bool:
    """Return whether every parent in the work tree is a real folder, or not there yet."""
    parents = [top / parent for parent in list(Path(path).parents)[:-1]]
    return not any(os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()) for parent in parents)


def _in_the_way(paths: Sequence[str]) -> ConflictError:
    listed = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return ConflictError(
        f"your own changes are in the way: {listed}", "Commit or stash them, or give --branch NAME to leave them alone."
    )


def follow(
    repo: pygit2.Repository, tree: pygit2.Oid, contents: Mapping[str, bytes | None], before: Before
) -> tuple[Finding, ...]:
    """Bring index and work tree of the touched paths to the new commit; returns a warning for what was left alone.

    A file that was saved in the moment between the check and now is left as the user saved it. The commit is made
    by now, so a work tree that cannot be written is a warning that says how to bring it up to date.
    """
    try:
        return _follow(repo, tree, contents, before)
    except (pygit2.GitError, OSError) as error:
        said = f"the commit was made, but the work tree could not follow: {error}"
        hint = "Bring it up to date: git checkout HEAD -- " + " ".join(contents)
        return (Finding(id="worktree.behind", severity="warning", message=said, hint=hint),)


def _follow(
    repo: pygit2.Repository, tree: pygit2.Oid, contents: Mapping[str, bytes | None], before: Before
) -> tuple[Finding, ...]:
    left = [path for path in contents if not _as_before(repo, path, before.get(path))]
    writes = [path for path, content in contents.items() if content is not None and path not in left]
    strategy = CheckoutStrategy.FORCE | CheckoutStrategy.DISABLE_PATHSPEC_MATCH
    if writes:
        repo.checkout_tree(repo[tree], paths=writes, strategy=strategy)  # type: ignore[no-untyped-call]
    repo.index.read()
    for path, content in contents.items():
        if content is None and path not in left:
            repo.index.remove(path)
            _unlink(Path(repo.workdir), path)
    repo.index.write()
    return tuple(
        Finding(
            id="worktree.left-alone",
            severity="warning",
            path=path,
            message=f"{path!r} was saved at the same moment and was left as it is",
            hint="Compare it with `git diff`.",
        )
        for path in left
    )


def _unlink(top: Path, path: str) -> None:
    (top / path).unlink(missing_ok=True)
    for parent in list(Path(path).parents)[:-1]:
        try:
            (top / parent).rmdir()
        except OSError:
            # Not empty: something else lives there.
            return


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
    target = workdir / change.path
    whole = _real_parents(workdir, change.path) and target.is_file() and not target.is_symlink()
    current = target.read_bytes() if whole else None
    if current == change.old.content:
        return change.new.content
    if current is not None and current == _crlf(change.old.content):
        return _crlf(change.new.content)
    raise _in_the_way([change.path])


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
