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
REPORT = "reports/report.html"
CHECKS = "reports/checks.json"
ANSWERS = "patch/answers.jsonl"
PROMPTS = "patch/prompts.jsonl"
DIFF = "patch/canonical.diff"
SUMS = "SHA256SUMS"

#: What is complete before a commit is made: the tape line before it carries their digests.
KEPT = (ANSWERS, DIFF, PROMPTS, CHECKS, HEALTH)

#: Every file that a bundle may hold, besides the list of their sums.
FILES = frozenset({TAPE, SUMMARY, REPORT, *KEPT})

#: Texts under these names are ours, never a model's or a person's: redaction would only break the bundle.
_OURS = frozenset({
    "seq", "ts", "run_id", "event", "prev", "hash", "status", "digests", "exit_code", "error_category", "role",
    "provider", "adapter_id", "execution_mode", "output_kind", "version", "evidence_hash", "tool_run_id",
    "timestamp", "checked_at", "probe_step", "kept", "redacted", "capped",
})  # fmt: skip
_IDS = frozenset({"commit", "tree", "base"})
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: Texts under these names may quote a file, a prompt or an answer: `--no-content` keeps none of them.
_CONTENT = frozenset({
    "instruction", "message", "hint", "answer", "content", "output", "reason", "place", "place_id", "placed",
})  # fmt: skip
#: What stands where a text was withheld.
WITHHELD = "[withheld]"

#: What stands where a secret was begins with this; see `Redactor`.
MARK = "[redacted:"

#: The folders of a bundle; one that ended early leaves some of them empty.
FOLDERS = ("audit", "patch", "reports")

#: What may not be recorded as it was: a bundle whose answers or diff are not cannot be replayed.
Kind: TypeAlias = Literal["tape", "prompts", "answers", "diff"]


class RunFolder:
    """One run's evidence folder; everything that is written passes the redactor first.

    `redacted` and `capped` are the kinds of content that are not recorded as they were; without `content`, digests
    stand for prompts, answers, diff and every text that may quote them.
    """

    def __init__(self, path: Path, redactor: Redactor, *, content: bool = True) -> None:
        self.path = path
        self.redactor = redactor
        self.content = content
        self.redacted: set[Kind] = set()
        self.capped: set[Kind] = set()

    @classmethod
    def create(cls, root: Path, run_id: str, redactor: Redactor, *, content: bool = True) -> RunFolder:
        """Make `<root>/<run_id>/`; raises UsageError asking for --evidence where that is not possible."""
        folder = root / run_id
        try:
            for name in FOLDERS:
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            message = f"the evidence folder {folder} cannot be made: {error.strerror}"
            raise UsageError(message, "Give a writable folder with --evidence DIR.") from error
        return cls(folder, redactor, content=content)

    @property
    def replayable(self) -> bool:
        """Whether answers and diff are recorded as they were."""
        return self.content and (self.redacted | self.capped).isdisjoint({"answers", "diff"})

    def account(self) -> dict[str, Any]:
        """Return what the tape tells of the files so far: what is not whole, and the digest of each as it is kept.

        Raises EvidenceError where one cannot be read.
        """
        try:
            kept = {name: digest_of(self.path / name) for name in KEPT if (self.path / name).is_file()}
        except OSError as error:
            raise self._failed(str(error.filename), error) from error
        return {
            "replayable": self.replayable,
            "redacted": sorted(self.redacted),
            "capped": sorted(self.capped),
            "content": self.content,
            "kept": kept,
        }

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
            return {key: self._value(key, inner, kind) for key, inner in value.items()}
        return value

    def _value(self, key: str, value: Any, kind: Kind) -> Any:  # noqa: ANN401 - any JSON value
        if _is_ours(key, value):
            return value
        if not self.content and key in _CONTENT:
            return _withheld(value)
        return self.redact_values(value, kind)

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

    def sync(self) -> None:
        """Bring answers and diff to the disk, and the names of all files; raises EvidenceError."""
        for name in (ANSWERS, DIFF, *FOLDERS):
            try:
                file = os.open(self.path / name, os.O_RDONLY)
                try:
                    os.fsync(file)
                finally:
                    os.close(file)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._failed(name, error) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a whole file, replacing it at once or not at all; a withheld diff is not. Raises EvidenceError."""
        if name == DIFF and not self.content:
            return
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
        """Write SHA256SUMS over every file: in the format of sha256sum(1), sorted by name."""
        files = {path.relative_to(self.path).as_posix(): path for path in self.path.rglob("*") if path.is_file()}
        lines = (f"{digest_of(files[name])}  {name}\n" for name in sorted(files) if name != SUMS)
        self.write(SUMS, "".join(lines).encode())

    def _failed(self, name: str, error: OSError) -> EvidenceError:
        message = f"evidence could not be written: {self.path / name}: {error.strerror}"
        return EvidenceError(message, "Free some space, or give another folder with --evidence DIR.")


def _is_ours(key: str, value: object) -> bool:
    if key in _IDS:
        return isinstance(value, str) and _ID.fullmatch(value) is not None
    return key in _OURS or key.endswith("sha256")


def _withheld(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return WITHHELD
    if isinstance(value, list | tuple):
        return [_withheld(inner) for inner in value]
    return {key: _withheld(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def digest_of(path: Path) -> str:
    """Return the sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
