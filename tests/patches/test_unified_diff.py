"""Answers with a unified diff: read with prose and fences around, placed exactly, refused by name where not."""

from __future__ import annotations

import pytest

from agentos_action.records.patch import MODE_EXEC, FileVersion
from tests.bases import Files
from tests.patches.making import after, codes, read

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
        (f"```diff\n{PLAIN}".replace("@@ -1,3 +1,3 @@", "@@"), "patch.truncated"),
        (f"```diff\n{PLAIN[:-7]}", "patch.truncated"),
        (f"```diff\n{PLAIN[:-8]}", "patch.truncated"),
        (f"<patch>\n{PLAIN[:-7]}", "patch.truncated"),
        (PLAIN[:-9], "patch.truncated"),
        (f"Here:\n```\n{PLAIN[:40]}", "patch.truncated"),
        (f"{HEAD}-nope\n+x\n", "patch.context-not-found"),
        (f"{HEAD} four\n-three\n+x\n five\n", "patch.context-not-found"),
        (f"{HEAD}-ONE\n+x\n", "patch.context-not-found"),
        (f"{HEAD}-on e\n+x\n", "patch.context-not-found"),
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
        (f"{HEAD} one\n-two\n+x\n@@ -2 +2 @@\n-two\n-three\n+y\n", "patch.overlap"),
        (PLAIN + PLAIN.replace("b/a.py", "b/other.py"), "patch.name-mismatch"),
        ("rename from a.py\nrename to b/c.txt\n", "patch.file-exists"),
        ("rename from none\nrename to new\n", "patch.file-missing"),
        ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "patch.binary"),
        ("diff --git a/x b/x\nGIT binary patch\nliteral 3\n", "patch.binary"),
        ("diff --git a/a.py b/a.py\nold mode 100644\nnew mode 120000\n", "patch.mode-change"),
        ("diff --git a/a.py b/b/c.txt\ncopy from a.py\ncopy to b/c.txt\n", "patch.file-exists"),
        ("diff --git a/none b/n\ncopy from none\ncopy to n\n", "patch.file-missing"),
        ("@@ -1 +1 @@\n-one\n+x\n", "patch.no-file"),
        (f"diff --git a/other.py b/other.py\n{PLAIN}", "patch.name-mismatch"),
        (f"{PLAIN}\n> {PLAIN.replace(chr(10), chr(10) + '> ')}", "patch.mixed"),
        (f"<!--\n{PLAIN}-->\n", "patch.hidden"),
        ("--- a/a.py\n+++ b/a.py\n@@\n-two\n+x\n*** and\n+lost\n", "patch.malformed"),
        (f"{HEAD} one\n+two\n+three\n", "patch.already-applied"),
    ],
)
def test_an_answer_that_cannot_be_placed_exactly_is_refused_by_name(answer: str, code: str) -> None:
    found = read(answer, BASE)
    assert codes(found) == [code]
    assert found.findings[0].hint
    assert found.changes == ()


@pytest.mark.parametrize("mode", ["120000", "160000", "040000", "000000", "100888"])
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


def test_an_unclosed_fence_is_taken_where_the_counts_say_that_the_last_hunk_is_whole() -> None:
    assert after(read(f"```diff\n{PLAIN}", BASE)) == {"a.py": NEW}
    assert after(read(f"<patch>\n{PLAIN}", BASE)) == {"a.py": NEW}


@pytest.mark.parametrize(
    ("hunk", "expected", "rung"),
    [
        ("-two  \n+zwei\n", b"one\nzwei\nthree\n", "blanks"),
        ("   one\n-  two\n+  zwei\n   three\n", b"one\nzwei\nthree\n", "indent"),
        (" one\n-three\n+drei\n", b"one\ntwo\ndrei\n", "similar"),
    ],
)
def test_what_a_model_copied_wrongly_is_found_and_the_rung_is_told(hunk: str, expected: bytes, rung: str) -> None:
    found = read(f"```diff\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n{hunk}```\n", BASE)
    assert after(found) == {"a.py": expected}
    assert [placed.rung for placed in found.placements] == [rung]


def test_a_copy_leaves_the_first_file_and_may_change_the_second() -> None:
    head = "diff --git a/a.py b/n.py\nsimilarity index 80%\ncopy from a.py\ncopy to n.py\n"
    assert after(read(head, BASE)) == {"n.py": b"one\ntwo\nthree\n"}
    assert after(read(head + PLAIN.replace("b/a.py", "b/n.py"), BASE)) == {"n.py": NEW}


def test_an_empty_file_is_made_and_deleted_beside_other_sections() -> None:
    made = "diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n"
    gone = "diff --git a/empty b/empty\ndeleted file mode 100644\nindex e69de29..0000000\n"
    other = f"diff --git a/a.py b/a.py\n{PLAIN}"
    for answer in (made + gone + other, other + made + gone):
        assert after(read(answer, BASE)) == {"a.py": NEW, "e": b"", "empty": None}


def test_a_file_that_shows_a_diff_is_changed_as_any_other() -> None:
    text = "How a diff looks:\n--- a/x\n+++ b/x\ntwo\n"
    head = "diff --git a/n.md b/n.md\nindex 1..2 100644\n--- a/n.md\n+++ b/n.md\n@@ -2,3 +2,3 @@\n"
    answer = f"{head} --- a/x\n +++ b/x\n-two\n+zwei\n"
    assert after(read(answer, Files({"n.md": text}))) == {"n.md": text.replace("two", "zwei").encode()}
