"""A read-only view of a repository: commits, the trees they hold, the index (pygit2, reading)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from agentos_action.errors import UsageError
from agentos_action.records.base import MODE_TREE, is_of_bytes, is_utf8
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, FileChange, FileVersion

if TYPE_CHECKING:
    from agentos_action.records.receipt import CommitFacts

#: libgit2 reads neither a split nor a sparse index.
INDEX_HINT = "Try: git update-index --no-split-index; git sparse-checkout reapply --no-sparse-index"

_bytes = methodcaller("encode", "utf-8", "surrogateescape")
_MODES = frozenset({MODE_FILE, MODE_EXEC, MODE_LINK, MODE_GITLINK, MODE_TREE})


class _Index(pygit2.Index):
    def __del__(self) -> None:
        if hasattr(self, "_index"):  # pygit2 does not ask: an index that could not be opened would complain once more
            super().__del__()


class RepoView:
    """One repository, opened for reading."""

    def __init__(self, raw: pygit2.Repository) -> None:
        self.raw = raw

    @classmethod
    def open(cls, path: Path) -> RepoView:
        """Open the repository that holds `path`; raises UsageError where there is none or it cannot be read."""
        # libgit2 is asked not to look at the environment: a hook exports GIT_DIR and GIT_INDEX_FILE of another command.
        try:
            return cls(pygit2.Repository(str(path)))
        except pygit2.GitError as error:
            if "not found" in str(error):
                hint = "Go to one, or name one with --repo."
                raise UsageError(f"{path} is not inside a git repository", hint) from error
            raise UsageError(f"{path}: cannot open the repository: {error}", _unopened(error)) from error

    @property
    def place(self) -> Path:
        """Where the repository is opened: its work tree, or its own folder where it is bare."""
        return self.workdir or self.git_dir

    @property
    def git_dir(self) -> Path:
        """The repository's own folder (of this worktree)."""
        return Path(self.raw.path)

    @property
    def common_dir(self) -> Path:
        """The folder that worktrees share: refs, config, hooks."""
        return common_folder(self.git_dir)

    @property
    def workdir(self) -> Path | None:
        """The top of the work tree; None in a bare repository."""
        return Path(self.raw.workdir) if self.raw.workdir else None

    def require_workdir(self) -> Path:
        """Return the top of the work tree; raises UsageError in a bare repository."""
        if self.workdir is None:
            raise UsageError(
                "this repository is bare, so it has no work tree",
                "Take a clone with a work tree; a run can also commit with --branch NAME.",
            )
        return self.workdir

    def commit_of(self, rev: str) -> str:
        """Return the full id of the commit that `rev` names; raises UsageError where it names none."""
        if self.raw.is_empty and not list(self.raw.references):
            hint = "Make a first commit: git commit --allow-empty -m start"
            raise UsageError("the repository has no commit yet", hint)
        try:
            found = self.raw.revparse_single(rev)
            return str(found.peel(pygit2.Commit).id)
        except (pygit2.GitError, KeyError, ValueError) as error:
            if rev == "HEAD" and self.raw.head_is_unborn:
                hint = "Make a first commit: git commit --allow-empty -m start"
                raise UsageError("the checked-out branch has no commit yet", hint) from error
            hint = "Give a branch, tag or commit id; see `git log`."
            raise UsageError(f"{rev!r} names no commit here", hint) from error

    def snapshot(self, commit: str) -> TreeSnapshot:
        """Return the files of a commit."""
        return TreeSnapshot(self.raw, commit)

    @property
    def unborn(self) -> bool:
        """Whether the checked-out branch has no commit yet."""
        return bool(self.raw.head_is_unborn)

    def index_snapshot(self, index_file: Path | None = None) -> IndexSnapshot:
        """Return the files of the index, for hooks that judge what is staged; `index_file` as for `changes`."""
        return IndexSnapshot(self.raw, self.commit_of("HEAD"), self._index(index_file))

    def changes(self, old: str, new: str | None, *, index_file: Path | None = None) -> tuple[FileChange, ...]:
        """Return what differs between two commits, file by file; `new` None compares with the index.

        A submodule's content is its commit id, so that a change of it is seen. `index_file` names another index than
        the repository's own, as git's GIT_INDEX_FILE does (`git commit -a` and `git commit FILE` stage into one).
        """
        was = self.raw[old].peel(pygit2.Tree)
        diff = was.diff_to_tree(self.raw[new].peel(pygit2.Tree)) if new else was.diff_to_index(self._index(index_file))
        return tuple(self._change(delta) for delta in diff.deltas)

    def _index(self, file: Path | None) -> pygit2.Index:
        # git counts a relative name from the top of the work tree.
        place = (self.workdir or self.git_dir) / file if file else self.git_dir / "index"
        if file and not place.is_file():
            raise UsageError(f"GIT_INDEX_FILE names {place}, which is no file", "Unset it; another command set it.")
        try:
            # As a file of its own: `core.ignorecase` would have it sorted and searched without case.
            return _Index(str(place))
        except pygit2.GitError as error:
            raise UsageError(f"the index {place} cannot be read: {error}", INDEX_HINT) from error

    def _change(self, delta: pygit2.DiffDelta) -> FileChange:
        old, new = self._version_of(delta.old_file), self._version_of(delta.new_file)
        return FileChange(delta.old_file.path if old else None, delta.new_file.path if new else None, old, new)

    def _version_of(self, file: pygit2.DiffFile) -> FileVersion | None:
        mode: int = file.mode
        if mode not in _MODES:  # 0: nothing stands on this side
            return None
        if mode == MODE_GITLINK:
            return FileVersion(str(file.id).encode(), mode)
        return _version(self.raw, file.path, file.id, mode)

    def commit_facts(self, commit: str) -> CommitFacts | None:
        """Return a commit's message, tree and parents, None where there is no such commit."""
        from agentos_action.records.receipt import CommitFacts  # noqa: PLC0415 - a hook asks for none

        try:
            found = self.raw[commit].peel(pygit2.Commit)
        except (pygit2.GitError, KeyError, ValueError):
            return None
        return CommitFacts(str(found.message), str(found.tree_id), tuple(str(parent) for parent in found.parent_ids))


