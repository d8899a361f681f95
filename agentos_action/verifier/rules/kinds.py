"""Rule `kinds`: regular text files only; no links, submodules, binaries, mode or type changes."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, FileChange
from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject

_NAMES = {MODE_LINK: "symlink", MODE_GITLINK: "submodule"}


def kinds(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every change that is more than text in a regular file."""
    binary = {file.path for file in subject.patch.files if file.binary}
    for change in subject.patch.changes:
        modes = [version.mode for version in (change.old, change.new) if version is not None]
        odd = next((_NAMES[mode] for mode in modes if mode in _NAMES), None)
        if odd:
            yield _finding(f"kinds.{odd}", change, f"it is a {odd}")
        elif any(mode not in {MODE_FILE, MODE_EXEC} for mode in modes):
            yield _finding("kinds.mode", change, f"it has the file mode {modes[-1]:06o}")
        elif len(set(modes)) > 1:
            yield _finding("kinds.mode", change, f"its mode changes from {modes[0]:06o} to {modes[1]:06o}")
        elif change.old is None and modes == [MODE_EXEC]:
            yield _finding("kinds.executable", change, "it is a new executable file")
        if change.path in binary:
            yield _finding("kinds.binary", change, "its content is binary")


def _finding(code: str, change: FileChange, said: str) -> Finding:
    shown = change.path.encode("utf-8", "replace").decode()
    return Finding(id=code, path=shown, message=f"{shown!r}: {said}", hint="A model may change text files only.")
