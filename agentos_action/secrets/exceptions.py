"""What the base itself lets stand: an allow comment beside the same secret, or its hash in `.secrets.baseline`."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property

from agentos_action.records.base import Base
from agentos_action.records.patch import DiffFile
from agentos_action.redact import tokens
from agentos_action.secrets.private_keys import squeezed

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

    @cached_property
    def squeezed(self) -> str:
        """The same without what joins the lines of a key."""
        return squeezed(self.text)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """Everything in the file before the patch that has the shape of a known token."""
        return frozenset(self.text[start:end] for start, end, _ in tokens(self.text))

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
        return secret in self._marked_lines

    @cached_property
    def _marked_lines(self) -> str:
        lines = self.text.split("\n")
        above = ["", *lines]
        pairs = zip(lines, above, strict=False)
        return "\n".join(line for line, before in pairs if _SAME_LINE.search(line) or _NEXT_LINE.search(before))
