"""The power boundary, measured: a fingerprint of the repository before and after the tool ran."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Area: TypeAlias = Literal["HEAD", "refs", "config", "hooks", "index", "files"]

_INDEX_TAIL = 20
_REFS = ("packed-refs", "refs")
_CONFIG = ("config", "config.worktree", "info/attributes", "info/exclude", "info/grafts", "shallow")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was: which area of the repository, which path."""

    area: Area
    path: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Area and path → a digest or stat; two of them are compared."""

    entries: dict[tuple[Area, str], str]

    def changes_to(self, later: Fingerprint) -> tuple[Change, ...]:
        """Return everything that was added, removed or altered."""
        keys = self.entries.keys() | later.entries.keys()
        return tuple(Change(*key) for key in sorted(keys) if self.entries.get(key) != later.entries.get(key))


def fingerprint(
    git_dir: Path, common_dir: Path, workdir: Path | None, files: Iterable[str], *, full: bool = False
) -> Fingerprint:
    """Fingerprint a repository: HEAD, refs, config, hooks, the index, and these files' bytes.

    Its cost grows with the refs and the files named, not with the repository: the index is known by its size, time
    and checksum. `full` also takes every file of the work tree (for a tool that runs as a program).
    """
    entries: dict[tuple[Area, str], str] = {("HEAD", "HEAD"): _digest(git_dir / "HEAD")}
    entries["index", "index"] = _index(git_dir / "index")
    for name in _CONFIG:
        entries["config", name] = _digest(common_dir / name)
    for file in _walk(common_dir / "hooks"):
        entries["hooks", str(file.relative_to(common_dir))] = f"{_stat(file)} {_digest(file)}"
    for name in _REFS:
        for file in _walk(common_dir / name):
            entries["refs", str(file.relative_to(common_dir))] = _digest(file)
    if workdir is not None:
        for path in files:
            entries["files", path] = _digest(workdir / path)
        if full:
            for file in _walk(workdir):
                relative = file.relative_to(workdir)
                if relative.parts[0] != ".git":
                    entries.setdefault(("files", str(relative)), f"{_stat(file)} {_digest(file)}")
    return Fingerprint(entries)


def _walk(top: Path) -> Iterator[Path]:
    if not top.is_dir() or top.is_symlink():
        yield top
        return
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            if not name.endswith(".lock"):
                yield Path(folder, name)


def _stat(file: Path) -> str:
    try:
        found = file.lstat()
    except FileNotFoundError:
        return "absent"
    return f"{found.st_mode:o} {found.st_size}"


def _digest(file: Path) -> str:
    try:
        if file.is_symlink():
            return f"link {file.readlink()}"
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return "absent"


def _index(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - _INDEX_TAIL))
            return f"{size} {handle.read().hex()}"
    except FileNotFoundError:
        return "absent"
