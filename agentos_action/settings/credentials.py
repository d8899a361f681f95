"""Stored keys: `~/.agentos/credentials.json`, each with its provider and the hosts that it is bound to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from agentos_action.errors import UsageError
from agentos_action.redact import SHORTEST
from agentos_action.settings.private import changing, read_private, write_private

CREDENTIALS_FILE = "credentials.json"
MAX_KEY = 8_192
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PROVIDER = re.compile(r"[a-z][a-z0-9_]*")
_HINT = "agentos tool auth clear removes it; then store the keys again."


@dataclass(frozen=True, slots=True)
class Credential:
    """A stored key; `hosts` are as `destination.binding` writes them, empty where the provider alone knows its own."""

    name: str
    provider: str
    hosts: tuple[str, ...]
    key: str = field(repr=False)


#: Credentials by name.
Credentials: TypeAlias = Mapping[str, Credential]


def check_key(text: str) -> str:
    """Return the key without the line end around it; raises UsageError, which never repeats it, for what is none."""
    key = text.strip("\r\n \t")
    if not key:
        raise UsageError("the key is empty", "Give it on stdin, or at the prompt.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the key holds a character that no key has", "Copy it again: one line, without spaces.")
    if not SHORTEST <= len(key) <= MAX_KEY:
        message = f"the key has {len(key)} characters; {SHORTEST} to {MAX_KEY} can be stored"
        raise UsageError(message, "A shorter one could not be kept out of the evidence.")
    return key


def check_name(text: str) -> str:
    """Return the name of a credential, or raise UsageError saying how one is written."""
    if not _NAME.fullmatch(text):
        raise UsageError("the name of the credential is not usable", "Use letters, digits, '.', '_' and '-'.")
    return text


def read_credentials(home: Path) -> dict[str, Credential]:
    """Return the stored credentials; raises UsageError for a file that is not safe or not as it was written."""
    file = home / CREDENTIALS_FILE
    content = read_private(file)
    if content is None:
        return {}
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        # What json says of the place could hold a part of a key.
        raise UsageError(f"{file}: not valid JSON", _HINT) from None
    if not isinstance(told, dict):
        raise UsageError(f"{file}: expected one object of credentials by name", _HINT)
    return {name: _credential(name, entry, file) for name, entry in told.items()}


def stored_keys(home: Path) -> tuple[str, ...]:
    """Return every stored key, for what has to be kept out of evidence."""
    return tuple(credential.key for credential in read_credentials(home).values())


def store(credential: Credential, home: Path, *, named: bool) -> tuple[str, bool]:
    """Store a credential; returns its name and whether it took the place of one.

    A name that nobody chose is not taken from a key for other hosts: this one is then named for its host too.
    """
    with changing(home / CREDENTIALS_FILE):
        known = read_credentials(home)
        name = credential.name
        if not named and name in known and known[name].hosts != credential.hosts:
            name = f"{name}-{re.sub('[^A-Za-z0-9._-]+', '-', '-'.join(credential.hosts)).strip('-')}"[:100]
        _write({**known, name: replace(credential, name=name)}, home)
        return name, name in known


def remove(names: Iterable[str], home: Path) -> None:
    """Remove the credentials of these names."""
    gone = set(names)
    with changing(home / CREDENTIALS_FILE):
        known = read_credentials(home)
        _write({name: credential for name, credential in known.items() if name not in gone}, home)


def remove_all(home: Path) -> bool:
    """Remove the whole file, whatever it is; returns whether there was one."""
    file = home / CREDENTIALS_FILE
    with changing(file):
        there = file.is_symlink() or file.exists()
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{file} cannot be removed: {error.strerror}", "Remove it by hand.") from error
        return there


def _write(known: Credentials, home: Path) -> None:
    told = {
        name: {"provider": credential.provider, "key": credential.key, "hosts": list(credential.hosts)}
        for name, credential in known.items()
    }
    write_private(home / CREDENTIALS_FILE, (json.dumps(told, indent=2) + "\n").encode())


def _credential(name: str, entry: object, file: Path) -> Credential:
    if not isinstance(entry, dict) or set(entry) != {"provider", "key", "hosts"} or not _NAME.fullmatch(name):
        raise UsageError(f"{file}: a credential needs a name, and provider, key and hosts", _HINT)
    provider, key, hosts = entry["provider"], entry["key"], entry["hosts"]
    if not isinstance(provider, str) or not _PROVIDER.fullmatch(provider):
        raise UsageError(f"{file}: {name}: 'provider' is no provider's name", _HINT)
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise UsageError(f"{file}: {name}: 'hosts' is no list of hosts", _HINT)
    if not isinstance(key, str):
        raise UsageError(f"{file}: {name}: 'key' is no text", _HINT)
    try:
        return Credential(name, provider, tuple(hosts), check_key(key))
    except UsageError as error:
        raise UsageError(f"{file}: {name}: {error.message}", _HINT) from None
