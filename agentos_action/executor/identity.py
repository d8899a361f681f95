"""As whom a commit is made: the policy's word, else what git itself would take, else the bot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pygit2

from agentos_action.errors import UsageError
from agentos_action.records.receipt import CommitOrder

BOT_NAME, BOT_EMAIL = "AgentOS Action", "agentos-action@localhost"
#: What git reads of the environment for an identity; the entry hands these on.
VARIABLES = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL")

Role: TypeAlias = Literal["author", "committer"]

# git's "crud" at both ends, and inside what would end the field or the line. git leaves other control characters in.
_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"
_INSIDE = re.compile(r"[<>\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Identities:
    """Author and committer of one commit, of the same moment in the local time zone."""

    author: pygit2.Signature
    committer: pygit2.Signature


def identities(config: pygit2.Config, order: CommitOrder, environment: Mapping[str, str]) -> Identities:
    """Return author and committer of a commit; raises UsageError for half an identity or one without a letter."""
    author = _person("author", order.author, config, environment)
    committer = _person("committer", order.committer, config, environment)
    now = pygit2.Signature(BOT_NAME, BOT_EMAIL)
    return Identities(
        pygit2.Signature(*author, now.time, now.offset), pygit2.Signature(*committer, now.time, now.offset)
    )


def setting(config: pygit2.Config, key: str) -> str | None:
    """Return git's value of a key, None where it is unset; raises UsageError for one that is no text."""
    try:
        value = config[key]
    except KeyError:
        return None
    except (pygit2.GitError, UnicodeDecodeError) as error:
        raise UsageError(f"git's setting {key} cannot be read: {error}", _see(key)) from error
    if value is None:
        raise UsageError(f"git's setting {key} has no value", _see(key))
    return value


def _see(key: str) -> str:
    return f"See where it is set: git config --show-origin {key}"


def _person(role: Role, given: str | None, config: pygit2.Config, environment: Mapping[str, str]) -> tuple[str, str]:
    if given is not None:
        parts, place = given.rpartition("<"), f"the policy's [commit] {role}"
        return _cleaned(parts[0], f"{place} (the name)"), _cleaned(parts[2], f"{place} (the address)")
    name, name_place = _configured(role, "name", config, environment)
    address, address_place = _configured(role, "email", config, environment)
    if name is None and address is None:
        return BOT_NAME, BOT_EMAIL
    if address is None and environment.get("EMAIL"):
        address, address_place = environment["EMAIL"], "EMAIL"
    if name is None or address is None:
        half, other = ("a name", "email") if address is None else ("an address", "name")
        said = f"git has {half} for the {role} of commits, but no {'address' if address is None else 'name'}"
        raise UsageError(said, f"Complete it: git config user.{other} …")
    return _cleaned(name, name_place), _cleaned(address, address_place)


def _configured(
    role: Role, part: Literal["name", "email"], config: pygit2.Config, environment: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return what git would take and where it stands; as for git an empty `author.name` counts as unset."""
    variable = f"GIT_{role}_{part}".upper()
    if variable in environment:
        return environment[variable], variable
    own = f"{role}.{part}"
    if value := setting(config, own):
        return value, own
    return setting(config, f"user.{part}"), f"user.{part}"


def _cleaned(text: str, place: str) -> str:
    """Return a name or an address as git writes it: no `<`, `>`, line end; no punctuation around it."""
    clean = _INSIDE.sub("", text).strip(_CRUD)
    if not clean:
        raise UsageError(f"{place} is empty, so a commit would be nobody's", "Give it a value, or unset it.")
    try:
        clean.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{place} is not UTF-8", "Write it in UTF-8.") from error
    return clean
