"""What every edit format is read into: sections of named files, with hunks of signed lines."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Hunk:
    """One hunk: `lines` are (sign, text without line end), the sign one of blank, `-`, `+`.

    Its header claims to `start` at an old line (from 1) and to have so many (`claims`); both are 0 where it does not
    say, `from_nothing` where it counts none. `heading` is the text said to stand above it, `at_end` that it ends the
    file. `counted` says that it has just the lines its header counts, `short` that it has fewer, `cut` that the answer
    ends there as well, `open` that the answer ends in the midst of its last line. `line` is where it stands in the
    answer (from 1). Of `lines`, `crs` carry a carriage return (None: the answer does not speak of line ends) and
    `unsigned` have lost their sign.
    """

    lines: list[tuple[str, str]] = field(default_factory=list)
    start: int = 0
    heading: str = ""
    old_unterminated: bool = False
    new_unterminated: bool = False
    at_end: bool = False
    claims: int = 0
    from_nothing: bool = False
    counted: bool = False
    short: bool = False
    cut: bool = False
    open: bool = False
    line: int = 0
    crs: frozenset[int] | None = None
    unsigned: frozenset[int] = frozenset()

    @property
    def old(self) -> list[str]:
        """The lines the hunk expects in the file."""
        return [text for sign, text in self.lines if sign != "+"]

    @property
    def new(self) -> list[str]:
        """The lines the hunk leaves in the file."""
        return [text for sign, text in self.lines if sign != "-"]


@dataclass(slots=True)
class Section:
    """What is to happen to one file; None stands for "no file" on that side.

    `content` is the whole new text where a format gives it; `explicit_delete` says that the format has a word for
    deleting, so that no line of the file need be shown; `copy` that the old file stays, `renames` that it gets
    another name, `named` that the answer names it; `line` where it stands in the
    answer (from 1); `as_written` are the two names of a diff with whatever prefix they carry. `mode` is the git mode
    that the file is to have, None for the one it has (a plain file where it is new).
    """

    old_path: str | None
    new_path: str | None
    hunks: list[Hunk] = field(default_factory=list)
    content: str | None = None
    explicit_delete: bool = False
    copy: bool = False
    renames: bool = False
    named: bool = True
    line: int = 0
    as_written: tuple[str, str] | None = None
    mode: int | None = None


@dataclass(slots=True)
class Reading:
    """What one format's reader found: sections, and the answer's lines it used up (from, to; counted from 0)."""

    sections: list[Section] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
