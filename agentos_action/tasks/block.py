"""A fenced block of toml in an issue or a comment: it may narrow the task, and is no part of the instruction."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from agentos_action.errors import UsageError
from agentos_action.records.task import ToolTask
from agentos_action.tasks.file import TaskKeys
from agentos_action.tasks.markdown import parse_markdown
from agentos_action.tomlfile import read_toml

DEFAULT_SECONDS: float = ToolTask.model_fields["timeout_seconds"].default
_KEY = re.compile(r"\s*(?:\[\s*)?[\"']?([A-Za-z_]+)")
_HINT = "A block that is only a sample: fence it as ```text."


def without_block(text: str, where: str) -> tuple[str, dict[str, Any]]:
    """Return the text without its block of toml, and the keys that the block sets.

    A block that sets none of our keys is a sample and stays. Raises UsageError for a wrong key and for two blocks.
    """
    lines = text.split("\n")
    found: list[tuple[int, int, str]] = []
    for token in parse_markdown(text)[0] if "toml" in text.casefold() else ():
        # What stands in a quotation or a list is somebody's, or a sample.
        if token.type != "fence" or token.level or not token.map or token.info.strip().casefold() != "toml":
            continue
        if _ours(token.content):
            found.append((token.map[0], token.map[1], token.content))
    if not found:
        return text, {}
    name = f"{where}'s toml block"
    if len(found) > 1:
        raise UsageError(f"{where} has {len(found)} toml blocks that narrow the task", f"Keep one. {_HINT}")
    first, end, content = found[0]
    try:
        keys = read_toml(content, TaskKeys, name)
    except UsageError as error:
        raise UsageError(error.message, f"{error.hint} {_HINT}") from error
    if "trust" in keys.model_fields_set:
        # A list of users takes the place of a permission: whoever writes the text would let themselves ask.
        hint = "[trust] of agentos.toml, or of a task file in the repository, says who may ask."
        raise UsageError(f"{name}: unknown key 'trust': a text does not say who may ask for it", hint)
    told = keys.model_dump(exclude_unset=True)
    if keys.timeout_seconds is not None:
        # The policy sets no time, so what counts without the key is the most.
        told["timeout_seconds"] = min(keys.timeout_seconds, DEFAULT_SECONDS)
    return "\n".join([*lines[:first], *lines[end:]]).strip(), told


def _ours(content: str) -> bool:
    """Whether a block sets one of our keys; where it is no TOML, whether a line of it looks like that."""
    try:
        told = set(tomllib.loads(content))
    except (ValueError, RecursionError):
        told = {match[1] for line in content.split("\n") if (match := _KEY.match(line))}
    return not told.isdisjoint(TaskKeys.model_fields)
