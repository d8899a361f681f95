"""Every name that a header carries is judged, and has to be one of the change it stands for."""

from __future__ import annotations

import pytest

from agentos_action.patches.parse import parse, to_patch
from agentos_action.patches.render import digest
from agentos_action.patches.resolve import resolve
from agentos_action.records.patch import FileChange, FileVersion, Patch
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify
from tests.bases import BASE_ID, Files

OLD, NEW = FileVersion(b"a\n"), FileVersion(b"b\n")
CHANGE = FileChange("a.txt", "a.txt", OLD, NEW)
RENAME = FileChange("a.txt", "b.txt", OLD, NEW)
HEADERS = ["diff --git a/", "--- a/", "+++ b/", "rename from ", "rename to "]


def ids(patch: Patch) -> set[str]:
    """Return the ids of all errors that a patch gets."""
    return {finding.id for finding in verify(Subject(patch, Policy(), Surroundings(BASE_ID)), "0" * 64).result.errors}


def with_text(patch: Patch, text: str) -> Patch:
    """Return the patch with another diff than its changes give."""
    return Patch(text, digest(text), patch.changes, parse(text))


@pytest.mark.parametrize("change", [CHANGE, RENAME], ids=["change", "rename"])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(("other", "code"), [(".gitattributes", "protected.place"), ("../x", "paths.traversal")])
def test_a_name_in_any_one_header_is_judged_and_must_agree(
    change: FileChange, header: str, other: str, code: str
) -> None:
    patch = to_patch([change])
    lines = patch.text.split("\n")
    at = next((at for at, line in enumerate(lines) if line.startswith(header)), None)
    if at is None:
        assert header.startswith("rename")
        assert change is CHANGE
        return
    lines[at] = f"{header}{other}" + (" b/b.txt" if header.startswith("diff") else "")
    assert ids(with_text(patch, "\n".join(lines))) >= {code, "binding.mismatch"}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("change", [CHANGE, RENAME], ids=["change", "rename"])
def test_an_answer_whose_headers_disagree_is_refused_when_it_is_read(change: FileChange, header: str) -> None:
    lines = to_patch([change]).text.split("\n")
    at = next((at for at, line in enumerate(lines) if line.startswith(header)), None)
    if at is None:
        assert change is CHANGE
        return
    lines[at] = f"{header}other.txt" + (" b/other.txt" if header.startswith("diff") else "")
    resolved = resolve("\n".join(lines), "auto", Files({"a.txt": "a\n"}), 10**6)
    assert resolved.changes == ()
    assert resolved.findings
