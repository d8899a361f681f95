"""A patch as values: the bytes of named files before and after, and the canonical diff as parsed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

MODE_FILE = 0o100644
MODE_EXEC = 0o100755
MODE_LINK = 0o120000
MODE_GITLINK = 0o160000

ChangeKind: TypeAlias = Literal["create", "modify", "delete", "rename"]

#: How much had to be guessed to find a place, from nothing on.
Rung: TypeAlias = Literal["exact", "blanks", "indent", "lookalikes", "trimmed", "similar"]
RUNGS: tuple[Rung, ...] = get_args(Rung)


@dataclass(frozen=True, slots=True)
class FileVersion:
    """The bytes and the git mode of a file in a tree."""

    content: bytes
    mode: int = MODE_FILE


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; `old` is None for a new file, `new` for a deleted one; paths differ on a rename."""

    old_path: str | None
    new_path: str | None
    old: FileVersion | None
    new: FileVersion | None

    @property
    def path(self) -> str:
        """The name the change is spoken of by: the new one, the old one for a deletion."""
        return self.new_path or self.old_path or ""

    @property
    def kind(self) -> ChangeKind:
        """What happens to the file."""
        if self.old is None:
            return "create"
        if self.new is None:
            return "delete"
        return "modify" if self.old_path == self.new_path else "rename"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one hunk (from 1, in its file) was put: the base file's first line it covers (from 1), and the rung."""

    path: str
    hunk: int
    line: int
    rung: Rung


def highest(placements: Iterable[Placed]) -> Rung | None:
    """Return the rung that guesses most of those used, None where nothing had to be placed."""
    return max((placed.rung for placed in placements), key=RUNGS.index, default=None)


def guessed(placements: Iterable[Placed]) -> tuple[Placed, ...]:
    """Return the placements that are not exact."""
    return tuple(placed for placed in placements if placed.rung != RUNGS[0])


def told(placements: Iterable[Placed]) -> tuple[Placed, ...]:
    """Return placements under paths that any JSON can carry: bytes that are not UTF-8 are replaced."""
    return tuple(
        Placed(placed.path.encode("utf-8", "replace").decode(), placed.hunk, placed.line, placed.rung)
        for placed in placements
    )


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One changed line of the parsed diff; `number` counts from 1 in the file it belongs to (new for added)."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class DiffFile:
    """One section of the canonical diff as unidiff and the header reader saw it; `names` is every name it carries."""

    old_path: str | None
    new_path: str | None
    names: tuple[str, ...]
    kind: ChangeKind
    old_mode: int | None
    new_mode: int | None
    binary: bool
    hunks: int
    added: tuple[DiffLine, ...]
    removed: tuple[DiffLine, ...]

    @property
    def path(self) -> str:
        """The name the section is spoken of by."""
        return self.new_path or self.old_path or ""


@dataclass(frozen=True, slots=True)
class Patch:
    """The one canonical diff: its text, its sha256 (hex), the changes it stands for and how it parses."""

    text: str
    sha256: str
    changes: tuple[FileChange, ...]
    files: tuple[DiffFile, ...]
