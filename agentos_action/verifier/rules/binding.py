"""Rule `binding`: an output of kind `diff` is a diff, and the parsed diff stands for exactly the changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from agentos_action.records.patch import DiffFile, FileChange
from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject

#: A section in short: kind, old and new name, all names, old and new mode (None where the header is silent).
_Said: TypeAlias = tuple[str, str | None, str | None, frozenset[str], tuple[int | None, int | None]]


def binding(subject: Subject) -> Iterator[Finding]:
    """Yield a finding where kind, diff text and changes do not say the same."""
    has_diff = bool(subject.patch.text)
    if has_diff != (subject.output_kind == "diff"):
        yield wrong_kind(subject.output_kind, "carries a diff" if has_diff else "carries none")
    parsed = [_told(file) for file in subject.patch.files]
    meant = [_meant(change) for change in subject.patch.changes]
    if sorted(parsed, key=str) != sorted(meant, key=str):
        message = "the canonical diff, read back, names other files, kinds or modes than were resolved"
        yield Finding(id="binding.mismatch", message=message, hint="Please report this with the evidence folder.")


def _told(file: DiffFile) -> _Said:
    """Return what a section says: its kind, its two names, every name its headers carry, and the modes it speaks of."""
    return file.kind, file.old_path, file.new_path, frozenset(file.names), (file.old_mode, file.new_mode)


def _meant(change: FileChange) -> _Said:
    """Return what the section of a change has to say; git speaks of a mode only where one comes, goes or changes."""
    old, new = (version.mode if version else None for version in (change.old, change.new))
    names = frozenset(name for name in (change.old_path, change.new_path) if name is not None)
    return change.kind, change.old_path, change.new_path, names, (None, None) if old == new else (old, new)


def wrong_kind(kind: str, said: str) -> Finding:
    """Return the finding for an output whose kind and content do not go together."""
    message = f"an output of kind {kind[:80]!r} {said}"
    return Finding(id="binding.kind", message=message, hint="Only an output of kind 'diff' carries a diff.")
