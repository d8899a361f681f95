"""The work tree follows a commit, or takes a change alone; a user's edits are never touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pygit2
from pygit2.enums import CheckoutStrategy, FileStatus

from agentos_action.errors import ConflictError
from agentos_action.records.patch import FileChange
from agentos_action.records.verdict import Finding

_WORK = FileStatus.WT_NEW | FileStatus.WT_MODIFIED | FileStatus.WT_DELETED | FileStatus.WT_TYPECHANGE
_WORK |= FileStatus.WT_RENAMED | FileStatus.WT_UNREADABLE | FileStatus.CONFLICTED | FileStatus.IGNORED


def require_clean(repo: pygit2.Repository, paths: Iterable[str]) -> None:
    """Raise ConflictError naming every path that has staged or unstaged edits, or where an untracked file stands."""
    dirty = [path for path in dict.fromkeys(paths) if _status(repo, path) != FileStatus.CURRENT]
    if dirty:
        raise _in_the_way(dirty)


def require_unlocked(repo: pygit2.Repository) -> None:
    """Raise ConflictError where another git holds the index, before anything is written."""
    lock = Path(repo.path, "index.lock")
    if lock.exists():
        hint = f"Wait for the other git; if none is running, remove {lock}."
        raise ConflictError("another git is changing the index", hint)


def _in_the_way(paths: list[str]) -> ConflictError:
    listed = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")  # noqa: PLR2004
    return ConflictError(
        f"your own changes are in the way: {listed}", "Commit or stash them, or give --branch NAME to leave them alone."
    )


def _status(repo: pygit2.Repository, path: str) -> FileStatus:
    parents = (Path(repo.workdir, parent) for parent in list(Path(path).parents)[:-1])
    if any(os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()) for parent in parents):
        return FileStatus.WT_TYPECHANGE
    try:
        return FileStatus(repo.status_file(path))
    except KeyError:
        # Neither in HEAD, nor in the index, nor a file in the work tree; a folder or link may stand there.
        return FileStatus.WT_NEW if os.path.lexists(Path(repo.workdir, path)) else FileStatus.CURRENT


def follow(repo: pygit2.Repository, tree: pygit2.Oid, contents: Mapping[str, bytes | None]) -> tuple[Finding, ...]:
    """Bring index and work tree of the touched paths to the new commit; returns a warning for what was left alone.

    A file that was saved in the moment between the check and now is left as the user saved it. The commit is made
    by now, so a work tree that cannot be written is a warning that says how to bring it up to date.
    """
    try:
        return _follow(repo, tree, contents)
    except (pygit2.GitError, OSError) as error:
        said = f"the commit was made, but the work tree could not follow: {error}"
        hint = "Bring it up to date: git checkout HEAD -- " + " ".join(contents)
        return (Finding(id="worktree.behind", severity="warning", message=said, hint=hint),)


def _follow(repo: pygit2.Repository, tree: pygit2.Oid, contents: Mapping[str, bytes | None]) -> tuple[Finding, ...]:
    left = [path for path in contents if _status_now(repo, path) & _WORK]
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


def _status_now(repo: pygit2.Repository, path: str) -> FileStatus:
    # The branch has moved already, so the index differs from HEAD by our own change; only the work tree's side counts.
    try:
        return FileStatus(repo.status_file(path))
    except KeyError:
        return FileStatus.CURRENT


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

    All files are compared with what was judged before the first is written; raises ConflictError where one differs.
    """
    planned: list[tuple[Path, bytes]] = []
    for change in changes:
        if change.old is None or change.new is None or change.old_path != change.new_path:
            raise ConflictError(f"{change.path!r}: only changes of existing files are left in the work tree", "")
        target = workdir / change.path
        current = target.read_bytes() if target.is_file() and not target.is_symlink() else None
        if current == change.old.content:
            planned.append((target, change.new.content))
        elif current is not None and current == _crlf(change.old.content):
            planned.append((target, _crlf(change.new.content)))
        else:
            raise _in_the_way([change.path])
    for target, content in planned:
        _replace(target, content)
    return tuple(str(target.relative_to(workdir)) for target, _ in planned)


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _replace(target: Path, content: bytes) -> None:
    mode = target.stat().st_mode & 0o7777
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
