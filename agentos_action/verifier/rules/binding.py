"""Rule `binding`: an output of kind `diff` is a diff, and the parsed diff stands for exactly the changes."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject


def binding(subject: Subject) -> Iterator[Finding]:
    """Yield a finding where kind, diff text and changes do not say the same."""
    has_diff = bool(subject.patch.text)
    if has_diff != (subject.output_kind == "diff"):
        yield wrong_kind(subject.output_kind, "carries a diff" if has_diff else "carries none")
    parsed = [(file.kind, file.old_path, file.new_path) for file in subject.patch.files]
    meant = sorted((change.kind, change.old_path, change.new_path) for change in subject.patch.changes)
    if sorted(parsed, key=str) != sorted(meant, key=str):
        message = "the canonical diff, read back, names other files or kinds than were resolved"
        yield Finding(id="binding.mismatch", message=message, hint="Please report this with the evidence folder.")


def wrong_kind(kind: str, said: str) -> Finding:
    """Return the finding for an output whose kind and content do not go together."""
    message = f"an output of kind {kind[:80]!r} {said}"
    return Finding(id="binding.kind", message=message, hint="Only an output of kind 'diff' carries a diff.")
