"""Write the question for one definition: worked examples first, then its name and its code, bounded."""

from __future__ import annotations

import re
import textwrap

from agentos_action.recipes.docstrings.examples import EXAMPLES
from agentos_action.recipes.docstrings.grammar import grammar
from agentos_action.recipes.docstrings.opening import Opening
from agentos_action.recipes.docstrings.source import BOM, Definition, split_lines
from agentos_action.recipes.docstrings.vocabulary import vocabulary
from agentos_action.recipes.docstrings.words import words
from agentos_action.records.model import Constraint, Message, Prompt

SYSTEM = "You write Python docstrings. Answer with one short sentence that says what the code returns or does."
MAX_LINES = 24
MIN_LINES = 3
MAX_CHARACTERS = 1200
MAX_TOKENS = 48


def prompt(definition: Definition, text: str, opening: Opening) -> Prompt:
    """Return the question for this definition; the grammar allows one sentence of words the code bears out."""
    messages = [Message("system", SYSTEM)]
    for name, code, sentence in EXAMPLES:
        messages += [Message("user", question(name, code)), Message("assistant", sentence)]
    messages.append(Message("user", question(definition.node.name, code_of(definition, text))))
    return Prompt(tuple(messages), MAX_TOKENS, Constraint(grammar=grammar(opening, vocabulary(definition))))


def question(name: str, code: str) -> str:
    """Return a user's turn: the name read as words, then the code."""
    return f"Name: {' '.join(words(name))}\n\n{code}"


def code_of(definition: Definition, text: str) -> str:
    """Return the definition's code without its decorators, under its class's head, the middle left out if long."""
    node = definition.node
    lines = [
        line.rstrip("\r\n").expandtabs(4)
        for line in split_lines(text.removeprefix(BOM))[node.lineno - 1 : node.end_lineno]
    ]
    code = textwrap.dedent("\n".join(line for line in lines if line.strip())).strip()
    if definition.owner is not None and definition.kind == "method":
        code = f"class {definition.owner.name}:\n" + textwrap.indent(code, "    ")
    return _bounded(code)


def _bounded(code: str) -> str:
    lines = [line[:100] for line in code.split("\n")]
    while len(lines) > MAX_LINES or (sum(map(len, lines)) > MAX_CHARACTERS and len(lines) > MIN_LINES):
        middle = len(lines) * 2 // 3
        if lines[middle].strip() == "...":
            lines.pop(middle - 1)
        else:
            lines[middle] = re.sub(r"\S.*", "...", lines[middle])
    return "\n".join(lines)
