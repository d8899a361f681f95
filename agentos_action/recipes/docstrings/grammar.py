"""Write the grammar of one sentence: an opening, then nothing but phrases made of the words the code bears out."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import takewhile

from agentos_action.recipes.docstrings.inflect import forms
from agentos_action.recipes.docstrings.opening import Opening, Then
from agentos_action.recipes.docstrings.vocabulary import Vocabulary

_DETERMINERS = ("the ", "a ", "an ", "each ", "every ", "all ", "all the ", "its ")
_PREPOSITIONS = ("of", "in", "from", "to", "with", "by", "between", "into", "for", "on", "at", "without")
# Where the direction of a verb is not known, these say something false more often than something true.
_TOWARDS = frozenset({"to", "into", "on"})
_GOING = frozenset(
    "add append apply assign attach bind connect convert copy deposit download dump encode export give import insert "
    "join link load log map merge move parse prepend print publish push put render report save send set split store "
    "submit switch transform translate upload wrap write".split()
)
_VALUES = frozenset("calculate compute count find get measure represent return set sum update yield".split())
_BELONGING = ("of", "between", "from", "for", "with", "at")
_OTHERS = ("to", "by", "with", "between", "from", "for", "into")
_LINKS = (" is ", " are ", " is not ", " are not ", " has ", " have ", " contains ", " starts with ", " ends with ")
_ONE = '("the ")? word'
_WORD = "[A-Za-z] [a-z]{2,11}"
_AFTER: dict[Then, str] = {
    "phrase": "phrase part?",
    "things": "things part?",
    "tail": "part?",
    "noun": '(" " word)? of?',
    "value": "of?",
    "clause": "phrase link phrase part?",
    "word": _WORD,
    "others": "other?",
    "one": _ONE,
    "nothing": "",
}
_ALONE: dict[Then, str] = {
    "phrase": "phrase",
    "noun": '(" " word)?',
    "clause": "phrase link phrase",
    "word": _WORD,
    "one": _ONE,
}


def grammar(opening: Opening, known: Vocabulary) -> str:
    """Return the GBNF grammar of a sentence with one of the openings, the rest made of these words."""
    said = {form for each in " ".join(opening.texts).split() for form in forms(each)}
    told = {form for each in opening.told for form in forms(each)}
    things = known.things - said - told or (known.words if opening.then == "things" else frozenset())
    after = _AFTER[opening.then] if things else _ALONE.get(opening.then, "")
    rules = [f'root ::= ({_any(opening.texts)}) {after} {_ending(opening.ends)}"."']
    if things:
        rules += [
            f'part ::= " " ({_any(_fitting(opening, _PREPOSITIONS))}) " " things',
            f'of ::= " " ({_any(_BELONGING)}) " " things',
            f'other ::= " " ({_any(_fitting(opening, _OTHERS))}) " " things',
            'things ::= named (" and " named)?',
            f"named ::= {_named(things)}",
        ]
    rules += [
        'phrase ::= nouns (" and " nouns)?',
        f'nouns ::= ({_any(_DETERMINERS)})? word (" " word (" " word)?)?',
        f"link ::= ({_any(_LINKS)})",
        f"word ::= {_tree(sorted(known.words))}",
    ]
    return "\n".join(rules) + "\n"


def _fitting(opening: Opening, prepositions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prepositions that may follow the opening's verb: `to` wants a verb that goes somewhere."""
    verb = opening.texts[0].split()[0].lower() if opening.texts and opening.texts[0].split() else ""
    unfit = (frozenset() if verb in _GOING else _TOWARDS) | (frozenset() if verb in _VALUES else frozenset({"of"}))
    return tuple(each for each in prepositions if each not in unfit)


def _named(things: frozenset[str]) -> str:
    """Return the alternatives for one thing: `n` stands bare, `text` may take a determiner."""
    letters = sorted(each for each in things if len(each) == 1 and each.isalpha())
    longer = sorted(things.difference(letters))
    pair = len(letters) == len("ab")
    both = [f'"{letters[0]} and {letters[1]}"' if pair else _tree(letters)] if letters else []
    return " | ".join([*both, f"({_any(_DETERMINERS)})? ({_tree(longer)})"] if longer else both)


def _ending(ends: tuple[str, ...]) -> str:
    return f"({_any(ends)}) " if ends else ""


def _any(texts: Iterable[str]) -> str:
    return " | ".join(map(_quoted, texts))


def _quoted(text: str) -> str:
    """Return a literal of the grammar; letters beyond ASCII stand in it as they are."""
    return json.dumps(text, ensure_ascii=False)


def _tree(said: list[str]) -> str:
    """Return the alternatives as a tree of shared beginnings: a server follows few branches at a time."""
    branches: list[str] = []
    while said:
        group = [each for each in said if each[:1] == said[0][:1]]
        said = said[len(group) :]
        shared = _shared(group)
        rest = [each.removeprefix(shared) for each in group]
        if not shared:
            branches.append('""')
        elif len(rest) == 1:
            branches.append(_quoted(shared))
        else:
            branches.append(f"{_quoted(shared)} ({_tree(rest)})")
    return " | ".join(branches)


def _shared(group: list[str]) -> str:
    """Return what all the sorted words begin with: what the first and the last share."""
    pairs = zip(group[0], group[-1], strict=False)
    return "".join(each for each, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
