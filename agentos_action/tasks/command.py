"""The command in a comment: `/agentos`, `/agentos run`, `/agentos recipe NAME [FILE …]`, `/agentos TEXT`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentos_action.errors import UsageError
from agentos_action.tasks.form import paths_in

_COMMAND = re.compile(r"/agentos(?=\s|$)", re.IGNORECASE)
_RECIPE = re.compile(r"recipe(?=\s|$)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Command:
    """What a comment asks for: a recipe (for some files), words of its own, or (neither) what the issue says."""

    words: str = ""
    recipe: str | None = None
    files: tuple[str, ...] = ()


def begins_command(comment: str) -> bool:
    """Return whether a comment's first line begins with `/agentos` as a word."""
    return _COMMAND.match(comment) is not None


def read_command(comment: str) -> Command:
    """Read the command that a comment begins with; raises UsageError for `recipe` without a name."""
    words = _COMMAND.sub("", comment, count=1).strip()
    if words.casefold() == "run":
        return Command()
    if not _RECIPE.match(words):
        return Command(words)
    first, _, below = words.partition("\n")
    name, *files = first.split(None, 2)[1:] or ("",)
    if not _NAME.fullmatch(name := name.strip("`")):
        raise UsageError("the comment names no recipe", "Write /agentos recipe NAME, and files behind it if you like.")
    return Command(below.strip(), name, paths_in(" ".join(files)))
