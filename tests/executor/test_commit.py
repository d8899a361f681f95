"""The executor on real repositories: exact application, cross-checks, compare-and-swap."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.errors import BoundaryError, ConflictError, UsageError
from agentos_action.executor.apply import contents
from agentos_action.executor.commit import Executor
from agentos_action.records.patch import FileVersion
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, head_of, make_repo
from tests.runs import state_of


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\ntwo\n", "d/e/f.txt": "x\n", "run.sh": "echo\n"})


def test_the_tree_is_the_one_git_apply_would_make(repo: Path) -> None:
    base = head_of(repo)
    accepted = accept(base, change("a.txt", b"one\ntwo\n", b"one\n2\n"), change("new/g.txt", None, b"g\n"))
    receipt = Executor(repo / ".git").commit(accepted, ORDER)
    git(repo, "checkout", "-q", "-b", "peer", base)
    Path(repo, "p.diff").write_text(accepted.diff)
    git(repo, "apply", "--index", "p.diff")
    assert git(repo, "write-tree").strip() == receipt.tree


def test_the_mode_of_a_file_is_kept(repo: Path) -> None:
    git(repo, "update-index", "--chmod=+x", "run.sh")
    (repo / "run.sh").chmod(0o755)
    git(repo, "commit", "-qm", "executable")
    accepted = accept(head_of(repo), change("run.sh", b"echo\n", b"echo hi\n", 0o100755))
    Executor(repo / ".git").commit(accepted, ORDER)
    assert git(repo, "ls-tree", "HEAD", "run.sh").startswith("100755 ")
    assert git(repo, "status", "--porcelain") == ""


def test_folders_that_become_empty_go(repo: Path) -> None:
    Executor(repo / ".git").commit(accept(head_of(repo), change("d/e/f.txt", b"x\n", None)), ORDER)
    assert git(repo, "ls-tree", "-r", "--name-only", "HEAD") == "a.txt\nrun.sh\n"
    assert not (repo / "d").exists()


def test_bytes_that_are_not_those_of_the_base_are_a_violation(repo: Path) -> None:
    before = state_of(repo)
    accepted = accept(head_of(repo), change("a.txt", b"other\ntwo\n", b"other\n2\n"))
    with pytest.raises(BoundaryError, match=r"differs from the verdict at .*a\.txt"):
        Executor(repo / ".git").commit(accepted, dataclasses.replace(ORDER, branch="elsewhere"))
    assert state_of(repo) == before


def test_a_diff_that_is_not_the_accepted_one_is_a_violation(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    object.__setattr__(accepted, "diff", accepted.diff.replace("+2", "+3"))
    with pytest.raises(BoundaryError, match="not the one that was accepted"):
        contents(accepted)


def test_contents_that_are_not_the_diffs_are_a_violation(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    evil = dataclasses.replace(accepted.changes[0], new=FileVersion(b"evil\n"))
    object.__setattr__(accepted, "changes", (evil,))
    with pytest.raises(BoundaryError, match="gives other bytes"):
        contents(accepted)


def test_a_branch_that_moved_is_a_conflict(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    git(repo, "commit", "-q", "--allow-empty", "-m", "moved")
    before = state_of(repo)
    with pytest.raises(ConflictError, match="the run began at"):
        Executor(repo / ".git").commit(accepted, ORDER)
    assert state_of(repo) == before


def test_a_branch_that_is_locked_is_a_conflict_that_names_the_lock(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    lock = repo / ".git/refs/heads/main.lock"
    lock.touch()
    with pytest.raises(ConflictError) as caught:
        Executor(repo / ".git").commit(accepted, ORDER)
    assert "main.lock" in caught.value.hint
    assert (repo / "a.txt").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "a.lock", "/a", "a~1", ""])
def test_a_name_that_no_branch_can_have_is_a_usage_error(repo: Path, name: str) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises(UsageError, match="cannot be a branch name"):
        Executor(repo / ".git").commit(accepted, dataclasses.replace(ORDER, branch=name))


def test_staged_edits_of_a_touched_file_are_in_the_way(repo: Path) -> None:
    (repo / "a.txt").write_text("staged\n")
    git(repo, "add", "a.txt")
    before = state_of(repo)
    with pytest.raises(ConflictError, match=r"a\.txt"):
        Executor(repo / ".git").commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    assert state_of(repo) == before


def test_staged_edits_elsewhere_stay_staged(repo: Path) -> None:
    (repo / "run.sh").write_text("staged\n")
    git(repo, "add", "run.sh")
    Executor(repo / ".git").commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    assert git(repo, "status", "--porcelain") == "M  run.sh\n"
    assert git(repo, "show", "HEAD:run.sh") == "echo\n"


def test_a_bare_repository_is_committed_to(repo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(repo, "clone", "-q", "--bare", str(repo), str(bare))
    receipt = Executor(bare).commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    assert git(bare, "show", "main:a.txt") == "one\n2\n"
    assert not receipt.worktree_follows


def test_an_ignored_file_in_the_way_is_a_conflict(repo: Path) -> None:
    (repo / ".git/info/exclude").write_text("secret.txt\n")
    (repo / "secret.txt").write_text("mine\n")
    with pytest.raises(ConflictError):
        Executor(repo / ".git").commit(accept(head_of(repo), change("secret.txt", None, b"theirs\n")), ORDER)
    assert (repo / "secret.txt").read_text() == "mine\n"


def test_no_identity_falls_back_to_the_bot(repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git(repo, "config", "--unset", "user.name")
    git(repo, "config", "--unset", "user.email")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    before = pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL]
    pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = str(tmp_path / "nobody")
    try:
        Executor(repo / ".git").commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    finally:
        pygit2.settings.search_path[pygit2.enums.ConfigLevel.GLOBAL] = before
    assert git(repo, "log", "-1", "--format=%an") == "AgentOS Action\n"


def test_an_index_that_another_git_holds_is_a_conflict(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    (repo / ".git/index.lock").touch()
    before = state_of(repo)
    with pytest.raises(ConflictError) as caught:
        Executor(repo / ".git").commit(accepted, ORDER)
    assert "index.lock" in caught.value.hint
    assert state_of(repo) == before


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_parent_that_is_no_folder_any_more_is_in_the_way(repo: Path, tmp_path: Path, kind: str) -> None:
    blocked = repo / "d"
    (blocked / "e/f.txt").unlink()
    (blocked / "e").rmdir()
    blocked.rmdir()
    blocked.write_text("mine\n") if kind == "file" else blocked.symlink_to(tmp_path)
    with pytest.raises(ConflictError, match=r"d/new\.txt"):
        Executor(repo / ".git").commit(accept(head_of(repo), change("d/new.txt", None, b"x\n")), ORDER)
    assert not (tmp_path / "new.txt").exists()


def test_an_acceptance_cannot_be_copied_with_another_diff(repo: Path) -> None:
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(accepted, diff="", diff_sha256="0" * 64)  # type: ignore[call-arg]


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_edits_that_the_index_is_told_not_to_see_are_in_the_way_too(repo: Path, flag: str) -> None:
    git(repo, "update-index", flag, "a.txt")
    (repo / "a.txt").write_text("one\ntwo\nmine\n")
    with pytest.raises(ConflictError, match=r"a\.txt"):
        Executor(repo).commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    assert (repo / "a.txt").read_text() == "one\ntwo\nmine\n"


def test_line_endings_that_git_converts_are_not_edits(repo: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    (repo / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    Executor(repo).commit(accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n")), ORDER)
    assert (repo / "a.txt").read_bytes() == b"one\r\n2\r\n"
    assert git(repo, "show", "HEAD:a.txt") == "one\n2\n"


def test_a_file_that_goes_through_a_filter_is_refused(repo: Path) -> None:
    (repo / ".git/info").mkdir(exist_ok=True)
    (repo / ".git/info/attributes").write_text("a.txt filter=lfs\n")
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises(UsageError, match="filter 'lfs'"):
        Executor(repo).commit(accepted, ORDER)
    assert Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch="other")).branch == "other"


def test_a_branch_that_another_work_tree_shows_is_left_alone(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "feat")
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises(ConflictError, match="another work tree"):
        Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch="feat"))
    receipt = Executor(tmp_path / "second").commit(accepted, ORDER)
    assert receipt.branch == "feat"
    assert git(tmp_path / "second", "status", "--porcelain") == ""


def test_a_git_folder_elsewhere_has_the_right_work_tree(tmp_path: Path) -> None:
    (tmp_path / "gd").mkdir()
    (tmp_path / "gd/a.txt").write_text("somebody else's\n")
    place = tmp_path / "repo"
    place.mkdir()
    git(place, "init", "-q", "--separate-git-dir", str(tmp_path / "gd/own.git"))
    (place / "a.txt").write_text("one\n")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "start")
    Executor(place).commit(accept(head_of(place), change("a.txt", b"one\n", b"1\n")), ORDER)
    assert (place / "a.txt").read_text() == "1\n"
    assert (tmp_path / "gd/a.txt").read_text() == "somebody else's\n"


def test_a_branch_through_a_symbolic_one_is_moved_itself(repo: Path) -> None:
    git(repo, "branch", "real")
    git(repo, "symbolic-ref", "refs/heads/alias", "refs/heads/real")
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    assert Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch="alias")).branch == "real"
    assert git(repo, "symbolic-ref", "refs/heads/alias") == "refs/heads/real\n"


def test_a_name_that_clashes_with_another_branch_says_so(repo: Path) -> None:
    git(repo, "branch", "a")
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises(UsageError, match="cannot be made"):
        Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch="a/b"))


def test_a_split_index_is_refused_by_name(repo: Path) -> None:
    git(repo, "update-index", "--split-index")
    accepted = accept(head_of(repo), change("a.txt", b"one\ntwo\n", b"one\n2\n"))
    with pytest.raises(UsageError) as caught:
        Executor(repo).commit(accepted, ORDER)
    assert "--no-split-index" in caught.value.hint


@settings(max_examples=40)
@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"\xff\n"]), max_size=30), st.data())
def test_any_change_of_lines_is_applied_byte_for_byte(old: list[bytes], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.sampled_from([*old, b"x\n", b"last"]), max_size=30))
    before, after = b"".join(old), b"".join(new)
    if before != after:
        assert contents(accept("0" * 40, change("f", before, after))) == {"f": after}
