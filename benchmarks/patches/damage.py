"""The table of damages and how a case becomes an answer by one, or by two or three of different groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TypeAlias

from benchmarks.patches import lines, names, numbers, shapes, wraps
from benchmarks.patches.corpus import Case
from benchmarks.patches.draft import Draft, begin
from benchmarks.patches.trial import Trial

Damage: TypeAlias = Callable[[Draft, Random], Draft | None]


def _whole(draft: Draft, rng: Random) -> Draft:
    del rng
    return draft


#: Groups in the order in which damages of different groups are done to one draft.
GROUPS: dict[str, dict[str, Damage]] = {
    "shape": {
        "joined": shapes.joined,
        "split": shapes.split,
        "trimmed": shapes.trimmed,
        "left-out": shapes.left_out,
        "elided": shapes.elided,
        "hunk-twice": shapes.hunk_twice,
        "typo": shapes.mistyped,
    },
    "lines": {
        "trailing-added": lines.trailing_blanks,
        "trailing-stripped": lines.trailing_stripped,
        "plain-punctuation": lines.plain_punctuation,
        "curly-punctuation": lines.curly_punctuation,
        "dedented": lines.dedented,
        "indented": lines.indented,
        "tabs-to-spaces": lines.tabs_to_spaces,
        "empty-bare": lines.empty_bare,
        "sign-dropped": lines.sign_dropped,
        "marker-lost": lines.marker_lost,
        "lf-for-crlf": lines.lf_for_crlf,
    },
    "numbers": {
        "shifted": numbers.shifted,
        "shifted-each": numbers.shifted_each,
        "from-one": numbers.from_one,
        "wrong-counts": numbers.wrong_counts,
        "dots": numbers.dots,
        "bare": numbers.bare,
        "reordered": numbers.reordered,
    },
    "names": {
        "no-prefix": names.no_prefix,
        "dot-prefix": names.dot_prefix,
        "stamped": names.stamped,
        "no-git-line": names.no_git_line,
        "quoted": names.quoted,
        "unquoted": names.unquoted,
        "with-blank": names.with_blank,
    },
    "wrap": {
        "prose-raw": wraps.prose_around_raw,
        "fence-diff": wraps.fenced("diff"),
        "fence-patch": wraps.fenced("patch"),
        "fence-plain": wraps.fenced(""),
        "fence-tilde": wraps.fenced("diff", "~~~"),
        "fence-long": wraps.fenced("diff", "````"),
        "fence-indented": wraps.indented_fence,
        "tagged": wraps.tagged,
        "fence-per-file": wraps.fence_per_file,
        "fence-per-hunk": wraps.fence_per_hunk,
        "given-twice": wraps.given_twice,
        "html-escaped": wraps.escaped,
        "crlf-answer": wraps.crlf_answer,
        "no-last-newline": wraps.no_last_newline,
    },
}
SINGLE: dict[str, Damage] = {"whole": _whole} | {
    name: each for group in GROUPS.values() for name, each in group.items()
}


def single(kind: str, cases: list[Case], rng: Random) -> Iterator[Trial]:
    """Yield a trial of one damage for every case that it fits."""
    for case in cases:
        damaged = SINGLE[kind](begin(case), rng)
        if damaged is not None and damaged.is_sure():
            yield Trial(kind, damaged.case, damaged.text(), damaged.case.expected())


def combined(count: int, cases: list[Case], rng: Random) -> Iterator[Trial]:
    """Yield trials of so many damages of different groups, for every case that they fit."""
    for case in cases:
        draft = begin(case)
        for group in [name for name in GROUPS if name in set(rng.sample(sorted(GROUPS), count))]:
            damaged = _one_of(GROUPS[group], draft, rng)
            draft = draft if damaged is None else damaged
        if draft.is_sure():
            yield Trial(f"combined-{count}", draft.case, draft.text(), draft.case.expected())


def _one_of(group: dict[str, Damage], draft: Draft, rng: Random) -> Draft | None:
    for name in rng.sample(sorted(group), len(group)):
        damaged = group[name](draft, rng)
        if damaged is not None:
            return damaged
    return None
