"""The folder of one run: where each file stands, written as the run goes, closed with SHA256SUMS."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agentos_action.errors import EvidenceError, UsageError
from agentos_action.evidence.canonical import canonical
from agentos_action.redact import Redactor

TAPE = "audit/run_tape.jsonl"
HEALTH = "reports/health_summary.json"
SUMMARY = "reports/run_summary.json"
CHECKS = "reports/checks.json"
ANSWERS = "patch/answers.jsonl"
PROMPTS = "patch/prompts.jsonl"
DIFF = "patch/canonical.diff"
SUMS = "SHA256SUMS"

#: Texts under these names are ours, never a model's or a person's: redaction would only break the bundle.
_OURS = frozenset({
    "seq", "ts", "run_id", "event", "prev", "hash", "status", "digests", "exit_code", "error_category", "role",
    "provider", "adapter_id", "execution_mode", "output_kind", "version", "evidence_hash", "tool_run_id",
    "timestamp", "checked_at",
})  # fmt: skip
_IDS = frozenset({"commit", "tree", "base"})
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


#: What redaction may change: a bundle whose answers or diff it changed cannot be replayed.
Kind: TypeAlias = Literal["tape", "prompts", "answers", "diff"]


class RunFolder:
    """One run's evidence folder; everything that is written passes the redactor first.

    `redacted` are the kinds of content that are not recorded as they were.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self.path = path
        self.redactor = redactor
        self.redacted: set[Kind] = set()

    @classmethod
    def create(cls, root: Path, run_id: str, redactor: Redactor) -> RunFolder:
        """Make `<root>/<run_id>/`; raises UsageError asking for --evidence where that is not possible."""
        folder = root / run_id
        try:
            for name in ("audit", "reports", "patch"):
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            message = f"the evidence folder {folder} cannot be made: {error.strerror}"
            raise UsageError(message, "Give a writable folder with --evidence DIR.") from error
        return cls(folder, redactor)

    @property
    def replayable(self) -> bool:
        """Whether answers and diff are recorded as they were."""
        return self.redacted.isdisjoint({"answers", "diff"})

    def redact(self, text: str, kind: Kind = "tape") -> str:
        """Return text without secrets, and remember if that changed it."""
        clean = self.redactor.text(text)
        if clean != text:
            self.redacted.add(kind)
        return clean

    def redact_values(self, value: Any, kind: Kind = "tape") -> Any:  # noqa: ANN401 - any JSON value
        """Return a JSON value without secrets in its texts; keys, numbers and what we name ourselves stay."""
        if isinstance(value, str):
            return self.redact(value, kind)
        if isinstance(value, list | tuple):
            return [self.redact_values(inner, kind) for inner in value]
        if isinstance(value, dict):
            return {
                key: inner if _is_ours(key, inner) else self.redact_values(inner, kind) for key, inner in value.items()
            }
        return value

    def append(self, name: str, line: bytes, *, sync: bool = False) -> None:
        """Append one line; with `sync` it is on the disk when this returns. Raises EvidenceError."""
        try:
            with (self.path / name).open("ab") as file:
                file.write(line)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
        except OSError as error:
            raise self._failed(name, error) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a whole file, replacing it at once or not at all; raises EvidenceError."""
        target = self.path / name
        temporary = target.with_name(f".{target.name}.part")
        try:
            temporary.write_bytes(content)
            temporary.replace(target)
        except OSError as error:
            raise self._failed(name, error) from error
        finally:
            temporary.unlink(missing_ok=True)

    def write_json(self, name: str, value: dict[str, Any]) -> None:
        """Write a value as canonical JSON, redacted."""
        self.write(name, canonical(self.redact_values(value)) + b"\n")

    def close(self) -> None:
        """Write SHA256SUMS over every file, in the format of sha256sum(1)."""
        files = sorted(path for path in self.path.rglob("*") if path.is_file() and path.name != SUMS)
        lines = (f"{digest_of(path)}  {path.relative_to(self.path).as_posix()}\n" for path in files)
        self.write(SUMS, "".join(lines).encode())

    def _failed(self, name: str, error: OSError) -> EvidenceError:
        message = f"evidence could not be written: {self.path / name}: {error.strerror}"
        return EvidenceError(message, "Free some space, or give another folder with --evidence DIR.")


def _is_ours(key: str, value: object) -> bool:
    if key in _IDS:
        return isinstance(value, str) and _ID.fullmatch(value) is not None
    return key in _OURS or key.endswith("sha256")


def digest_of(path: Path) -> str:
    """Return the sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