def _unopened(error: pygit2.GitError) -> str:
    if "not owned" in str(error):
        # A job in a container: the runner's user made the folder, and another one is in there.
        return "If you trust it: `git config --global --add safe.directory` and that path."
    return "Check it with `git status`."


def common_folder(git_dir: Path) -> Path:
    """Return the folder that a repository's work trees share."""
    link = git_dir / "commondir"
    return (git_dir / link.read_text().strip()).resolve() if link.is_file() else git_dir


def read_index(raw: pygit2.Repository) -> pygit2.Index:
    """Return the index as it is on the disk; raises UsageError for a form that libgit2 does not read."""
    try:
        index: pygit2.Index = raw.index
        index.read()
    except (pygit2.GitError, OSError) as error:
        raise UsageError(f"the index cannot be read: {error}", INDEX_HINT) from error
    return index


class TreeSnapshot:
    """The files of one commit."""

    def __init__(self, raw: pygit2.Repository, commit: str) -> None:
        self._raw = raw
        self._tree = raw[commit].peel(pygit2.Tree)
        self.id = commit

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path` (also of folders and submodules), None where there is nothing."""
        found = self._find(path)
        return int(found.filemode) if found is not None else None

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`; None for folders, submodules and what is not there."""
        found = self._find(path)
        return _version(self._raw, path, found.id, int(found.filemode)) if found is not None else None

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`, 0 where there is none."""
        version = self.read(path)
        return len(version.content) if version else 0

    def paths(self) -> Iterator[str]:
        """Yield the path of every regular file, in git's order; names that are not UTF-8 are passed over."""
        folders = [("", self._tree)]
        while folders:
            prefix, tree = folders.pop()
            below = []
            for entry in tree:
                name = str(entry.name)
                if not is_utf8(name):
                    continue
                if entry.filemode == MODE_TREE and isinstance(entry, pygit2.Tree):
                    below.append((f"{prefix}{name}/", entry))
                elif entry.filemode in {MODE_FILE, MODE_EXEC}:
                    yield prefix + name
            folders.extend(reversed(below))

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names of everything directly in `folder` (`""` is the root)."""
        tree = self._find(folder) if folder else self._tree
        return tuple(str(entry.name) for entry in tree) if isinstance(tree, pygit2.Tree) else ()

    def _find(self, path: str) -> pygit2.Object | None:
        if not _askable(path):
            return None
        try:
            return self._tree[path]
        except (KeyError, ValueError):
            return None  # a path through a file or a submodule, or one that no tree can hold


class IndexSnapshot:
    """The files of the index, on top of HEAD: what a hook is asked to judge."""

    def __init__(self, raw: pygit2.Repository, head: str, index: pygit2.Index) -> None:
        self._raw = raw
        self._index = index
        self.id = head

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path` (also of folders and submodules), None where there is nothing."""
        if _askable(path) and path in self._index:
            return int(self._index[path].mode)
        return MODE_TREE if path and next(self._below(path), None) is not None else None

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`; None for folders, submodules and what is not there."""
        entry = self._index[path] if _askable(path) and path in self._index else None
        return _version(self._raw, path, entry.id, int(entry.mode)) if entry else None

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`, 0 where there is none."""
        version = self.read(path)
        return len(version.content) if version else 0

    def paths(self) -> Iterator[str]:
        """Yield the path of every regular file, in git's order; names that are not UTF-8 are passed over."""
        for entry in self._index:
            if entry.mode in {MODE_FILE, MODE_EXEC} and is_utf8(entry.path):
                yield entry.path

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names of everything directly in `folder` (`""` is the root)."""
        return tuple(dict.fromkeys(self._below(folder)))

    def _below(self, folder: str) -> Iterator[str]:
        # Each name is searched for, in git's order, so that the rest of the index costs next to nothing.
        prefix = f"{folder}/" if folder else ""
        at = self._first(prefix) if _askable(folder) else len(self._index)
        while at < len(self._index) and (path := str(self._index[at].path)).startswith(prefix):
            name, slash, _ = path[len(prefix) :].partition("/")
            yield name
            at = self._first(f"{prefix}{name}0") if slash else at + 1  # "0" is the character after "/"

    def _first(self, path: str) -> int:
        return bisect_left(range(len(self._index)), _bytes(path), key=lambda at: _bytes(self._index[at].path))


def _askable(path: str) -> bool:
    """Return whether libgit2 can be asked: it stops at a NUL and finds another file, and half a character fails."""
    return "\0" not in path and is_of_bytes(path)


def _version(raw: pygit2.Repository, path: str, oid: pygit2.Oid, mode: int) -> FileVersion | None:
    if mode in {MODE_TREE, MODE_GITLINK}:
        return None
    blob = raw.get(oid)
    if not isinstance(blob, pygit2.Blob):
        hint = "Fetch it first: this is a shallow or partial clone."
        raise UsageError(f"{path}: its content is not in this repository", hint)
    return FileVersion(blob.data, mode)
