"""Every trial of a run: so many of each kind, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from random import Random
from typing import TypeAlias

from benchmarks.patches import corpus, damage, formats, markdown, mismatches, negatives, operations
from benchmarks.patches.corpus import Case
from benchmarks.patches.draft import begin
from benchmarks.patches.negatives import Negative
from benchmarks.patches.trial import Trial, holds_diff

Maker: TypeAlias = Callable[[list[Case], Random], Iterator[Trial]]

NEGATIVES: dict[str, Negative] = {
    "ambiguous": negatives.ambiguous,
    "strange-context": negatives.strange_context,
    "strange-deletion": negatives.strange_deletion,
    "extra-deletion": negatives.extra_deletion,
    "one-bad-hunk": negatives.one_bad_hunk,
    "disagreeing": negatives.disagreeing,
    "two-answers": negatives.two_answers,
    "cut-in-fence": negatives.cut_in_fence,
    "cut-raw": negatives.cut_raw,
    "cut-in-line": negatives.cut_in_line,
    "cut-envelope": mismatches.cut_envelope,
    "missing-file": negatives.missing_file,
    "already-applied": negatives.already_applied,
    "bare-addition": negatives.bare_addition,
    "prose": negatives.prose,
    "create-existing": mismatches.create_existing,
    "delete-mismatch": mismatches.delete_mismatch,
    "delete-missing": mismatches.delete_missing,
    "rename-onto": mismatches.rename_onto,
    "search-absent": mismatches.search_absent,
    "search-twice": mismatches.search_twice,
    "elided-whole": mismatches.elided_whole,
}


def _refused(kind: str, cases: list[Case], rng: Random) -> Iterator[Trial]:
    for case in cases:
        made = NEGATIVES[kind](case, rng)
        if made is not None:
            yield Trial(kind, *made, expected=None, is_diff=holds_diff(made[1]))


def _formed(kind: str, cases: list[Case], rng: Random) -> Iterator[Trial]:
    """Yield answers in another format; a kind `codex+dedented` has its lines damaged too."""
    form, _, spoilt = kind.partition("+")
    for case in cases:
        draft = damage.SINGLE[spoilt or "whole"](begin(case), rng)
        text = formats.FORMS[form](draft, rng) if draft else None
        if text is not None:
            yield Trial(kind, case, text, case.expected(), is_diff=False)


_SPOILT = ("typo", "trailing-added", "curly-punctuation", "dedented", "indented", "trimmed", "left-out", "lf-for-crlf")
FORMED = (*formats.FORMS, *(f"{form}+{name}" for form in formats.LENIENT for name in _SPOILT))
KINDS: dict[str, Maker] = {
    **{kind: partial(damage.single, kind) for kind in damage.SINGLE},
    **{f"combined-{count}": partial(damage.combined, count) for count in (2, 3)},
    "markdown-fence": markdown.trials,
    **{kind: partial(operations.trials, kind) for kind in operations.KINDS},
    **{kind: partial(_formed, kind) for kind in FORMED},
    **{kind: partial(_refused, kind) for kind in NEGATIVES},
}
#: Kinds of which there are more trials than of the others.
OFTEN = {"whole": 5, "combined-2": 8, "combined-3": 8}


def load(seed: int, count: int, each: int, kinds: list[str] | None) -> Iterator[Trial]:
    """Yield the trials of all kinds, or of the kinds named, at most `each` of a kind (some kinds: more)."""
    cases = corpus.load(seed, count)
    for kind, maker in KINDS.items():
        if not kinds or kind in kinds:
            # Every kind has its own noise: leaving one out changes no other.
            rng = Random(f"{seed} {kind}")  # noqa: S311
            yield from islice(maker(rng.sample(cases, len(cases)), rng), each * OFTEN.get(kind, 1))
