"""What the base itself lets stand: an allow comment beside the same secret, or its hash in `.secrets.baseline`."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property

from agentos_action.records.base import Base
from agentos_action.records.patch import DiffFile

#: detect-secrets' list of known findings, as it stands in the base.
BASELINE = ".secrets.baseline"

_SAME_LINE = re.compile(r"pragma: ?(?:allow|white)list[ -]secret|gitleaks:allow")
_NEXT_LINE = re.compile(r"pragma: ?allowlist[ -]nextline[ -]secret")


class Baseline:
    """The hashes of `.secrets.baseline` in the base; one that is no such JSON lists nothing."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def lists(self, path: str, secret: str) -> bool:
        """Return whether the baseline lists this secret for this file."""
        # detect-secrets' format says SHA-1; it names a string here and protects none.
        digest = hashlib.sha1(secret.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        return digest in self._hashes.get(path, frozenset())

    @cached_property
    def _hashes(self) -> dict[str, frozenset[str]]:
        version = self._base.read(BASELINE)
        if version is None:
            return {}
        try:
            results = json.loads(version.content).get("results", {})
            return {
                name.replace("\\", "/").removeprefix("./"): frozenset(str(one["hashed_secret"]) for one in found)
                for name, found in results.items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # Nothing is let through because of it: the finding stands and its hint says what the base may hold.
            return {}


class Exceptions:
    """What the base lets stand in one file of the diff; the file is read when the first secret is found."""

    def __init__(self, file: DiffFile, base: Base, baseline: Baseline) -> None:
        self._file = file
        self._base = base
        self._baseline = baseline

    @cached_property
    def text(self) -> str:
        """The file before the patch; empty where it is new."""
        version = self._base.read(self._file.old_path) if self._file.old_path else None
        return version.content.decode("utf-8", "surrogateescape") if version else ""

    def allow(self, secret: str) -> bool:
        """Return whether this very secret is marked or listed."""
        return self._marked(secret) or self.lists(secret)

    def lists(self, secret: str) -> bool:
        """Return whether the baseline lists the secret for this file, under the old name or the new one."""
        names = {self._file.path, self._file.old_path or self._file.path}
        return any(self._baseline.lists(name, secret) for name in names)

    def allow_known(self, known: str) -> bool:
        """Return whether `known`, which the file already holds a secret by, is marked or listed.

        detect-secrets hashes no more than the first words of some secrets (`ghp`, `BEGIN RSA PRIVATE KEY`). Such an
        entry lets stand what the base holds already, and no other secret of that kind.
        """
        return self._marked(known) or self.lists(known)

    def _marked(self, secret: str) -> bool:
        if secret not in self.text:
            return False
        lines = self.text.split("\n")
        return any(
            secret in line and (_SAME_LINE.search(line) or (number and _NEXT_LINE.search(lines[number - 1])))
            for number, line in enumerate(lines)
        )
