"""The power boundary, measured: a fingerprint of the repository before and after the tool ran.

And the evidence being written, which no fingerprint can hold still: its files are kept, and put back.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agentos_action.errors import EvidenceError
from agentos_action.executor import temporary

Area: TypeAlias = Literal["HEAD", "refs", "config", "hooks", "index", "files"]

_INDEX_TAIL = 20
#: A file larger than this is known by its times in a full fingerprint, not by its bytes.
_LARGE = 16 * 1024 * 1024
_REFS = ("packed-refs", "refs")
_AREAS: dict[str, Area] = {"index": "index", "hooks": "hooks", **dict.fromkeys((*_REFS, "logs"), "refs")}
_CONFIG = ("config", "config.worktree", "info/attributes", "info/exclude", "info/grafts", "shallow")


#: The files and folders below one, by name; None stands for a folder.
Contents: TypeAlias = dict[str, bytes | None]


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


def fingerprint(  # noqa: PLR0913 - a repository's three places, and how closely to look
    git_dir: Path,
    common_dir: Path,
    workdir: Path | None,
    files: Iterable[str],
    *,
    full: bool = False,
    ours: Path | None = None,
) -> Fingerprint:
    """Fingerprint a repository: HEAD, refs, config, hooks, the index, and these files' bytes.

    Its cost grows with the refs and the files named, not with the repository: the index is known by its size, time
    and checksum. `full` also takes every file, folder and link of the work tree and of the repository's own folders
    (for a tool that runs as a program), objects by name and size, what is `ours` aside: the evidence being written.
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
        _add_all(entries, git_dir, common_dir, workdir, ours)
    return Fingerprint(entries)


def contents(folder: Path) -> Contents:
    """Return all of a small folder of ours; what is too large, or neither file nor folder, is only described."""
    found = {".": _content(folder)}
    if found["."] is None:
        found |= {_name(place.relative_to(folder)): _content(place) for place in _everything(folder, ())}
    return found


def put_back(folder: Path, wanted: Mapping[str, bytes | None]) -> tuple[Change, ...]:
    """Give a folder of ours these contents again where it has others; return what was altered.

    Raises EvidenceError where that cannot be done.
    """
    there = contents(folder)
    altered = sorted(
        name
        for name in there.keys() | wanted.keys()
        if name not in there or name not in wanted or there[name] != wanted[name]
    )
    if not altered:
        return ()
    try:
        if folder.is_dir() and not folder.is_symlink():
            temporary.remove(folder)
        folder.unlink(missing_ok=True)
        for name, content in sorted(wanted.items()):
            if content is None:
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            else:
                (folder / name).write_bytes(content)
    except OSError as error:
        message = f"the evidence was altered while the tool ran, and cannot be put back: {error.strerror}"
        raise EvidenceError(message, "Give another folder with --evidence DIR.") from error
    return tuple(Change("files", f"evidence: {name}") for name in altered)


def _content(place: Path) -> bytes | None:
    try:
        found = place.lstat()
        if stat.S_ISDIR(found.st_mode):
            return None
        if stat.S_ISREG(found.st_mode) and found.st_size <= _LARGE:
            return place.read_bytes()
    except OSError as error:
        return f"\0{error.strerror}".encode()
    return f"\0{found.st_mode:o} {found.st_size}".encode()


def _add_all(
    entries: dict[tuple[Area, str], str], git_dir: Path, common_dir: Path, workdir: Path | None, ours: Path | None
) -> None:
    own = {ours.resolve()} if ours else set()
    for top in dict.fromkeys((git_dir, common_dir)):
        for place in _everything(top, own | {top / "objects"}):
            relative = place.relative_to(top)
            name = _name(relative) if top == git_dir else f"common/{_name(relative)}"
            entries[_area(relative), name] = _described(place)
    for place in _everything(common_dir / "objects", own):
        # An object's name is its content; only `info` holds settings (other places to look for objects).
        held = "info" in place.relative_to(common_dir).parts
        entries["config", _name(place.relative_to(common_dir))] = _described(place) if held else _stat(place)
    if workdir is not None:
        for place in _everything(workdir, own | {workdir / ".git"}):
            entries["files", _name(place.relative_to(workdir))] = _described(place)
        entries["config", "work tree's .git"] = _described(workdir / ".git")


def _name(relative: Path) -> str:
    """Return a path as any JSON can carry it."""
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _area(relative: Path) -> Area:
    """Return what a place in a repository's own folder belongs to; `logs` tell of refs, the rest is settings."""
    return _AREAS.get(relative.parts[0]) or ("HEAD" if relative.name == "HEAD" else "config")


def _everything(top: Path, without: Iterable[Path]) -> Iterator[Path]:
    """Yield all that is below a folder, links to folders too, without following any."""
    left = frozenset(without)
    for folder, folders, names in os.walk(top):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in left]
        yield from (here / name for name in (*folders, *names) if here / name not in left)


def _described(place: Path) -> str:
    """Return mode, time and digest of a file or link, of a large file no digest; of anything else only its mode."""
    try:
        found = place.lstat()
    except FileNotFoundError:
        return "absent"
    if stat.S_ISREG(found.st_mode) and found.st_size > _LARGE:
        return f"{_stat(place)} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        return f"{found.st_mode:o}"
    try:
        return f"{_stat(place)} {_touched(found)} {_digest(place)}"
    except PermissionError:
        # Somebody else's file in our tree: who has only our rights cannot write it either.
        return f"{_stat(place)} {found.st_mtime_ns} {found.st_ctime_ns}"


def _touched(found: os.stat_result) -> str:
    """Return when a file was last touched: nobody can set that back, as the time of a write can be.

    Of a file with several names only the write counts: package managers link one file into many projects.
    """
    return f"{found.st_ctime_ns}" if found.st_nlink == 1 else f"linked {found.st_mtime_ns}"


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
