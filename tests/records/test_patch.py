"""Changes as values: what kind they are and what they are called."""

from __future__ import annotations

import pytest

from agentos_action.records.patch import ChangeKind, FileChange, FileVersion

OLD, NEW = FileVersion(b"a"), FileVersion(b"b")


@pytest.mark.parametrize(
    ("change", "kind", "path"),
    [
        (FileChange(None, "n", None, NEW), "create", "n"),
        (FileChange("o", None, OLD, None), "delete", "o"),
        (FileChange("o", "o", OLD, NEW), "modify", "o"),
        (FileChange("o", "n", OLD, OLD), "rename", "n"),
    ],
)
def test_a_change_knows_its_kind_and_name(change: FileChange, kind: ChangeKind, path: str) -> None:
    assert (change.kind, change.path) == (kind, path)
