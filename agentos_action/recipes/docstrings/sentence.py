"""What a usable sentence is, and how an answer is trimmed to one."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from agentos_action.recipes.docstrings.examples import LEAKS
from agentos_action.recipes.docstrings.inflect import article, singular

MAX_COLUMNS = 88
MIN_WORDS = 3
# A stutter is a pair of words of this length in all, or a word of this length, that comes again (and again).
_PAIR_LETTERS = 7
_WORD_LETTERS = 4
_OFTEN = 3

_PLAIN = re.compile(r"[A-Z][A-Za-z0-9 ,'()/+%-]*[A-Za-z0-9)%]\.")
# Tails that say how instead of what, or state the obvious half of a condition; small models invent them.
_TAIL = re.compile(
    r"(?:,? and|,? or|,)? (?:return )?(?:False|false) otherwise.*|,? otherwise (?:return )?False.*"
    r"|,? and False if .*|,? using .*|,? by \w+ing .*|, where .*|,? which is .*|,? and returns? .*",
)
_DANGLING = re.compile(
    r"(?:[ ,]+(?:a|an|the|of|to|in|on|at|by|for|from|with|and|or|if|is|are|as|that|which|its|their|than|into"
    r"|specified|given|not|be|using|when|where|each|every|between|without))+$"
)
_BARE_CONDITION = re.compile(r"Return True if (?:\S+|(?:the|an?) \S+)\.")
_CLAUSE = re.compile(r",? (?:and|with|of|to|in|from|by|for|if|that|which|as|on|at|into|when)(?= )|,")
_LAST_PART = re.compile(r" (?:of|in|from|with|at|on|for) (?:(?:the|all|each|every|its|a|an) )*(\w+)$")
_UNFOUNDED = LEAKS | frozenset(
    "json csv xml yaml toml html pdf sql http python built-in built-ins numpy pandas unicode ascii utf-8".split()
)


def is_sentence(text: str, letters: frozenset[str] = frozenset()) -> bool:
    """Tell whether the text is one plain line: capital first, one full stop, at its end, and no longer than a line.

    Beyond ASCII it has none but these letters.
    """
    plain = "".join("A" if each in letters and each.istitle() else "a" if each in letters else each for each in text)
    fits = _PLAIN.fullmatch(plain) is not None and len(text) <= MAX_COLUMNS
    return fits and "  " not in text and len(text.split()) >= MIN_WORDS and not _repeats(text)


def tidy(answer: str, limit: int, code: str = "", letters: frozenset[str] = frozenset()) -> str | None:
    """Return the answer's first sentence, at most `limit` characters, without what the code does not bear out.

    Beyond ASCII it may have these letters.

    An answer without full stop was cut off, so it may end in the middle of a word.
    """
    text = " ".join(unicodedata.normalize("NFC", answer).replace("`", "").replace('"', "").split())
    text = re.sub(r"^(?:docstring|answer|description)\s*:\s*", "", text, flags=re.IGNORECASE)
    found = re.match(r"(.+?)(?:\.(?=\s|$)|$)", text)
    if found is None:
        return None
    said = _cut(found[1].rstrip(" .,;:!"), _TAIL)
    ended = len(found[0]) > len(found[1]) or said != found[1]
    whole = ended and len(said) < limit and not _repeats(said)
    if not whole:
        said = _shorten(said, limit - 1)
    said = _with_articles(_without_echo(_DANGLING.sub("", _supported(said, code))))
    sentence = f"{said[:1].upper()}{said[1:]}."
    usable = is_sentence(sentence, letters) and len(sentence) <= limit and not _BARE_CONDITION.fullmatch(sentence)
    return sentence if usable else None


def _with_articles(said: str) -> str:
    """Return the sentence with `a` and `an` as the next word wants them."""
    return re.sub(r"\b(?:a|an) (?=(?!and\b|or\b)([a-z]{2,}))", lambda found: f"{article(found[1])} ", said)


def _without_echo(said: str) -> str:
    """Leave out a last part that only says a word again: `the blank lines in the lines`."""
    found = _LAST_PART.search(said)
    if found is None:
        return said
    before = said[: found.start()]
    known = {singular(word) for word in before.lower().split()}
    return before if singular(found[1].lower()) in known and len(before.split()) >= MIN_WORDS else said


def _supported(said: str, code: str) -> str:
    """Leave out file formats and words of the worked examples that the code never mentions."""
    known = code.lower()
    kept: list[str] = []
    for word in said.split():
        bare = word.strip(",").lower()
        if bare in _UNFOUNDED and bare not in known:
            if kept and kept[-1] == "an":
                kept[-1] = "a"
            continue
        kept.append(word)
    return " ".join(kept)


def _cut(said: str, tail: re.Pattern[str]) -> str:
    found = tail.search(said)
    return said[: found.start()] if found and len(said[: found.start()].split()) >= MIN_WORDS else said


def _shorten(said: str, limit: int) -> str:
    """Cut at the last clause that still leaves a whole statement of `limit` characters without repetition."""
    for found in reversed(list(_CLAUSE.finditer(said))):
        kept = said[: found.start()]
        if len(kept) <= limit and len(kept.split()) >= MIN_WORDS and not _repeats(kept):
            return kept
    return ""


def _repeats(text: str) -> bool:
    """Tell whether a pair of words, or one word three times, comes again: a small model's stutter."""
    said = re.findall(r"[a-z0-9\x80-\U0010ffff-]+", text.lower())
    pairs = [pair for pair in pairwise(said) if len(pair[0]) + len(pair[1]) >= _PAIR_LETTERS]
    often = any(said.count(word) >= _OFTEN for word in said if len(word) >= _WORD_LETTERS)
    return often or len(pairs) != len(set(pairs)) or any(a == b for a, b in pairwise(said))
