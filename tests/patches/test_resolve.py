"""Whatever a model writes, reading it gives changes or findings: it never raises and never takes forever."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.parse import to_patch
from agentos_action.patches.resolve import Resolved
from agentos_action.records.patch import MODE_GITLINK, MODE_LINK, FileChange, FileVersion
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.records.task import EditFormat
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify
from tests.bases import Files, written
from tests.patches.making import changes, codes, contents, patch_of, read

BASE = Files(
    {"a.py": "one\ntwo\n", "b/c": b"\xff\r\n", "e": b"", "bin": b"\0", "l": "a.py"},
    {"l": MODE_LINK, "sub": MODE_GITLINK},
)
FORMATS: tuple[EditFormat, ...] = ("unified_diff", "structured")
ANY = st.text(st.characters(exclude_categories=()), max_size=60)
SCRAPS = st.sampled_from(
    [
        "--- a/a.py",
        "+++ b/a.py",
        "+++ /dev/null",
        "--- /dev/null",
        "+++ b/n\ud800w",
        "+++ b/n\udc80w",
        '+++ "b/\\377\\000"',
        '--- "a/\\8"',
        'rename from "\\9"',
        "--- a/sub",
        "+++ b/sub",
        "--- a/l",
        "+++ b/l",
        "--- a/bin",
        "+++ b/bin",
        "@@ -1 +1 @@",
        "@@ -999999999,1 +0,0 @@",
        "@@",
        "-one",
        " one",
        "+x",
        "+\ud800",
        "+\udce9",
        "+\0",
        "\\ No newline",
        "```diff",
        "```",
        "rename from a.py",
        "rename to n",
        "rename to ../x",
        "rename to e",
        "diff --git a/a.py b/a.py",
        "",
        "\t",
        "+++ b/",
        "+++ ",
        "+++ b//x",
        "+++ b/.git/config",
    ]
)
DIFFS = st.lists(st.one_of(SCRAPS, SCRAPS, ANY), max_size=12).map("\n".join)
JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | ANY,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["edits", "op", "path", "old", "new", "after", "to", "content"]), inner, max_size=4
        )
    ),
    max_leaves=8,
).map(json.dumps)
PATHS = (
    st.sampled_from(["a.py", "b/c", "e", "bin", "l", "sub", "n", "b", "", "/", "..", ".git/x", "\0", "a.py/x"]) | ANY
)
FIELDS = {"path": PATHS, "old": ANY, "new": ANY, "after": ANY, "to": PATHS, "content": ANY}


def _edit(op: str, *fields: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({"op": st.just(op), **{field: FIELDS[field] for field in fields}})


EDITS = st.lists(
    _edit("replace", "path", "old", "new")
    | _edit("insert_after", "path", "after", "new")
    | _edit("create", "path", "content")
    | _edit("delete", "path")
    | _edit("rename", "path", "to"),
    max_size=4,
).map(lambda edits: json.dumps({"edits": edits}))


def judged(found: Resolved) -> bool:
    """Walk a resolved answer to its verdict, as the pipeline does; return whether it was accepted."""
    assert bool(found.findings) != bool(found.changes) or found == Resolved()
    patch = to_patch(found.changes)
    verdict = verify(Subject(patch, Policy(), surroundings(BASE, patch.changes)), "0" * 64)
    assert written(verdict.result)
    assert all(written(finding) for finding in found.findings)
    return verdict.accepted is not None


@given(st.sampled_from(FORMATS), ANY)
def test_any_text_is_read_without_raising(edit_format: EditFormat, answer: str) -> None:
    assert judged(read(answer, BASE, edit_format)) in {True, False}


@settings(max_examples=150)
@given(DIFFS)
def test_any_scraps_of_a_diff_are_read_without_raising(answer: str) -> None:
    assert judged(read(answer, BASE)) in {True, False}


@settings(max_examples=150)
@given(EDITS | JSONS)
def test_any_json_is_read_without_raising(answer: str) -> None:
    assert judged(read(answer, BASE, "structured")) in {True, False}


@given(changes(), st.data())
def test_any_mutation_of_a_valid_diff_is_read_without_raising(change: FileChange, data: st.DataObject) -> None:
    diff = patch_of(change).text
    at = data.draw(st.integers(0, len(diff)))
    cut = data.draw(st.integers(0, 10))
    mutated = diff[:at] + data.draw(ANY) + diff[at + cut :]
    base = Files({change.old_path: change.old.content} if change.old_path and change.old else {})
    found = read(mutated, base)
    assert to_patch(found.changes).text or not found.changes or all(each.old == each.new for each in found.changes)


@given(contents(), contents(), contents())
def test_a_diff_against_any_other_base_is_placed_or_refused(old: bytes, new: bytes, other: bytes) -> None:
    diff = patch_of(FileChange("f", "f", FileVersion(old), FileVersion(new))).text
    found = read(diff, Files({"f": other}))
    assert found.findings or found.changes
    assert all(change.path for change in found.changes)


@pytest.mark.parametrize("edit_format", FORMATS)
def test_the_whole_answer_counts_in_bytes(edit_format: EditFormat) -> None:
    assert codes(read("é" * 6, BASE, edit_format, limit=11)) == ["size.answer"]
    assert codes(read("é" * 5, BASE, edit_format, limit=11)) != ["size.answer"]


LINES = "".join(f"line {number}\n" for number in range(5_000))


@pytest.mark.parametrize(
    ("edit_format", "answer"),
    [
        ("unified_diff", "--- a/f\n+++ b/f\n" + "".join(f"@@\n-line {n % 5000}\n+{n}\n" for n in range(40_000))),
        ("unified_diff", "".join(f"--- a/f{n}\n+++ b/f{n}\n@@\n-a\n+b\n" for n in range(25_000))),
        ("unified_diff", "".join(f"--- /dev/null\n+++ b/f{n}\n@@\n+b\n" for n in range(25_000))),
        ("unified_diff", "```diff\n" * 100_000),
        ("unified_diff", "~~~~\n```diff\n" * 50_000),
        (
            "structured",
            json.dumps(
                {"edits": [{"op": "replace", "path": "f", "old": f"line {n}\n", "new": f"{n}"} for n in range(15_000)]}
            ),
        ),
        (
            "structured",
            json.dumps({"edits": [{"op": "create", "path": f"n{n}", "content": ""} for n in range(18_000)]}),
        ),
        ("structured", "```json\n{\n```\n" * 60_000),
    ],
    ids=["hunks", "files", "new files", "fences", "mixed fences", "edits", "creates", "json blocks"],
)
def test_no_answer_is_a_trap_for_time(edit_format: EditFormat, answer: str) -> None:
    assert len(answer) < 1_500_000
    start = time.process_time()
    found = read(answer, Files({"f": LINES}), edit_format, limit=1_500_000)
    assert time.process_time() - start < 30
    assert found.findings or found.changes
