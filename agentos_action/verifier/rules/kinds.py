"""Rule `kinds`: text in regular files only, and of new, deleted, renamed and executable files what the policy lets."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, FileChange
from agentos_action.records.policy import Policy
from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject

_NAMES = {MODE_LINK: "symlink", MODE_GITLINK: "submodule"}
_REGULAR = frozenset({MODE_FILE, MODE_EXEC})
_TEXT_ONLY = "A model may change text in regular files only."


def kinds(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every change that is more than text in a regular file, or of a kind the policy closes."""
    binary = {file.path for file in subject.patch.files if file.binary}
    for change in subject.patch.changes:
        yield from _closed(change, subject.policy)
        yield from _mode(change, subject.policy)
        if change.path in binary:
            yield _finding("kinds.binary", change, "its content is binary", _TEXT_ONLY)


def _closed(change: FileChange, policy: Policy) -> Iterator[Finding]:
    """Yield a finding where the policy lets no file come, go or get another name."""
    closed = {
        "create": ("kinds.new-file", "it is a new file", "Change files that are there", "allow_new_files"),
        "delete": ("kinds.delete", "it is deleted", "Leave the file in place", "allow_delete"),
        "rename": ("kinds.rename", f"it is renamed from {_shown(change.old_path)!r}", "Keep its name", "allow_rename"),
    }.get(change.kind)
    if closed is not None and not getattr(policy, closed[3]):
        code, said, instead, key = closed
        yield _finding(code, change, f"{said}, and {key} is false", f"{instead}, or set {key} = true.")


def _mode(change: FileChange, policy: Policy) -> Iterator[Finding]:
    modes = [version.mode for version in (change.old, change.new) if version is not None]
    odd = next((_NAMES[mode] for mode in modes if mode in _NAMES), None)
    if odd:
        yield _finding(f"kinds.{odd}", change, f"it is a {odd}", _TEXT_ONLY)
    elif not _REGULAR.issuperset(modes):
        yield _finding("kinds.mode", change, f"it has the file mode {modes[-1]:06o}", _TEXT_ONLY)
    elif len(set(modes)) > 1 and not policy.allow_exec_bit:
        said = f"its mode changes from {modes[0]:06o} to {modes[1]:06o}, and allow_exec_bit is false"
        yield _finding("kinds.mode", change, said, "Keep the file's mode, or set allow_exec_bit = true.")
    elif change.old is None and modes == [MODE_EXEC] and not policy.allow_exec_bit:
        said = "it is a new executable file, and allow_exec_bit is false"
        yield _finding("kinds.executable", change, said, "Make it a plain file, or set allow_exec_bit = true.")


def _finding(code: str, change: FileChange, said: str, hint: str) -> Finding:
    shown = _shown(change.path)
    return Finding(id=code, path=shown, message=f"{shown!r}: {said}", hint=hint)


def _shown(path: str | None) -> str:
    return (path or "").encode("utf-8", "replace").decode()
