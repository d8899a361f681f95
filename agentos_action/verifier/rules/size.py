"""Rule `size`: files, hunks, changed lines, bytes and line lengths stay within the policy's limits."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.policy import Limits
from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject

#: What exceeds the policy's limit and this is nobody's own work: its size alone is told, not each of its lines.
LARGEST_LISTED = 4 * 1024 * 1024
_SPLIT = "Split the task, or raise limits.{}."


def far_too_large(shortest: int, limits: Limits) -> Finding | None:
    """Return why a diff of at least so many bytes is refused before any line of it is read; None where it is read."""
    if shortest <= max(limits.max_diff_bytes, LARGEST_LISTED):
        return None
    message = (
        f"the patch has more than {shortest:,} bytes of diff, the policy allows {limits.max_diff_bytes:,};"
        " nothing else in it was looked at"
    )
    return Finding(id="size.diff", message=message, hint=_SPLIT.format("max_diff_bytes"))


def size(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every limit that the patch exceeds."""
    limits, patch = subject.policy.limits, subject.patch
    changed = sum(len(file.added) + len(file.removed) for file in patch.files)
    counts = (
        ("size.files", len(patch.files), limits.max_files, "max_files", "files"),
        ("size.hunks", sum(file.hunks for file in patch.files), limits.max_hunks, "max_hunks", "hunks"),
        ("size.lines", changed, limits.max_changed_lines, "max_changed_lines", "changed lines"),
        ("size.diff", _bytes(patch.text), limits.max_diff_bytes, "max_diff_bytes", "bytes of diff"),
    )
    for code, found, limit, key, what in counts:
        if found > limit:
            message = f"the patch has {found:,} {what}, more than the {limit:,} the policy allows"
            yield Finding(id=code, message=message, hint=_SPLIT.format(key))
    for file in patch.files:
        for line in file.added:
            length = _bytes(line.text.removesuffix("\n"))
            if length > limits.max_line_bytes:
                message = f"an added line has {length:,} bytes, more than {limits.max_line_bytes:,}"
                hint = "Break the line, or raise limits.max_line_bytes."
                path = file.path.encode("utf-8", "replace").decode()
                yield Finding(id="size.line", path=path, line=line.number, message=message, hint=hint)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
