"""Answers with a unified diff: read with prose and fences around, placed exactly, refused by name where not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.records.patch import MODE_EXEC, FileChange, FileVersion
from tests.bases import Files
from tests.patches.making import after, codes, patch_of, read

BASE = Files({"a.py": "one\ntwo\nthree\n", "b/c.txt": "x\ny\nx\ny\n", "crlf.txt": b"one\r\ntwo\r\n", "empty": b""})
PLAIN = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"
NEW = b"one\nzwei\nthree\n"


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        f"```diff\n{PLAIN}```\n",
        f"Sure! Here it is.\n\n```diff\n{PLAIN}```\n\nI changed a line.",
        f"~~~patch\n{PLAIN}~~~",
        f"````\n{PLAIN}````",
        PLAIN.replace("\n", "\r\n"),
        f"```diff\n{PLAIN}```".replace("\n", "\r\n"),
        PLAIN.removesuffix("\n"),
        f"diff --git a/a.py b/a.py\nindex 123..456 100644\n{PLAIN}",
        PLAIN.replace("a/a.py", "a.py").replace("b/a.py", "a.py"),
        PLAIN.replace("a/a.py", "./a.py").replace("b/a.py", "./a.py"),
        PLAIN.replace("a/a.py", '"a/a.py"'),
        PLAIN.replace("a/a.py", "a/a.py\t2026-01-01 00:00:00"),
        PLAIN.replace("@@ -1,3 +1,3 @@", "@@ -70,9 +1,1 @@"),
        PLAIN.replace("@@ -1,3 +1,3 @@", "@@"),
        PLAIN.replace("@@ -1,3 +1,3 @@", "@@ def f(): @@"),
        PLAIN.replace("@@ -1,3 +1,3 @@", "@@ -1,3 +1,3 @@ def f():"),
        f"```python\nprint()\n```\nThen:\n```diff\n{PLAIN}```",
        f"```diff\n{PLAIN}```\nAgain:\n```diff\n{PLAIN}```",
        PLAIN.replace("a/a.py", '"a/\\141.py"'),
    ],
)
def test_the_same_change_in_many_dresses(answer: str) -> None:
    assert after(read(answer, BASE)) == {"a.py": NEW}


def test_several_files_in_one_answer() -> None:
    answer = f"```diff\n{PLAIN}--- a/b/c.txt\n+++ b/b/c.txt\n@@ -2,2 +2,2 @@\n-y\n+z\n x\n```"
    assert after(read(answer, BASE)) == {"a.py": NEW, "b/c.txt": b"x\nz\nx\ny\n"}


def test_a_new_a_deleted_and_a_renamed_file() -> None:
    created = "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n"
    deleted = "--- a/a.py\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n"
    renamed = "diff --git a/b/c.txt b/d.txt\nrename from b/c.txt\nrename to d.txt\n"
    assert after(read(created + deleted + renamed, BASE)) == {
        "new.txt": b"a\nb\n",
        "a.py": None,
        "b/c.txt": None,
        "d.txt": b"x\ny\nx\ny\n",
    }


def test_a_rename_may_change_lines_too() -> None:
    answer = "rename from a.py\nrename to z.py\n" + PLAIN.replace("b/a.py", "b/z.py")
    assert after(read(answer, BASE)) == {"a.py": None, "z.py": NEW}


def test_a_mode_stays_as_it_was() -> None:
    base = Files({"a.py": "one\ntwo\nthree\n"}, {"a.py": MODE_EXEC})
    (change,) = read(PLAIN, base).changes
    assert change.new == FileVersion(NEW, MODE_EXEC)


def test_the_header_s_number_decides_between_equal_places() -> None:
    hunk = "--- a/b/c.txt\n+++ b/b/c.txt\n@@ -{},2 +1,2 @@\n x\n-y\n+z\n"
    assert after(read(hunk.format(1), BASE)) == {"b/c.txt": b"x\nz\nx\ny\n"}
    assert after(read(hunk.format(3), BASE)) == {"b/c.txt": b"x\ny\nx\nz\n"}
    assert codes(read(hunk.format(2), BASE)) == ["patch.ambiguous"]


HEAD = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "patch.no-diff"),
        ("I cannot do that.", "patch.no-diff"),
        (f"{HEAD}-one\n+\ud800\n", "patch.encoding"),
        ("```python\nx = 1\n```", "patch.no-diff"),
        (f"```diff\n{PLAIN}", "patch.truncated"),
        (f"Here:\n```\n{PLAIN[:40]}", "patch.truncated"),
        (f"{HEAD}-nope\n+x\n", "patch.context-not-found"),
        (f"{HEAD} one\n-three\n+x\n", "patch.context-not-found"),
        (f"{HEAD}-ONE\n+x\n", "patch.context-not-found"),
        (f"{HEAD}-one \n+x\n", "patch.context-not-found"),
        (f"{HEAD}+x\n", "patch.no-context"),
        ("--- a/a.py\n+++ b/a.py\n", "patch.no-hunk"),
        ("--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n", "patch.file-missing"),
        ("--- a/b\n+++ b/b\n@@ -1 +1 @@\n-a\n+b\n", "patch.file-missing"),
        ("--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+b\n", "patch.file-exists"),
        ("--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+b\n", "patch.file-exists"),
        ("--- /dev/null\n+++ b/n.py\n@@ -1 +1 @@\n-a\n+b\n", "patch.file-missing"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "patch.bad-name"),
        ('--- "a/\\q"\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n', "patch.bad-name"),
        ('--- "a/\\8"\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n', "patch.bad-name"),
        ('--- "a/\\²"\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n', "patch.bad-name"),
        ('--- "a/\\400"\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n', "patch.bad-name"),
        ('--- "a/x\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n', "patch.bad-name"),
        ("--- a/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "patch.delete-mismatch"),
        (f"{HEAD} one\n-two\n+x\n@@ -2 +2 @@\n two\n-three\n+y\n", "patch.overlap"),
        (PLAIN + PLAIN.replace("b/a.py", "b/other.py"), "patch.contradiction"),
        ("rename from a.py\nrename to b/c.txt\n", "patch.file-exists"),
        ("rename from none\nrename to new\n", "patch.file-missing"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "patch.binary"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 3\n", "patch.binary"),
        ("diff --git a/a.py b/a.py\nold mode 100644\nnew mode 100755\n", "patch.mode-change"),
        ("diff --git a/a.py b/n.py\ncopy from a.py\ncopy to n.py\n", "patch.copy"),
    ],
)
def test_an_answer_that_cannot_be_placed_exactly_is_refused_by_name(answer: str, code: str) -> None:
    found = read(answer, BASE)
    assert codes(found) == [code]
    assert found.findings[0].hint
    assert found.changes == ()


@pytest.mark.parametrize("mode", ["120000", "160000", "100755"])
def test_a_new_file_that_is_no_plain_text_file_is_refused(mode: str) -> None:
    answer = f"diff --git a/n b/n\nnew file mode {mode}\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a.py\n"
    assert codes(read(answer, BASE)) == ["patch.mode-change"]


def test_an_answer_over_the_limit_is_refused() -> None:
    assert codes(read(PLAIN, BASE, limit=20)) == ["size.answer"]


@pytest.mark.parametrize(
    ("before", "diff", "expected"),
    [
        (b"one\r\ntwo\r\n", "-two\n+zwei\n", b"one\r\nzwei\r\n"),
        (b"\xef\xbb\xbfone\ntwo\n", "-two\n+zwei\n", b"\xef\xbb\xbfone\nzwei\n"),
        (b"one\ntwo", "-two\n+zwei\n", b"one\nzwei"),
        (b"one\ntwo", "-two\n\\ No newline at end of file\n+zwei\n", b"one\nzwei\n"),
        (b"one\ntwo\n", "-two\n+zwei\n\\ No newline at end of file\n", b"one\nzwei"),
        (b"one\r\ntwo", " two\n+three\n", b"one\r\ntwo\r\nthree"),
        (b"caf\xe9\ntwo\n", "-two\n+zwei\n", b"caf\xe9\nzwei\n"),
        (b"one\ntwo\x0cthree\n", "-one\n+1\n", b"1\ntwo\x0cthree\n"),
        (b"two\n", "-two\n", b""),
        (b"", "+one\n", b"one\n"),
        (b"", "+one\n\\ No newline at end of file\n", b"one"),
    ],
)
def test_line_ends_byte_order_mark_encoding_and_last_newline_stay(before: bytes, diff: str, expected: bytes) -> None:
    answer = f"```diff\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n{diff}```"
    assert after(read(answer, Files({"f": before}))) == {"f": expected}


LINE = st.text(alphabet="ab =#'\"\\-+`", max_size=6).filter(lambda line: not line.startswith(("-- ", "++ ")))
TEXT = st.lists(LINE, min_size=1, max_size=20).map(lambda lines: "\n".join(lines) + "\n")


@given(TEXT, TEXT, st.sampled_from(["a.py", "a b/ü.txt", "x b/y"]), st.sampled_from(["", "```"]))
def test_the_canonical_diff_is_an_answer_that_means_the_same(old: str, new: str, path: str, fence: str) -> None:
    diff = patch_of(FileChange(path, path, FileVersion(old.encode()), FileVersion(new.encode()))).text
    found = read(f"{fence}diff\n{diff}{fence}" if fence else diff, Files({path: old}))
    if old == new:
        assert codes(found) == ["patch.no-diff"]
    elif found.findings:
        # Blank lines at a hunk's end belong to nobody, so a hunk that only has those round it has no place.
        assert set(codes(found)) <= {"patch.no-context", "patch.ambiguous"}
    else:
        assert after(found) == {path: new.encode()}


def test_an_empty_file_beside_other_sections_is_refused_not_dropped() -> None:
    made = "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n"
    other = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n"
    for answer in (made + other, other + made):
        assert codes(read(answer, Files({"a": b"1\n"}))) == ["patch.no-hunk"]
