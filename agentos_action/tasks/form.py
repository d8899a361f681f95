"""The sections of an issue form, as the forge writes them: `### Label`, a blank line, the value."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from agentos_action.errors import UsageError
from agentos_action.tasks.markdown import parse_markdown

#: What an empty field is written as.
EMPTY = "_No response_"
_FIELDS = {
    "instruction": ("what should change", "what should be changed", "instruction", "instructions", "task"),
    "files": ("files", "file", "which files"),
    "allowed_paths": ("allowed paths", "allowed path", "allowed-paths", "allowed_paths"),
    "forbidden_paths": ("forbidden paths", "forbidden path", "forbidden-paths", "forbidden_paths"),
    "recipe": ("recipe",),
}
_KNOWN = {name: field for field, names in _FIELDS.items() for name in names}
_BULLET = re.compile(r"[-*+]\s+")
_PATH = re.compile(r"`([^`]+)`|\"([^\"]+)\"|([^\s,]+)")


def read_form(text: str) -> tuple[str, dict[str, Any]]:
    """Return the instruction in an issue's text, and the keys that its sections set.

    A text without a heading of ours is no form and is returned as it is; sections with other headings stay in the
    instruction. Raises UsageError where a heading of ours stands twice.
    """
    before, sections = _sections(text)
    if not any(_field(heading) for heading, _ in sections):
        return text, {}
    instruction, keys = [before], dict[str, Any]()
    seen: set[str] = set()
    for heading, value in sections:
        field, said = _field(heading), "" if value == EMPTY else value
        if field in seen:
            raise UsageError(f"the issue has two sections {heading[:80]!r}", "Keep one of them.")
        seen |= {field} - {""}
        if not said:
            continue
        if field == "instruction":
            instruction.append(said)
        elif field == "recipe":
            keys |= {} if said.casefold() == "none" else {"recipe": said.strip("`")}
        elif field:
            keys[field] = paths_in(said)
        else:
            instruction.append(f"{heading}:\n{said}")
    return "\n\n".join(part for part in instruction if part), keys


def paths_in(value: str) -> tuple[str, ...]:
    """Return the paths or patterns in a field: by lines, commas or blanks; quoted where they hold a blank."""
    lines = (_BULLET.sub("", line.strip(), count=1) for line in value.split("\n") if not line.strip().startswith("```"))
    found = (next(filter(None, match.groups())) for line in lines for match in _PATH.finditer(line))
    return tuple(dict.fromkeys(path.removeprefix("./") or path for path in found))


def _field(heading: str) -> str:
    return _KNOWN.get(" ".join(heading.casefold().split()).rstrip(" :?"), "")


def _sections(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text before the first heading of the third rank, and every such heading with what is below it."""
    lines = text.split("\n")
    tokens = parse_markdown(text)[0] if "###" in text else []
    heads: list[tuple[int, int, str]] = []
    for token, after in pairwise(tokens):
        if token.type == "heading_open" and token.markup == "###" and token.level == 0 and token.map:
            heads.append((token.map[0], token.map[1], after.content))
    if not heads:
        return text, []
    ends = (*(first for first, _, _ in heads[1:]), len(lines))
    sections = [(name, "\n".join(lines[below:end]).strip()) for (_, below, name), end in zip(heads, ends, strict=True)]
    return "\n".join(lines[: heads[0][0]]).strip(), sections
