"""What argparse says of an argument → what we say: what is wrong, and what could stand there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_ARGUMENT = re.compile(r"argument (?P<name>[^:]+): (?P<said>.*)", re.DOTALL)
# Newer versions of Python write the choices without quotes.
_CHOICE = re.compile(
    r"invalid choice: (?P<value>.*?)(?:, maybe you meant .*)? \(choose from (?P<known>.*)\)", re.DOTALL
)
_ONE_OF = re.compile(r"one of the arguments (.+) is required")
_ALL_OF = re.compile(r"the following arguments are required: (.+)")
_SIMPLE = {
    "expected one argument": "needs a value",
    "expected at least one argument": "needs at least one value",
}


def named(message: str) -> tuple[str, str]:
    """Return the argument that an error of a parser begins with (empty: none), and what it says of it."""
    found = _ARGUMENT.fullmatch(message)
    # An option may have a short form too: `-h/--help`.
    return (found["name"].rpartition("/")[2], found["said"]) if found else ("", message)


def told(subject: str, said: str) -> tuple[str, str]:
    """Return what is wrong with an option or input, and what it may be; the second is empty where nobody knows."""
    choice = _CHOICE.fullmatch(said)
    if choice is not None:
        return f"{subject} is {choice['value']}", f"Write one of {', '.join(_known(choice['known']))}."
    if said in _SIMPLE:
        return f"{subject} {_SIMPLE[said]}", ""
    if said.startswith("ignored explicit argument "):
        return f"{subject} takes no value", ""
    if said.startswith("not allowed with argument "):
        return (
            f"{subject} and {said.removeprefix('not allowed with argument ')} do not go together",
            "Drop one of them.",
        )
    for kind, what in (("int", "whole number"), ("float", "number")):
        if said.startswith(f"invalid {kind} value: "):
            return f"{subject} is {said.partition(': ')[2]}, which is no {what}", ""
    return f"{subject}: {said}", ""


def missing(said: str) -> str:
    """Return what is missing on a command line, or what was said where nothing is."""
    one_of, all_of = _ONE_OF.fullmatch(said), _ALL_OF.fullmatch(said)
    if one_of is not None:
        return f"one of {', '.join(one_of[1].split())} is needed"
    if all_of is None:
        return said
    return f"{all_of[1]} {'are' if ', ' in all_of[1] else 'is'} missing"


def no_command(prog: str, said: str) -> tuple[str, str] | None:
    """Return what is wrong with a command that is none, and which it may be; None where something else is wrong."""
    choice = _CHOICE.fullmatch(said)
    if choice is None:
        return None
    name, known = choice["value"].strip("'\""), _known(choice["known"])
    return f"there is no `{prog} {name}`", f"{_meant(name, known)} There are: {', '.join(known)}.".lstrip()


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Perhaps {near[0]} is meant." if near else ""


def _known(listed: str) -> list[str]:
    return [word.strip().strip("'\"") for word in listed.split(",")]
