"""Answers that must be refused, every one: what they mean is not sure, or is not so in the base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.patches.corpus import Case, Edit
from benchmarks.patches.draft import Draft, begin, is_unique, loose, with_hunks
from benchmarks.patches.hunks import Hunk, Line

#: The case whose base may have been changed too, and the answer; None where the kind does not fit.
Negative = Callable[[Case, Random], tuple[Case, str] | None]
STRANGE = "the quick brown badger {} jumps over nothing that stands here"


def ambiguous(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Double the file; headers have no numbers or point midway between the two places."""
    edit = case.edits[0]
    old = edit.old or ""
    hunk = edit.hunks()[0]
    if not old.endswith("\n") or not hunk.olds() or hunk.lines[0].at == 0 or hunk.lines[-1].at == old.count("\n") - 1:
        return None
    doubled = replace(edit, old=old + old)
    midway = replace(hunk, old=hunk.old + (old.count("\n") // 2), new=1)
    draft = Draft(_only(case, doubled), ((midway,),), header=rng.choice(("dots", "bare", "numbers")))
    if old.count("\n") % 2 and draft.header == "numbers":
        return None
    return draft.case, draft.text()


def strange_context(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Take all context from another file."""
    draft = begin(case)
    lost = with_hunks(draft, lambda hunk, _: _strange(hunk, " ", rng))
    hunks = [hunk for own in draft.hunks for hunk in own]
    # More context than deleted lines: else a place could be told by these alone.
    enough = all(_context(hunk) > max(len(_minus(hunk)), 1) for hunk in hunks)
    return (case, lost.text()) if lost and enough else None


def strange_deletion(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Put a line that is not in the file for a deleted one, in one hunk among the others."""
    draft = begin(case)
    places = [(a, b) for a, hunks in enumerate(draft.hunks) for b, hunk in enumerate(hunks) if _minus(hunk)]
    if not places:
        return None
    a, b = rng.choice(places)
    hunk = draft.hunks[a][b]
    at = rng.choice(_minus(hunk))
    spoilt = (*hunk.lines[:at], Line("-", STRANGE.format(rng.random())), *hunk.lines[at + 1 :])
    return case, _with(draft, a, b, (replace(hunk, lines=spoilt),)).text()


def extra_deletion(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Delete a line besides that is not in the file."""
    draft = begin(case)
    hunk = draft.hunks[0][0]
    at = next((at for at, line in enumerate(hunk.lines) if line.sign != " "), 0)
    lines = (*hunk.lines[:at], Line("-", STRANGE.format(rng.random())), *hunk.lines[at:])
    return case, _with(draft, 0, 0, (replace(hunk, lines=lines),)).text()


def one_bad_hunk(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Put a hunk that has nothing to do with the file among good ones."""
    draft = begin(case)
    if len(draft.hunks[0]) < 2:  # noqa: PLR2004 - a bad one beside a good one
        return None
    at = rng.randrange(len(draft.hunks[0]))
    bad = _strange(draft.hunks[0][at], " -", rng)
    return (case, _with(draft, 0, at, (bad,)).text()) if bad and len(bad.olds()) > 1 else None


def disagreeing(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Repeat a hunk that puts something else in the same place the second time."""
    draft = begin(case)
    at = rng.randrange(len(draft.hunks[0]))
    hunk = draft.hunks[0][at]
    if not _minus(hunk) or not any(line.sign == "+" and line.text.strip() for line in hunk.lines):
        return None
    other = [replace(line, text=f"{line.text} else") if line.sign == "+" else line for line in hunk.lines]
    return case, _with(draft, 0, at, (hunk, replace(hunk, lines=tuple(other)))).text()


def two_answers(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Write two fences with different diffs for one place."""
    found = disagreeing(case, rng)
    draft = begin(case)
    if found is None:
        return None
    other = with_hunks(draft, lambda hunk, _: _suffixed(hunk))
    return (case, f"```diff\n{draft.text()}```\nOr rather:\n```diff\n{other.text()}```\n") if other else None


def cut_in_fence(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Break off within a hunk, the fence never closed."""
    text = _cut(case, rng, whole_line=True)
    return (case, f"Here:\n\n```diff\n{text}") if text else None


def cut_raw(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Break off within a hunk, without any fence."""
    text = _cut(case, rng, whole_line=True)
    return (case, text) if text else None


def cut_in_line(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Break off within an added line."""
    text = _cut(case, rng, whole_line=False)
    return (case, text) if text else None


def _cut(case: Case, rng: Random, *, whole_line: bool) -> str | None:
    draft = begin(replace(case, edits=case.edits[:1]))
    hunk = draft.hunks[0][-1]
    changes = [at for at, line in enumerate(hunk.lines) if line.sign != " "]
    plus = [at for at in changes[:-1] if hunk.lines[at].sign == "+" and len(hunk.lines[at].text.strip()) > len("a = b")]
    if len(changes) < 2 or (not whole_line and not plus):  # noqa: PLR2004 - one change in, one lost
        return None
    stop = rng.choice(changes[1:]) if whole_line else rng.choice(plus) + 1
    if whole_line and all(line.sign == " " for line in hunk.lines[stop - 3 : stop]):
        # It looks complete: nothing tells it from a hunk with wrong counts.
        return None
    lines = "".join(f"{line.sign}{line.text}\n" for line in hunk.lines[:stop])
    head = draft.head(0) + "".join(draft.hunk(each) for each in draft.hunks[0][:-1])
    text = head + draft.hunk(hunk).partition("\n")[0] + "\n" + lines
    return text if whole_line else text.rstrip()[: -rng.randint(2, 4)]


def missing_file(case: Case, rng: Random) -> tuple[Case, str]:
    """Take the file, and any of its name, out of the base."""
    del rng
    gone = {edit.path for edit in case.edits}
    names = {path.rpartition("/")[2] for path in gone}
    kept = {path: text for path, text in case.base.items() if path.rpartition("/")[2] not in names}
    return replace(case, base=kept), begin(case).text()


def already_applied(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Let the base be already as the answer wants it."""
    del rng
    for edit in case.edits:
        after = {loose(line) for line in (edit.new or "").split("\n")}
        for hunk in edit.hunks():
            if not is_unique(hunk, edit) or all(loose(hunk.lines[at].text) in after for at in _minus(hunk)):
                return None
    return replace(case, base=case.expected()), begin(case).text()


def bare_addition(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Add lines without any context or number to a file that is not empty."""
    draft = begin(case)
    lines = tuple(line for line in draft.hunks[0][0].lines if line.sign == "+")
    if not lines:
        return None
    bare = Draft(_only(case, case.edits[0]), ((Hunk(1, 1, lines),),), header=rng.choice(("dots", "bare")))
    return case, bare.text()


def prose(case: Case, rng: Random) -> tuple[Case, str]:
    """Write no diff at all."""
    path = case.edits[0].path
    return case, rng.choice((
        f"I looked at `{path}`.\n\n- The first point is fine.\n- The second too.\n\nNothing needs to change.\n",
        f"To fix {path} you would have to replace the old call by the new one --- see the manual.\n",
        f"```python\nprint('an example that belongs to no file')\n```\nThat is how {path} could be used.\n",
        "",
    ))  # fmt: skip


def _only(case: Case, edit: Edit) -> Case:
    return replace(case, base=case.base | {edit.path: edit.old or ""}, edits=(edit,))


def _with(draft: Draft, index: int, at: int, hunks: tuple[Hunk, ...]) -> Draft:
    own = draft.hunks[index]
    changed = (*own[:at], *hunks, *own[at + 1 :])
    return replace(draft, hunks=(*draft.hunks[:index], changed, *draft.hunks[index + 1 :]))


def _strange(hunk: Hunk, signs: str, rng: Random) -> Hunk | None:
    if not any(line.sign in signs for line in hunk.lines):
        return None
    changed = (replace(each, text=STRANGE.format(rng.random())) if each.sign in signs else each for each in hunk.lines)
    return replace(hunk, lines=tuple(changed))


def _suffixed(hunk: Hunk) -> Hunk | None:
    lines = tuple(replace(line, text=f"{line.text} else") if line.sign == "+" else line for line in hunk.lines)
    return replace(hunk, lines=lines) if lines != hunk.lines else None


def _minus(hunk: Hunk) -> list[int]:
    return [at for at, line in enumerate(hunk.lines) if line.sign == "-" and line.text.strip()]


def _context(hunk: Hunk) -> int:
    return sum(line.sign == " " for line in hunk.lines)
