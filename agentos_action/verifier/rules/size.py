"""Rule `size`: files, hunks, changed lines, bytes and line lengths stay within the policy's limits."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject


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
            yield Finding(id=code, message=message, hint=f"Split the task, or raise limits.{key}.")
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
