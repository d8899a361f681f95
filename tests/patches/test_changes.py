"""Sections against the base: operations on files, the names models write, and what contradicts itself."""

from __future__ import annotations

import pytest

from agentos_action.records.patch import MODE_EXEC, FileVersion
from tests.bases import Files
from tests.patches.making import after, codes, read

BASE = Files({"a.py": "one\ntwo\n", "b/x": "one\n", "i/y": "one\n", "plain": "one\n", "empty": ""}, {"b/x": MODE_EXEC})
HUNK = "@@ -1 +1 @@\n-one\n+1\n"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("a/plain", "b/plain", "plain"),
        ("plain", "plain", "plain"),
        ("./plain", "./plain", "plain"),
        ("a/./plain", "b/./plain", "plain"),
        ("b/x", "b/x", "b/x"),
        ("a/b/x", "b/b/x", "b/x"),
        ("i/plain", "w/plain", "plain"),
        ("c/plain", "w/plain", "plain"),
        ("i/y", "i/y", "i/y"),
        ("plain.orig", "plain", "plain"),
        ("a/plain.bak", "b/plain", "plain"),
        ("a/plain\t2024-01-01 10:00:00", "b/plain\t2024-01-02 10:00:00", "plain"),
        ("a/plain (original)", "b/plain (modified)", "plain"),
        ("`a/plain`", "`b/plain`", "plain"),
    ],
)
def test_a_name_is_the_one_that_the_base_knows(old: str, new: str, path: str) -> None:
    assert list(after(read(f"--- {old}\n+++ {new}\n{HUNK}", BASE))) == [path]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n", {"n": b"x\n"}),
        ("--- a/n\n+++ b/n\n@@ -0,0 +1 @@\n+x\n", {"n": b"x\n"}),
        ("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n", {"n": b"x"}),
        ("diff --git a/n b/n\nnew file mode 100644\n", {"n": b""}),
        ("--- a/plain\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", {"plain": None}),
        ("diff --git a/empty b/empty\ndeleted file mode 100644\n", {"empty": None}),
        ("rename from plain\nrename to n\n", {"plain": None, "n": b"one\n"}),
        (f"rename from plain\nrename to n\n--- a/plain\n+++ b/n\n{HUNK}", {"plain": None, "n": b"1\n"}),
        ("diff --git a/plain b/n\ncopy from plain\ncopy to n\n", {"n": b"one\n"}),
        ("--- a/empty\n+++ b/empty\n@@ -0,0 +1 @@\n+x\n", {"empty": b"x\n"}),
    ],
)
def test_files_are_made_deleted_renamed_and_copied(answer: str, expected: dict[str, bytes | None]) -> None:
    assert after(read(answer, BASE)) == expected


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("--- /dev/null\n+++ b/plain\n@@ -0,0 +1 @@\n+x\n", "patch.file-exists"),
        ("--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+x\n", "patch.file-exists"),
        ("--- /dev/null\n+++ b/n\n@@ -1 +1,2 @@\n x\n+y\n", "patch.file-missing"),
        ("--- /dev/null\n+++ b/n\n@@ -0,0 +1,2 @@\n+x\n+# ... rest of the code ...\n", "patch.elided"),
        (f"--- a/none\n+++ b/none\n{HUNK}", "patch.file-missing"),
        (f"--- a/plain\n+++ b/n\n{HUNK}", "patch.name-mismatch"),
        (f"--- a/none.orig\n+++ b/none\n{HUNK}", "patch.file-missing"),
        ("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "patch.delete-mismatch"),
        ("diff --git a/plain b/plain\ndeleted file mode 100644\n", "patch.delete-mismatch"),
        ("rename from plain\nrename to a.py\n", "patch.file-exists"),
        ("rename from plain\nrename to n\nrename from a.py\nrename to n\n", "patch.contradiction"),
        ("rename from plain\nrename to n\nrename from plain\nrename to m\n", "patch.contradiction"),
        (f"--- a/plain\n+++ b/plain\n{HUNK}--- a/plain\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "patch.contradiction"),
        (
            "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+y\n",
            "patch.contradiction",
        ),
    ],
)
def test_what_does_not_fit_the_base_or_itself_is_refused(answer: str, code: str) -> None:
    assert codes(read(answer, BASE)) == [code]


def test_a_new_file_told_twice_alike_counts_once() -> None:
    made = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
    assert after(read(made + made, BASE)) == {"n": b"x\n"}


def test_a_mode_goes_with_its_file() -> None:
    (change,) = read("rename from b/x\nrename to n\n", BASE).changes
    assert change.new == FileVersion(b"one\n", MODE_EXEC)


def test_every_section_that_does_not_fit_is_told_up_to_eight() -> None:
    wrong = "".join(f"--- a/none{n}\n+++ b/none{n}\n{HUNK}" for n in range(20))
    assert codes(read(wrong, BASE)) == ["patch.file-missing"] * 8
    assert codes(read(f"--- a/none\n+++ b/none\n{HUNK}--- a/plain\n+++ b/plain\n{HUNK}", BASE)) == [
        "patch.file-missing"
    ]


def test_an_old_western_encoding_stays_and_takes_only_its_own_characters() -> None:
    base = Files({"f": b"caf\xe9\none\n"})
    head = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n café\n-one\n"
    assert after(read(f"{head}+naïf\n", base)) == {"f": b"caf\xe9\nna\xeff\n"}
    assert codes(read(f"{head}+日本\n", base)) == ["patch.encoding"]
