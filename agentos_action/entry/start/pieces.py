"""The pieces that `agentos init` writes: which file each is, what stands in it, and how it gets there."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from agentos_action import __version__
from agentos_action.entry.start.answering import KEYS, Choice
from agentos_action.entry.start.hook_entry import added, has_ours
from agentos_action.entry.start.source import Source
from agentos_action.errors import UsageError

Name: TypeAlias = Literal["policy", "workflow", "hook", "issue_form"]
NAMES: tuple[Name, ...] = get_args(Name)
FILES: dict[Name, str] = {
    "policy": "agentos.toml",
    "workflow": ".github/workflows/agentos.yml",
    "hook": ".pre-commit-config.yaml",
    "issue_form": ".github/ISSUE_TEMPLATE/agentos.yml",
}
_OWN_RUNNER = "self-hosted # zizmor: ignore[self-hosted-runner] the machine where the model answers"
#: Why no workflow can be written.
UNKNOWN_SOURCE = "where AgentOS came from is not known: give --source OWNER/REPO@COMMIT"
#: Somebody's own configuration is no larger.
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """One file as it shall be: `content` None leaves it alone, `why` says so, `by_hand` is what to add to it oneself.

    `before` is what an existing file holds that is added to (None: it is new).
    """

    name: Name
    file: str
    content: bytes | None = None
    why: str = ""
    by_hand: str = ""
    before: bytes | None = None


def piece(name: Name, top: Path, choice: Choice, source: Source | None, *, asked_for: bool) -> Piece:
    """Return what is to become of a piece below the top of a work tree; `asked_for`: by its own name."""
    file = FILES[name]
    link = next((part for part in _steps(top, file) if part.is_symlink()), None)
    if link is not None:
        return Piece(name, file, why=f"{link.relative_to(top)} is a symbolic link", by_hand=_text(name, choice, source))
    if name == "hook":
        return _hook(top, choice, source)
    if os.path.lexists(top / file):
        return _there(name, file, top / file, choice)
    if name == "workflow" and source is None:
        return Piece(name, file, why=UNKNOWN_SOURCE)
    if name == "issue_form" and choice.embedded and not asked_for:
        return Piece(name, file, why="the embedded model does recipes only, so nothing would read it: --issue-form")
    return Piece(name, file, _text(name, choice, source).encode())


def _there(name: Name, file: str, place: Path, choice: Choice) -> Piece:
    """Return the piece that leaves a file as it is; a policy that chooses a model already has no room for a second."""
    if name != "policy":
        return Piece(name, file, why="it is there already")
    unread = Piece(name, file, why="it is there already, and no policy that can be read: `agentos check` tells why")
    if not place.is_file() or place.stat().st_size > MAX_BYTES:
        return unread
    try:
        chosen = "model" in tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return unread
    if chosen:
        return Piece(name, file, why="it is there already, with a [model] of its own")
    return Piece(name, file, why="it is there already", by_hand=choice.table)


def _hook(top: Path, choice: Choice, source: Source | None) -> Piece:
    file, entry = FILES["hook"], _text("hook", choice, source)
    whole = "repos:\n" + "".join(f"  {line}\n" for line in entry.splitlines())
    place = top / file
    if not place.exists():
        return Piece("hook", file, whole.encode())
    if not place.is_file() or place.stat().st_size > MAX_BYTES:
        return Piece("hook", file, why="it is no file that could be added to", by_hand=entry)
    before = place.read_bytes()
    try:
        text = before.decode("utf-8")
    except UnicodeDecodeError:
        return Piece("hook", file, why="it is not UTF-8", by_hand=entry)
    if has_ours(text):
        return Piece("hook", file, why="it names a hook of ours already")
    after = added(text, entry)
    if after is None:
        return Piece("hook", file, why="it is not written in a way that could be added to safely", by_hand=entry)
    return Piece("hook", file, after.encode(), before=before)


def hooked(top: Path) -> bool:
    """Return whether the repository's hooks name one of ours already."""
    try:
        return has_ours((top / FILES["hook"]).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def _text(name: Name, choice: Choice, source: Source | None) -> str:
    told = {
        "ACTION": source.action if source else "",
        "URL": source.url if source else "",
        "COMMIT": source.commit if source else "",
        "VERSION": f"agentos {__version__}",
        "MODEL": choice.table,
        "WITH_MODEL": _inputs(choice),
        "RUNNER": "ubuntu-latest" if choice.provider in KEYS else _OWN_RUNNER,
        "ENV": _environment(choice),
    }
    text = resources.files(__package__).joinpath("templates", _template(name, choice, source)).read_text("utf-8")
    # In one pass: nothing is looked for in what was filled in.
    return re.sub("@([A-Z_]+)@", lambda blank: told[blank[1]], text)


def _template(name: Name, choice: Choice, source: Source | None) -> str:
    if name == "workflow":
        return "workflow-recipe.yml" if choice.embedded else "workflow-task.yml"
    if name == "hook":
        return "hooks-shared.yml" if source else "hooks-local.yml"
    return {"policy": "agentos.toml", "issue_form": "issue-form.yml"}[name]


def _inputs(choice: Choice) -> str:
    """Return what the step's `with:` says of the model."""
    named = {"provider": choice.name if choice.provider in KEYS else None, "model": choice.model}
    return "".join(f"          {name}: {json.dumps(value)}\n" for name, value in named.items() if value)


def _environment(choice: Choice) -> str:
    """Return the step's `env:`: a cloud provider's key; a local one itself.

    A provider in `with:` would win over the runner's whole environment, and that says where a local one answers.
    """
    variable = KEYS.get(choice.provider)
    if variable:
        return f"        env:\n          {variable}: ${{{{ secrets.{variable} }}}}\n"
    remark = "# where, if not at its usual address: AGENTOS_BASE_URL of the runner"
    return f"        env:\n          AGENTOS_PROVIDER: {json.dumps(choice.name)} {remark}\n"


def write(top: Path, made: Piece) -> None:
    """Put a piece in its place, whole or not at all; raises UsageError where a file came there meanwhile."""
    if made.content is None:
        return
    place = top / made.file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".agentos-", dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(made.content)
            if made.before is None:
                Path(name).chmod(0o644)
                # A link to a name that is taken fails, where a rename would overwrite.
                os.link(name, place)
            else:
                Path(name).chmod(place.stat().st_mode & 0o7777)
                if place.read_bytes() != made.before:
                    raise UsageError(f"{made.file} was changed meanwhile", "Try again.")
                Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{made.file} cannot be written: {error.strerror}", "Nothing was overwritten.") from error


def _steps(top: Path, file: str) -> list[Path]:
    """Return the file's folders below the top, and the file."""
    return [*(top / parent for parent in reversed(Path(file).parents) if parent != Path()), top / file]
