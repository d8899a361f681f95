"""Pairs (before, after) from released packages: a seeded, even sample over file kinds, some with other line habits."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from benchmarks.patches import archives
from benchmarks.patches.hunks import Hunk, hunks

MAX_BYTES = 200_000
MAX_HUNKS = 8
NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """One file before and after; `old` is None for a new file, `new` for a deleted one."""

    old_path: str
    path: str
    old: str | None
    new: str | None

    def hunks(self, context: int = 3) -> tuple[Hunk, ...]:
        """Return the true hunks with so many lines of context."""
        return hunks(self.old or "", self.new or "", context)


@dataclass(frozen=True, slots=True)
class Case:
    """Base files by path, and what is to happen to some of them."""

    id: str
    base: dict[str, str]
    edits: tuple[Edit, ...]

    def expected(self) -> dict[str, str]:
        """Return all files by path as they are to be afterwards."""
        after = dict(self.base)
        for edit in self.edits:
            after.pop(edit.old_path, None)
        return after | {edit.path: edit.new for edit in self.edits if edit.new is not None}


def load(seed: int, count: int) -> list[Case]:
    """Return so many cases, the same for the same seed; one file each but for one in eight."""
    # Seeded noise, not cryptography; the same for every such line in this folder.
    rng = random.Random(seed)  # noqa: S311
    pools = _pools(rng)
    cases: list[Case] = []
    while pools and len(cases) < count:
        for kind in sorted(pools):
            take = 1 if rng.random() > 1 / 8 else rng.randint(2, 3)
            taken = [pools[kind].pop() for _ in range(min(take, len(pools[kind])))]
            if taken:
                cases.append(_case(f"{len(cases):04}", taken, rng))
            else:
                del pools[kind]
    return cases[:count]


def _pools(rng: random.Random) -> dict[str, list[tuple[Edit, dict[str, str]]]]:
    """Return edits with some unchanged files of their package, by file kind, shuffled."""
    pools: dict[str, list[tuple[Edit, dict[str, str]]]] = defaultdict(list)
    for package in archives.PACKAGES:
        old, new = archives.files(package, package.old), archives.files(package, package.new)
        texts = {path: text for path, content in sorted(old.items()) if (text := _text(content)) is not None}
        names = sorted(texts)
        for path, before in texts.items():
            after = _text(new.get(path, b"\0"))
            if after is None or before == after or not 1 <= len(hunks(before, after)) <= MAX_HUNKS:
                continue
            near = {name: texts[name] for name in rng.sample(names, min(NEIGHBOURS, len(names))) if name != path}
            pools[PurePosixPath(path).suffix or "none"].append((Edit(path, path, before, after), near))
    for kind in sorted(pools):
        rng.shuffle(pools[kind])
    return dict(pools)


def _text(content: bytes) -> str | None:
    if not content or len(content) > MAX_BYTES or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _case(name: str, taken: list[tuple[Edit, dict[str, str]]], rng: random.Random) -> Case:
    habit = next(_habits(rng))
    edits = tuple({edit.path: _with_habit(edit, habit) for edit, _ in taken}.values())
    near = {path: text for _, files in taken for path, text in files.items()}
    return Case(name, near | {edit.path: edit.old or "" for edit in edits}, edits)


def _habits(rng: random.Random) -> Iterator[str]:
    while True:
        yield rng.choices(("own", "crlf", "no-end", "tabs"), (80, 8, 6, 6))[0]


def _with_habit(edit: Edit, habit: str) -> Edit:
    """Give both sides another habit of line ends or indents; the edit itself stays."""
    if edit.old is None or edit.new is None or "\r" in edit.old + edit.new:
        return edit
    sides = [_habitual(text, habit) for text in (edit.old, edit.new)]
    return edit if sides[0] == sides[1] else replace(edit, old=sides[0], new=sides[1])


def _habitual(text: str, habit: str) -> str:
    if habit == "crlf":
        return text.replace("\n", "\r\n")
    if habit == "no-end":
        return text.rstrip("\n")
    if habit == "tabs":
        return re.sub(r"^(?: {4})+", lambda found: "\t" * (len(found[0]) // 4), text, flags=re.MULTILINE)
    return text
