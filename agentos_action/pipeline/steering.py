"""The files that steer runs (policy, profiles, tasks) → everything that is wrong in them, with its line; no model."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from agentos_action.errors import UsageError
from agentos_action.records.reading import Unfit
from agentos_action.settings.policy import MAX_POLICY_BYTES, POLICY_FILE, read_policy
from agentos_action.settings.profile import REPOSITORY_FOLDER
from agentos_action.tomlfile import validate

T = TypeVar("T")
Kind: TypeAlias = Literal["policy", "profile", "task"]

TASK_FOLDER = ".agentos/tasks"
MAX_FILE_BYTES = MAX_POLICY_BYTES
_KINDS: dict[str, Kind] = {".toml": "policy", ".json": "profile", ".md": "task"}
_LINE = re.compile(r":(\d+): ")
#: No key of any record takes it, so that reading it tells the key's line.
_NEVER: Any = object()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in a file: the line (1-based, None: the file as a whole), the field, what, and what to do.

    `elsewhere`: only this machine has no such thing, the one that runs it may.
    """

    line: int | None
    field: str | None
    message: str
    hint: str = ""
    elsewhere: bool = False


def kind_of(path: str) -> Kind | None:
    """Return what a file is by its name's end; None where it is none of ours."""
    return _KINDS.get(Path(path).suffix.lower())


def steering_files(top: Path) -> tuple[str, ...]:
    """Return the policy, the profiles and the tasks that lie below the top of a work tree, as relative paths."""
    found = [top / POLICY_FILE] if (top / POLICY_FILE).exists() or (top / POLICY_FILE).is_symlink() else []
    found += sorted((top / REPOSITORY_FOLDER).glob("*.json"))
    found += sorted((top / TASK_FOLDER).rglob("*.md"))
    return tuple(file.relative_to(top).as_posix() for file in found)


def wrong_in(file: Path, kind: Kind, home: Path) -> tuple[Wrong, ...]:
    """Return everything that is wrong in a file of the work tree; nothing where a run could use it.

    `home` holds the user's own profiles, which a policy may name as well as those that lie beside it.
    """
    try:
        # A task is read from the work tree, wherever a link leads.
        if kind != "task" and file.is_symlink():
            said = "a symbolic link; it is read from a commit, where a link holds nothing but a name"
            return (Wrong(None, None, said, "Put the file itself there."),)
        if not stat.S_ISREG(file.stat().st_mode):
            return (Wrong(None, None, "no regular file", "Name a file."),)
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        return (Wrong(None, None, getattr(error, "strerror", None) or str(error), "Name a readable file."),)
    if kind == "policy":
        found = _policy(content, file, home)
    else:
        found = _profile(content) if kind == "profile" else _task(content, file)
    return tuple(sorted(found, key=lambda wrong: wrong.line or 1))


def _policy(content: bytes, file: Path, home: Path) -> Iterator[Wrong]:
    from agentos_action.folder import FolderBase  # noqa: PLC0415 - each kind of file brings its own records
    from agentos_action.pipeline.named_model import unusable  # noqa: PLC0415 - the same
    from agentos_action.records.policy import Policy  # noqa: PLC0415 - the same

    try:
        loaded = read_policy(content, "")
    except UsageError as error:
        if not isinstance(error.__cause__, Unfit):
            yield _told(error)
            return
        yield from _every(content.decode("utf-8").replace("\r\n", "\n"), Policy)
        return
    text = content.decode("utf-8").replace("\r\n", "\n")
    for one in unusable(loaded.policy.model, FolderBase(file.absolute().parent), home):
        line = _line_of(text, Policy, ("model", one.key))
        yield Wrong(line, f"model.{one.key}", one.message, one.hint, one.elsewhere)


def _task(content: bytes, file: Path) -> Iterator[Wrong]:
    from agentos_action.recipes.registry import names  # noqa: PLC0415 - each kind of file brings its own records
    from agentos_action.tasks.file import FrontMatter, read_task_file  # noqa: PLC0415 - the same

    try:
        task = read_task_file(file)
    except UsageError as error:
        if not isinstance(error.__cause__, Unfit):
            yield _told(error, str(file))
            return
        yield from _every(_front(content), FrontMatter, first_line=2)
        return
    if task.recipe is not None and task.recipe not in names():
        line = _line_of(_front(content), FrontMatter, ("recipe",), first_line=2)
        yield Wrong(line, "recipe", f"there is no recipe {task.recipe!r}; there are: {', '.join(names())}")


