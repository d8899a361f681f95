"""The journal: who is alive, what is finished or undone, whose edits are left alone, what cannot be trusted."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.errors import ConflictError, UsageError
from agentos_action.executor import journal
from agentos_action.executor.commit import Executor
from agentos_action.executor.journal import Journal, Side, Step
from agentos_action.executor.pending import pending
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, git_run, make_repo
from tests.runs import state_of

NONCE = "0123456789abcdef"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n", "gone.txt": "x\n"})


def blob(repo: Path, text: str) -> str:
    return git(repo, "hash-object", "-w", "--stdin", stdin=text.encode()).strip()


def cut_short(repo: Path, *, moved: bool) -> Journal:
    """Leave the repository as a process that died right before or right after the branch moved."""
    old = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "read-tree", f"--index-output={repo}/.git/other", old)
    steps = (
        Step("a.txt", Side(blob(repo, "one\n"), 0o100644), Side(blob(repo, "1\n"), 0o100644)),
        Step("gone.txt", Side(blob(repo, "x\n"), 0o100644), None),
        Step("new/n.txt", None, Side(blob(repo, "n\n"), 0o100644)),
    )
    tree = git(repo, "mktree", stdin=_tree(repo).encode()).strip()
    new = git(repo, "commit-tree", tree, "-p", old, "-m", "new").strip()
    (repo / ".git/other").unlink()
    plan = Journal(NONCE, "refs/heads/main", old, new, steps, ("new",))
    (repo / ".git/agentos").mkdir(exist_ok=True)
    journal.write(repo / ".git", plan)
    journal.take_lock(repo / ".git/index.lock", journal.file_of(repo / ".git"))
    (repo / f".agentos-{NONCE}-0.part").write_text("hal")
    (repo / "new").mkdir()
    if moved:
        git(repo, "update-ref", "refs/heads/main", new)
    return plan


def _tree(repo: Path) -> str:
    below = git(repo, "mktree", stdin=f"100644 blob {blob(repo, chr(110) + chr(10))}\tn.txt\n".encode()).strip()
    rows = (f"100644 blob {blob(repo, '1' + chr(10))}\ta.txt", f"100644 blob {blob(repo, 'two' + chr(10))}\tb.txt")
    return "\n".join((*rows, f"040000 tree {below}\tnew")) + "\n"


def leftovers(repo: Path) -> list[str]:
    found = [*repo.glob("**/.agentos-*"), *(repo / ".git").rglob("*.lock"), *(repo / ".git/agentos").iterdir()]
    return sorted(path.name for path in found)


def test_nothing_pending_is_nothing_said(repo: Path) -> None:
    before = state_of(repo)
    assert not pending(repo / ".git")
    assert journal.recover(repo) is None
    assert state_of(repo) == before
    assert not (repo / ".git/agentos").exists()


def test_asking_whether_something_is_pending_loads_nothing_heavy() -> None:
    code = "import sys, agentos_action.executor.journal; print({'pygit2', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_before_the_branch_moved_it_is_undone(repo: Path) -> None:
    cut_short(repo, moved=False)
    assert "before the branch moved" in (journal.recover(repo) or "")
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / "a.txt").read_text() == "one\n"
    assert not (repo / "new").exists()
    assert leftovers(repo) == ["lock"]
    assert journal.recover(repo) is None


def test_after_the_branch_moved_it_is_finished(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    assert f"commit {plan.new[:10]} on 'main'" in (journal.recover(repo) or "")
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / "a.txt").read_text() == "1\n"
    assert (repo / "new/n.txt").read_text() == "n\n"
    assert not (repo / "gone.txt").exists()
    assert leftovers(repo) == ["lock"]


def test_the_next_commit_recovers_and_says_so(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    receipt = Executor(repo).commit(accept(plan.new, change("b.txt", b"two\n", b"2\n")), ORDER)
    assert [finding.id for finding in receipt.warnings] == ["worktree.recovered"]
    assert git(repo, "status", "--porcelain") == ""


def test_a_commit_on_top_since_does_not_hinder_finishing(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    top = git(repo, "commit-tree", f"{plan.new}^{{tree}}", "-p", plan.new, "-m", "top").strip()
    git(repo, "update-ref", "refs/heads/main", top)
    assert "brought up to it" in (journal.recover(repo) or "")
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.parametrize("path", ["a.txt", "gone.txt", "new/n.txt"])
def test_a_file_the_user_saved_since_is_left_alone_and_named(repo: Path, path: str) -> None:
    cut_short(repo, moved=True)
    (repo / path).write_text("mine\n")
    said = journal.recover(repo) or ""
    assert said.endswith(f"left alone, compare with `git diff HEAD`: {path} (it was saved at the same moment)")
    assert (repo / path).read_text() == "mine\n"


def test_what_the_user_staged_since_stays_staged(repo: Path) -> None:
    cut_short(repo, moved=True)
    (repo / ".git/index.lock").unlink()
    mine = blob(repo, "mine\n")
    git(repo, "update-index", "--cacheinfo", f"100644,{mine},a.txt")
    assert "left alone" in (journal.recover(repo) or "")
    assert git(repo, "ls-files", "-s", "a.txt").split()[1] == mine


def unlock(repo: Path) -> None:
    for lock in (repo / ".git").glob("*.lock"):
        lock.unlink()


@pytest.mark.parametrize("way", ["by hand", "revert", "add --all"])
def test_what_was_put_back_on_purpose_after_the_lock_was_removed_stays(repo: Path, way: str) -> None:
    cut_short(repo, moved=True)
    unlock(repo)
    if way == "add --all":
        (repo / f".agentos-{NONCE}-0").write_text("1\n")
        git(repo, "add", "--all")
    else:
        git(repo, "reset", "-q", "--hard")
        (repo / "a.txt").write_text("one\n")
        if way == "revert":
            git(repo, "add", "a.txt")
    before = git(repo, "ls-files", "-s", "--", "a.txt", "gone.txt", "new")
    said = journal.recover(repo) or ""
    assert "left alone" in said
    assert "a.txt (the index was unlocked by somebody else meanwhile)" in said
    assert (repo / "a.txt").read_text() == "one\n"
    assert git(repo, "ls-files", "-s", "--", "a.txt", "gone.txt", "new") == before
    assert ".agentos-" not in git(repo, "ls-files")
    assert leftovers(repo) == ["lock"]


def test_an_old_file_beside_a_new_entry_is_left_alone(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    os.link(repo / ".git/index.lock", repo / ".git/kept")
    unlock(repo)
    git(repo, "reset", "-q", "--hard")
    (repo / ".git/kept").rename(repo / ".git/index.lock")
    (repo / "a.txt").write_text("one\n")
    assert "left alone" in (journal.recover(repo) or "")
    assert (repo / "a.txt").read_text() == "one\n"
    assert git(repo, "rev-parse", "HEAD").strip() == plan.new


@pytest.mark.parametrize("there", ["new", "gone", "mine too"])
def test_a_users_bytes_that_a_death_left_under_our_name_come_back(repo: Path, there: str) -> None:
    cut_short(repo, moved=True)
    (repo / f".agentos-{NONCE}-0").write_text("mine\n")
    (repo / "a.txt").write_text({"new": "1\n"}.get(there, "mine too\n"))
    if there == "gone":
        (repo / "a.txt").unlink()
    assert "left alone" in (journal.recover(repo) or "")
    kept = repo / f".agentos-{NONCE}-0"
    found = {path.read_text() for path in (kept, repo / "a.txt") if path.exists()}
    assert found == ({"mine\n", "mine too\n"} if there == "mine too" else {"mine\n"})
    assert kept.exists() == (there == "mine too")
    assert not pending(repo / ".git")


def test_a_path_that_cannot_be_written_does_not_block_for_ever(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    long = dataclasses.replace(plan, steps=(*plan.steps, Step("x" * 300, None, plan.steps[0].new)))
    unlock(repo)
    journal.write(repo / ".git", long)
    journal.take_lock(repo / ".git/index.lock", journal.file_of(repo / ".git"))
    said = journal.recover(repo) or ""
    assert f"{'x' * 300} (it cannot be written (File name too long))" in said
    assert (repo / "a.txt").read_text() == "1\n"
    assert leftovers(repo) == ["lock"]


def test_head_stays_where_it_is_until_the_files_have_followed(repo: Path) -> None:
    cut_short(repo, moved=True)
    journal.take_lock(repo / ".git/HEAD.lock", journal.file_of(repo / ".git"))
    assert git_run(repo, "switch", "-c", "mine").returncode != 0
    assert "brought up to it" in (journal.recover(repo) or "")
    assert git_run(repo, "switch", "-C", "mine").returncode == 0


def test_a_head_that_another_git_holds_is_named(repo: Path) -> None:
    cut_short(repo, moved=True)
    lock = repo / ".git/HEAD.lock"
    lock.touch()
    with pytest.raises(ConflictError) as caught:
        journal.recover(repo)
    assert str(lock) in caught.value.hint
    lock.unlink()
    assert "brought up to it" in (journal.recover(repo) or "")


def test_another_branch_checked_out_since_is_not_written_to(repo: Path) -> None:
    plan = cut_short(repo, moved=True)
    (repo / ".git/index.lock").unlink()
    git(repo, "branch", "other", plan.old)
    git(repo, "symbolic-ref", "HEAD", "refs/heads/other")
    assert "shows another commit since" in (journal.recover(repo) or "")
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / "a.txt").read_text() == "one\n"
    assert leftovers(repo) == ["lock"]


def test_a_live_process_is_not_taken_for_a_dead_one(repo: Path) -> None:
    cut_short(repo, moved=True)
    before = state_of(repo)
    with journal.held(repo / ".git"), pytest.raises(ConflictError, match="another agentos"):
        journal.recover(repo)
    assert state_of(repo) == before


def test_a_live_process_makes_a_second_commit_a_conflict(repo: Path) -> None:
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change("a.txt", b"one\n", b"1\n"))
    before = state_of(repo)
    with journal.held(repo / ".git"), pytest.raises(ConflictError, match="another agentos"):
        Executor(repo).commit(accepted, ORDER)
    assert state_of(repo) == before


def test_an_index_that_another_git_holds_is_named_and_tried_again(repo: Path) -> None:
    cut_short(repo, moved=True)
    lock = repo / ".git/index.lock"
    lock.unlink()
    lock.write_text("somebody's")
    with pytest.raises(ConflictError) as caught:
        journal.recover(repo)
    assert str(lock) in caught.value.hint
    lock.unlink()
    # It is not known what the other git did.
    said = journal.recover(repo) or ""
    assert "only what lay about was removed; left alone" in said
    assert all(path in said for path in ("a.txt", "gone.txt", "new/n.txt"))
    assert (repo / "a.txt").read_text() == "one\n"
    assert leftovers(repo) == ["lock"]


@pytest.mark.parametrize(("content", "stays"), [(b"", False), (b"NEW\n", False), (b"4" * 40 + b"\n", True)])
def test_the_branchs_lock_goes_only_if_it_was_ours(repo: Path, content: bytes, stays: bool) -> None:  # noqa: FBT001
    plan = cut_short(repo, moved=False)
    lock = repo / ".git/refs/heads/main.lock"
    lock.write_bytes(content.replace(b"NEW", plan.new.encode()))
    os.utime(lock, (0, 0))
    said = journal.recover(repo) or ""
    assert lock.exists() == stays == (str(lock) in said)


def test_a_young_empty_lock_of_the_branch_is_waited_for(repo: Path) -> None:
    cut_short(repo, moved=False)
    (repo / ".git/refs/heads/main.lock").touch()
    journal.recover(repo)
    assert leftovers(repo) == ["lock"]


def test_a_folder_that_became_a_link_is_not_followed(repo: Path, tmp_path: Path) -> None:
    cut_short(repo, moved=True)
    (repo / "new").rmdir()
    (tmp_path / "outside").mkdir()
    (repo / "new").symlink_to(tmp_path / "outside")
    assert "left alone" in (journal.recover(repo) or "")
    assert list((tmp_path / "outside").iterdir()) == []


def edited(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, **fields}


def step(path: str, mode: int = 0o100644) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return edited(steps=[{"path": path, "old": None, "new": {"blob": "0" * 40, "mode": mode}}])


@pytest.mark.parametrize(
    "edit",
    [
        edited(version=2),
        edited(nonce="../../x"),
        edited(nonce=None),
        edited(ref="refs/heads/../../x"),
        edited(ref="HEAD"),
        edited(old="x"),
        edited(steps={}),
        edited(steps=[1]),
        edited(steps=[{"path": "a"}]),
        edited(folders=["../x"]),
        edited(folders=["/etc"]),
        edited(index="mine"),
        step("../outside"),
        step("/etc/passwd"),
        step("a//b"),
        step(".git/hooks/post-commit"),
        step("sub/.GIT/config"),
        step("a\0b"),
        step("\ud83d"),
        step("a", 0o160000),
    ],
)
def test_a_journal_that_leads_elsewhere_is_an_error_with_its_name(
    repo: Path, edit: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    cut_short(repo, moved=True)
    file = journal.file_of(repo / ".git")
    file.write_text(json.dumps(edit(json.loads(file.read_text()))))
    refused(repo, file)


@settings(max_examples=60)
@given(cut=st.integers(min_value=0, max_value=600), junk=st.binary(max_size=20))
def test_a_torn_journal_is_an_error_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "torn"
    (folder / "agentos").mkdir(parents=True, exist_ok=True)
    file = journal.file_of(folder)
    plan = Journal(NONCE, "refs/heads/main", "0" * 40, "1" * 40, (Step("a", None, Side("2" * 40, 0o100644)),))
    file.write_bytes(journal.encoded(plan)[:cut] + junk)
    if file.read_bytes().rstrip(b" \t\r\n") == journal.encoded(plan):
        assert journal.read(folder) == plan
        return
    try:
        assert isinstance(journal.read(folder), Journal)
    except UsageError as error:
        assert str(file) in error.hint  # noqa: PT017 - a journal that reads as another one is fine too


@pytest.mark.parametrize("kind", ["link", "folder", "deep", "missing objects"])
def test_a_journal_of_another_kind_is_an_error_with_its_name(repo: Path, tmp_path: Path, kind: str) -> None:
    plan = cut_short(repo, moved=True)
    file = journal.file_of(repo / ".git")
    if kind == "missing objects":
        file.write_text(file.read_text().replace(plan.steps[0].old.blob if plan.steps[0].old else "", "5" * 40))
    elif kind == "deep":
        file.write_text("[" * 100_000)
    else:
        file.unlink()
        file.mkdir() if kind == "folder" else file.symlink_to(tmp_path / "elsewhere")
    refused(repo, file)


def refused(repo: Path, file: Path) -> None:
    """Assert that recovery names the file, says what to do, and touches nothing but our own folder."""
    before = state_of(repo)
    with pytest.raises(UsageError) as caught:
        journal.recover(repo)
    assert str(file) in caught.value.hint
    before.pop(".git/index.lock", None)
    (repo / ".git/index.lock").unlink(missing_ok=True)
    (repo / f"new/.agentos-{NONCE}-2").unlink(missing_ok=True)
    after = state_of(repo)
    before.pop(f".agentos-{NONCE}-0.part")
    after.pop(f".agentos-{NONCE}-0.part", None)
    assert after == before


def test_a_linked_work_tree_has_its_own_journal(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "feat", str(tmp_path / "second"))
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change("a.txt", b"one\n", b"1\n"))
    with journal.held(repo / ".git"):
        assert Executor(tmp_path / "second").commit(accepted, ORDER).branch == "feat"
    assert (repo / ".git/worktrees/second/agentos/lock").exists()
