"""The canonical diff before three judges: unidiff, the real git, and the executor's own exact apply."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

from agentos_action.executor.apply import contents as applied
from agentos_action.patches.names import quote, unquote
from agentos_action.patches.parse import parse
from agentos_action.patches.render import digest, render, shortest
from agentos_action.records.patch import MODE_EXEC, FileChange, FileVersion
from tests.git import git, git_run, init_repo
from tests.patches.making import NAMES, ODD_NAMES, accepted, changes, patch_of


@given(change=changes(ODD_NAMES))
def test_unidiff_reads_what_was_rendered(change: FileChange) -> None:
    patch = patch_of(change)
    assume(patch.text)
    (file,) = patch.files
    assert (file.kind, file.old_path, file.new_path) == (change.kind, change.old_path, change.new_path)
    assert set(file.names) == {name for name in (change.old_path, change.new_path) if name}
    assert not file.binary
    assert patch.sha256 == digest(patch.text)


@given(change=changes())
def test_the_counts_of_added_and_removed_lines_explain_the_change(change: FileChange) -> None:
    patch = patch_of(change)
    assume(patch.text)
    old, new = (change.old.content if change.old else b""), (change.new.content if change.new else b"")
    (file,) = patch.files
    assert len(file.added) - len(file.removed) == _count(new) - _count(old)


@given(change=changes())
def test_a_diff_is_never_shorter_than_was_known_before(change: FileChange) -> None:
    text = patch_of(change).text
    assert shortest([change]) <= len(text.encode("utf-8", "surrogateescape"))


def _count(content: bytes) -> int:
    return content.count(b"\n") + (not content.endswith(b"\n") and content != b"")


@given(change=changes())
def test_the_executor_gets_the_new_bytes_from_the_diff(change: FileChange) -> None:
    patch = patch_of(change)
    assume(patch.text)
    got = applied(accepted(patch))
    if change.new_path is not None:
        assert change.new is not None
        assert got[change.new_path] == change.new.content
    if change.old_path is not None and change.old_path != change.new_path:
        assert got[change.old_path] is None


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one repository that every example applies to."""
    return init_repo(tmp_path_factory.mktemp("judge") / "repo")


def _clear(repo: Path) -> None:
    for folder, folders, files in os.walk(repo, topdown=False):
        if Path(folder).is_relative_to(repo / ".git"):
            continue
        for name in files:
            (Path(folder) / name).unlink()
        for name in folders:
            if name != ".git":
                (Path(folder) / name).rmdir()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=changes())
def test_real_git_applies_it_and_gets_the_new_bytes(repo: Path, change: FileChange) -> None:
    patch = patch_of(change)
    assume(patch.text)
    _clear(repo)
    if change.old_path is not None and change.old is not None:
        (repo / change.old_path).parent.mkdir(parents=True, exist_ok=True)
        (repo / change.old_path).write_bytes(change.old.content)
    diff = patch.text.encode("utf-8", "surrogateescape")
    checked = git_run(repo, "apply", "--check", "--whitespace=nowarn", "-", stdin=diff)
    assert checked.returncode == 0, (checked.stderr, patch.text)
    git(repo, "apply", "--whitespace=nowarn", "-", stdin=diff)
    if change.new_path is not None:
        assert change.new is not None
        assert (repo / change.new_path).read_bytes() == change.new.content
    if change.old_path is not None and change.old_path != change.new_path:
        assert not (repo / change.old_path).exists()


@given(name=ODD_NAMES | NAMES)
def test_a_quoted_name_reads_back(name: str) -> None:
    assert unquote(quote(name)) == name


@pytest.mark.parametrize(
    "name", ["a b.txt", "ümlaut é.txt", 'quo"te.txt', "ta\tb", "b\\ck", "p b/q", "日本/語.md", "caf\udce9"]
)
def test_names_are_quoted_as_git_quotes_them(repo: Path, name: str) -> None:
    _clear(repo)
    path = repo / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x\n")
    git(repo, "add", "-A")
    theirs = git(repo, "-c", "core.quotePath=true", "diff", "--cached", "--no-ext-diff").split("\n")
    git(repo, "rm", "-rq", "--cached", ".")
    ours = render([FileChange(None, name, None, FileVersion(b"x\n"))]).split("\n")
    assert [line for line in theirs if not line.startswith("index ")] == ours


def test_several_changes_stand_in_the_order_of_their_names() -> None:
    new = FileVersion(b"x\n")
    patch = patch_of(*(FileChange(None, name, None, new) for name in ("c", "a", "b")))
    assert [file.path for file in patch.files] == ["a", "b", "c"]
    assert applied(accepted(patch)) == {"a": b"x\n", "b": b"x\n", "c": b"x\n"}


def test_a_change_that_changes_nothing_is_left_out() -> None:
    same = FileVersion(b"x\n")
    assert patch_of(FileChange("a", "a", same, same)).text == ""
    assert patch_of(FileChange("a", "b", same, same)).text != ""


def test_modes_links_and_binaries_are_told() -> None:
    old = FileVersion(b"x\n")
    mode = patch_of(FileChange("a", "a", old, FileVersion(b"x\n", MODE_EXEC))).files[0]
    assert (mode.old_mode, mode.new_mode, mode.hunks) == (0o100644, MODE_EXEC, 0)
    binary = patch_of(FileChange("a b", "a b", old, FileVersion(b"\0"))).files[0]
    assert (binary.binary, binary.path) == (True, "a b")


@pytest.mark.parametrize(
    "text",
    [
        "--- a/x\n+++ b/x\n",
        "diff --git x y\n",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
    ],
)
def test_a_diff_that_cannot_be_read_in_one_way_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"a\n" * 3_000, b"a\nb\n" * 3_000),
        (b"".join(b"%d\n\n" % n for n in range(2_000)), b"".join(b"%d\n\n" % -n for n in range(2_000))),
        (b"\n" * 200_000, b"x\n" + b"\n" * 200_000),
    ],
)
def test_no_pair_of_contents_is_a_trap_for_time(old: bytes, new: bytes) -> None:
    start = time.process_time()
    patch = patch_of(FileChange("a", "a", FileVersion(old), FileVersion(new)))
    assert time.process_time() - start < 20
    assert applied(accepted(patch)) == {"a": new}
