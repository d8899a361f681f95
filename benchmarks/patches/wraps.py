"""What stands around a diff: prose, fences of several kinds, tags, escapes, other line ends."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.patches.draft import Draft

BEFORE = (
    "Here is the change you asked for. It keeps the behaviour and only touches what is needed:\n\n",
    "Sure!\n\n1. First I looked at the file.\n2. Then I changed it.\n\n",
    "## Summary\n\n- one thing fixed -- see below\n+ one thing added\n\n",
)
AFTER = (
    "\n\nLet me know if you want tests for this as well.\n",
    "\nThe change is small:\n\n- the old line is gone\n- the new line is there\n",
    "\n---\n\nThis should do it.\n",
)


def prose_around_raw(draft: Draft, rng: Random) -> Draft:
    """Put prose before and after a diff without any fence."""
    before, after = rng.choice(BEFORE), rng.choice(AFTER[:1])
    return replace(draft, wrap=lambda parts: before + "".join(parts) + after)


def fenced(language: str, fence: str = "```") -> Callable[[Draft, Random], Draft | None]:
    """Return the damage that puts prose around one fence with this language."""

    def damage(draft: Draft, rng: Random) -> Draft | None:
        before, after = rng.choice(BEFORE), rng.choice(AFTER)
        if _holds_fence(draft):
            return None
        return replace(draft, wrap=lambda parts: f"{before}{fence}{language}\n{''.join(parts)}{fence}\n{after}")

    return damage


def indented_fence(draft: Draft, rng: Random) -> Draft | None:
    """Put the fence into a list, it and all that is in it some blanks deep."""
    if _holds_fence(draft):
        return None
    indent = " " * rng.choice((2, 3, 4))

    def wrap(parts: list[str]) -> str:
        body = re.sub("^", indent, "```diff\n" + "".join(parts).removesuffix("\n") + "\n```", flags=re.MULTILINE)
        return f"Steps:\n\n- apply this:\n\n{body}\n\n- run the tests\n"

    return replace(draft, wrap=wrap)


def tagged(draft: Draft, rng: Random) -> Draft:
    """Put the diff into a tag."""
    tag = rng.choice(("patch", "diff", "answer"))
    return replace(draft, wrap=lambda parts: f"<{tag}>\n{''.join(parts)}</{tag}>\n")


def fence_per_file(draft: Draft, rng: Random) -> Draft | None:
    """Give every file its own fence with its name above."""
    del rng
    if len(draft.hunks) == 1 or _holds_fence(draft):
        return None
    names = [edit.path for edit in draft.case.edits]

    def wrap(parts: list[str]) -> str:
        pairs = zip(names, parts, strict=True)
        return "\n".join(f"`{name}`:\n\n```diff\n{part}```\n" for name, part in pairs)

    return replace(draft, wrap=wrap)


def fence_per_hunk(draft: Draft, rng: Random) -> Draft | None:
    """Give every hunk its own fence, its file's header repeated."""
    del rng
    if sum(len(hunks) for hunks in draft.hunks) == 1 or _holds_fence(draft):
        return None

    def wrap(parts: list[str]) -> str:
        del parts
        pairs = [(index, hunk) for index, hunks in enumerate(draft.hunks) for hunk in hunks]
        return "Then:\n".join(f"```diff\n{draft.head(index)}{draft.hunk(hunk)}```\n" for index, hunk in pairs)

    return replace(draft, wrap=wrap)


def given_twice(draft: Draft, rng: Random) -> Draft | None:
    """Repeat the whole diff, word for word, each time in a fence."""
    del rng
    if _holds_fence(draft):
        return None
    return replace(draft, wrap=lambda parts: "Again in full:\n".join([f"```diff\n{''.join(parts)}```\n"] * 2))


def escaped(draft: Draft, rng: Random) -> Draft | None:
    """Escape the answer for HTML; only where neither it nor a base file holds such an escape itself."""
    text = "".join([*draft.case.base.values(), draft.text()])
    # Without an old line that shows it, an added one may well mean its escape.
    shown = all(any(re.search("[<>&]", line.text) for each in own for line in each.olds()) for own in draft.hunks)
    if re.search("&(?:amp|lt|gt|quot|#)", text) or not shown:
        return None
    quotes = rng.random() < 1 / 4
    return replace(draft, wrap=lambda parts: html.escape("".join(parts), quote=quotes))


def crlf_answer(draft: Draft, rng: Random) -> Draft | None:
    """Let the answer's lines end in CR LF where the files' end in LF."""
    del rng
    if "\r" in draft.text():
        return None
    return replace(draft, wrap=lambda parts: "".join(parts).replace("\n", "\r\n"))


def no_last_newline(draft: Draft, rng: Random) -> Draft | None:
    """Leave the line feed off the answer's last line."""
    del rng
    if "\r" in draft.text():
        return None
    return replace(draft, wrap=lambda parts: "".join(parts).removesuffix("\n"))


def _holds_fence(draft: Draft) -> bool:
    lines = (line.text for hunks in draft.hunks for hunk in hunks for line in hunk.lines)
    return any(line.lstrip().startswith(("```", "~~~")) for line in lines)
