"""Which files of a repository the user trusts: by the sha256 of their content, in `~/.agentos/trusted.json`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.settings.private import changing, read_private, write_private

TRUST_FILE = "trusted.json"
_DIGEST_CHARS = 64


def digest(content: bytes) -> str:
    """Return what a content is known by."""
    return hashlib.sha256(content).hexdigest()


def is_trusted(sha256: str, home: Path) -> bool:
    """Return whether the user said that this content may do what it asks for."""
    return sha256 in _read(home)


def trust(sha256: str, name: str, home: Path) -> None:
    """Remember that the user trusts this content; `name` is kept for whoever reads the file."""
    with changing(home / TRUST_FILE):
        known = {**_read(home), sha256: name}
        write_private(home / TRUST_FILE, (json.dumps(known, indent=2) + "\n").encode())


def _read(home: Path) -> dict[str, str]:
    """Return the trusted digests, each with the name that its file had."""
    file = home / TRUST_FILE
    content = read_private(file)
    if content is None:
        return {}
    try:
        known = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: not valid JSON", "Remove it, and trust again what you trust.") from error
    if not isinstance(known, dict) or not all(
        len(key) == _DIGEST_CHARS and isinstance(name, str) for key, name in known.items()
    ):
        raise UsageError(f"{file} is not as it was written", "Remove it, and trust again what you trust.")
    return known