def _front(content: bytes) -> str:
    """Return the front matter of a task that is known to open and close it, and to be UTF-8."""
    from agentos_action.tasks.file import FENCE  # noqa: PLC0415 - only for a task

    lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    end = next(number for number, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE)
    return "\n".join(lines[1:end])


def _profile(content: bytes) -> Iterator[Wrong]:
    from agentos_action.pipeline.json_lines import line_of  # noqa: PLC0415 - each kind of file brings its own records
    from agentos_action.settings.profile_text import parse_profile  # noqa: PLC0415 - the same

    read = parse_profile(content)
    flaws = read if isinstance(read, tuple) else ()
    found = [(flaw.field, flaw.message) for flaw in flaws]
    if all(flaw.field is not None for flaw in flaws):
        # It is JSON, and not too much of it.
        told = {flaw.field for flaw in flaws}
        found += [(field, said) for field, said in _besides_form(json.loads(content)) if field not in told]
    text = content.decode("utf-8", "replace")
    for field, message in found:
        at = re.search(r"\(line (\d+), column \d+\)$", message)
        line = line_of(text, field) if field else int(at[1]) if at else None
        yield Wrong(line, field, message, "`agentos schema profile` prints what may stand there.")


def _besides_form(data: object) -> Iterator[tuple[str, str]]:
    """Yield what the form of a profile does not tell: its provider's name, its addresses as an adapter reads them."""
    from agentos_action.adapters.endpoint import parse_endpoint  # noqa: PLC0415 - only for a profile
    from agentos_action.pipeline.named_model import unknown_provider  # noqa: PLC0415 - the same

    if not isinstance(data, dict):
        return
    provider = data.get("provider")
    if isinstance(provider, str) and (said := unknown_provider(provider)):
        yield "provider", said
    instances = data.get("instances")
    several = enumerate(instances if isinstance(instances, list) else [])
    below = [(f"instances.{at}.base_url", one.get("base_url")) for at, one in several if isinstance(one, dict)]
    for field, address in (("base_url", data.get("base_url")), *below):
        if isinstance(address, str):
            try:
                parse_endpoint(address)
            except UsageError as error:
                yield field, f"{error.message} {error.hint}"


def _told(error: UsageError, where: str = "") -> Wrong:
    """Return an error of a file as what is wrong in it; `where` is the name that the error begins with."""
    said = error.message.removeprefix(where)
    at = _LINE.match(said)
    return Wrong(int(at[1]) if at else None, None, said[at.end() :] if at else said.removeprefix(": "), error.hint)


def _every(text: str, model: type[T], *, first_line: int = 1) -> Iterator[Wrong]:
    """Yield every key that does not fit: each is taken out, and the rest is read again."""
    data = tomllib.loads(text)
    while True:
        try:
            validate(data, text, model, "", first_line=first_line)
        except UsageError as error:
            fault = error.__cause__
            if not isinstance(fault, Unfit):
                raise
            told = _told(error)
            field = ".".join(fault.path) or None
            said = fault.said if fault.known is None else "there is no such key"
            yield Wrong(told.line, field, said, error.hint)
            if not _taken_out(data, fault.path):
                return
        else:
            return


def _taken_out(data: dict[str, Any], path: tuple[str, ...]) -> bool:
    """Take the value at a path out, or the list that it is in; False where nothing stands there."""
    table = data
    for at, part in enumerate(path):
        inner = table.get(part)
        if at < len(path) - 1 and isinstance(inner, dict):
            table = inner
            continue
        return table.pop(part, _NEVER) is not _NEVER
    return False


def _line_of(text: str, model: type[T], path: tuple[str, ...], *, first_line: int = 1) -> int | None:
    value: Any = _NEVER
    for part in reversed(path):
        value = {part: value}
    try:
        validate(value, text, model, "", first_line=first_line)
    except UsageError as error:
        return _told(error).line
    return None
