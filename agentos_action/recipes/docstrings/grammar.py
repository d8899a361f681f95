"""Write the grammar of one sentence: an opening, then nothing but phrases made of the words the code bears out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from agentos_action.recipes.docstrings.opening import Opening, Then
from agentos_action.recipes.docstrings.vocabulary import Vocabulary

_DETERMINERS = ("the ", "a ", "an ", "each ", "every ", "all ", "all the ", "its ")
_PREPOSITIONS = ("of", "in", "from", "to", "with", "by", "between", "into", "for", "on", "at", "without")
_NOTHING_ELSE = ["it"]
_BELONGING = ("of", "between", "from", "for", "with", "at")
_LINKS = (" is ", " are ", " is not ", " are not ", " has ", " have ", " contains ", " starts with ", " ends with ")
_AFTER: dict[Then, str] = {
    "phrase": "phrase part?",
    "things": "things part?",
    "tail": "part?",
    "noun": '(" " word)? of?',
    "value": "of?",
    "clause": "phrase link phrase part?",
    "predicate": "phrase part?",
    "nothing": "",
}


def grammar(opening: Opening, known: Vocabulary) -> str:
    """Return the GBNF grammar of a sentence with one of the openings, the rest made of these words."""
    said = set(" ".join(opening.texts).split())
    things = known.things - said - set(opening.told)
    rules = [
        f'root ::= ({_any(opening.texts)}) {_AFTER[opening.then]} {_ending(opening.ends)}"."',
        f'part ::= " " ({_any(_PREPOSITIONS)}) " " things',
        f'of ::= " " ({_any(_BELONGING)}) " " things',
        'phrase ::= nouns (" and " nouns)?',
        f'nouns ::= ({_any(_DETERMINERS)})? word (" " word (" " word)?)?',
        'things ::= named (" and " named)?',
        f"named ::= letter | ({_any(_DETERMINERS)})? thing",
        f"link ::= ({_any(_LINKS)})",
        f"word ::= {_tree(sorted(known.words))}",
        f"thing ::= {_tree(sorted(each for each in things if len(each) > 1) or _NOTHING_ELSE)}",
        f"letter ::= {_tree(sorted(each for each in things if len(each) == 1) or _NOTHING_ELSE)}",
    ]
    return "\n".join(rules) + "\n"


def _ending(ends: tuple[str, ...]) -> str:
    return f"({_any(ends)}) " if ends else ""


def _any(texts: Iterable[str]) -> str:
    return " | ".join(json.dumps(each) for each in texts)


def _tree(said: list[str]) -> str:
    """Return the alternatives as a tree of shared beginnings: a server follows few branches at a time."""
    branches: list[str] = []
    while said:
        group = [each for each in said if each[:1] == said[0][:1]]
        said = said[len(group) :]
        shared = os.path.commonprefix(group)
        rest = [each.removeprefix(shared) for each in group]
        if not shared:
            branches.append('""')
        elif len(rest) == 1:
            branches.append(json.dumps(shared))
        else:
            branches.append(f"{json.dumps(shared)} ({_tree(rest)})")
    return " | ".join(branches)
