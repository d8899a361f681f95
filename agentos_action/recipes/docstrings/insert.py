"""Put docstrings into a file's text, and prove that nothing but docstrings changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from agentos_action.recipes.docstrings.places import has_docstring, refusal
from agentos_action.recipes.docstrings.sentence import MAX_COLUMNS, is_sentence
from agentos_action.recipes.docstrings.source import (
    BOM,
    Definition,
    Node,
    UnreadableSourceError,
    definitions,
    line_ending,
    read,
    split_lines,
)
from agentos_action.recipes.docstrings.vocabulary import letters
from agentos_action.records.recipe import Built, LeftAlone

NO_FILLING = "the model gave no usable sentence"
NOT_A_SENTENCE = "the filling is not one plain sentence that fits on a line"
DOCUMENTED = "it has a docstring"
UNKNOWN = "no such place in this file"
HARMED = "the file would not mean the same with a docstring there"


def build(path: str, text: str, fillings: Mapping[str, str]) -> Built:
    """Insert the fillings by place id; one that does not fit, or would change the program, is left alone."""
    try:
        found = {f"{path}::{each.qualname}": each for each in definitions(read(text))}
    except (UnreadableSourceError, RecursionError) as error:
        reason = str(error) if isinstance(error, UnreadableSourceError) else "nested too deeply"
        return Built(text, (), (LeftAlone(path, path, 1, reason),))
    left = [LeftAlone(key, path, 1, UNKNOWN) for key in fillings if key not in found]
    chosen: dict[str, str] = {}
    for key, each in found.items():
        if has_docstring(each):
            if key in fillings:
                left.append(LeftAlone(key, path, each.line, DOCUMENTED))
            continue
        filling = fillings.get(key)
        objection = refusal(each) or _objection(filling, each)
        if objection is None and filling is not None:
            chosen[key] = filling
        else:
            left.append(LeftAlone(key, path, each.line, objection or NO_FILLING))
    new, placed = _apply(text, found, chosen)
    left += [LeftAlone(key, path, found[key].line, HARMED) for key in chosen if key not in placed]
    return Built(new, placed, tuple(left))


def _objection(filling: str | None, definition: Definition) -> str | None:
    if filling is None:
        return NO_FILLING
    return None if is_sentence(filling, letters(definition)) else NOT_A_SENTENCE


def _apply(text: str, found: Mapping[str, Definition], chosen: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Insert all at once; if that harms the file, one by one, so that one odd place does not cost the others."""
    if not chosen:
        return text, ()
    whole = insert(text, [(found[key].node, sentence) for key, sentence in chosen.items()])
    if same_program(text, whole, [found[key].qualname for key in chosen]):
        return whole, tuple(chosen)
    good: dict[str, str] = {}
    new = text
    for key, sentence in chosen.items():
        trial = insert(text, [*((found[each].node, good[each]) for each in good), (found[key].node, sentence)])
        if same_program(text, trial, [*(found[each].qualname for each in good), found[key].qualname]):
            good[key] = sentence
            new = trial
    return new, tuple(good)


def insert(text: str, docstrings: list[tuple[Node, str]]) -> str:
    """Return the text with each sentence as the docstring of its node; unchecked."""
    mark = BOM if text.startswith(BOM) else ""
    lines = split_lines(text.removeprefix(BOM))
    ending = line_ending(text)
    for node, sentence in sorted(docstrings, key=_order, reverse=True):
        _insert_one(lines, node, f'"""{sentence}"""', ending)
    return mark + "".join(lines)


def _order(docstring: tuple[Node, str]) -> tuple[int, int]:
    """Order by line, an inner one-line definition after the class whose first statement it is."""
    node, _ = docstring
    return _first_line(node), node.lineno


def _insert_one(lines: list[str], node: Node, docstring: str, ending: str) -> None:
    number = _first_line(node)
    line = lines[number - 1]
    head = line.encode()[: node.body[0].col_offset].decode(errors="replace")
    body_starts_line = not re.sub(r"\s", "", head) or line.lstrip().startswith("@")
    if body_starts_line:
        indent = line[: len(line) - len(line.lstrip())]
        while lines[number - 2].strip() == "" or lines[number - 2].lstrip().startswith("#"):
            number -= 1
        lines.insert(number - 1, f"{indent}{docstring}{ending}")
        return
    indent = body_indent(lines, node)
    lines[number - 1 : number] = [
        head.rstrip() + ending,
        f"{indent}{docstring}{ending}",
        f"{indent}{line[len(head) :]}",
    ]


def _first_line(node: Node) -> int:
    """Return the line of the first statement, or of its first decorator."""
    statement = node.body[0]
    decorators = statement.decorator_list if isinstance(statement, Node) else []
    return min([statement.lineno, *(each.lineno for each in decorators)])


def body_indent(lines: list[str], node: Node) -> str:
    """Return the indentation of the node's body; one level deeper than the node when it has a one-line body."""
    own = lines[node.lineno - 1]
    own = own[: len(own) - len(own.lstrip())]
    first = node.body[0]
    if first.lineno > node.lineno and not lines[first.lineno - 1].encode()[: first.col_offset].strip():
        line = lines[first.lineno - 1]
        return line[: len(line) - len(line.lstrip())]
    tabs = "\t" in own or (not own and any(each.startswith("\t") for each in lines))
    return own + ("\t" if tabs else "    ")


def room(text: str, node: Node) -> int:
    """Return how many characters a docstring's sentence may have at this node to end by column 88 (at least 40)."""
    indent = body_indent(split_lines(text.removeprefix(BOM)), node)
    return max(40, MAX_COLUMNS - len(indent.expandtabs(4)) - len('""""""'))


def same_program(before: str, after: str, placed: list[str]) -> bool:
    """Tell whether `after` compiles and is `before` plus a docstring at each placed name, and nothing else."""
    wanted = set(placed)
    try:
        old, new = read(before), read(after)
        for each in definitions(new):
            if each.qualname in wanted:
                if not has_docstring(each):
                    return False
                del each.node.body[0]
        return ast.dump(old) == ast.dump(new)
    except (UnreadableSourceError, RecursionError, MemoryError):
        return False
