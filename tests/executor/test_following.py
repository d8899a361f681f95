"""Index and work tree follow the branch; a file saved in the moment between is left, a failure is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pygit2
import pytest

from agentos_action.errors import BoundaryError
from agentos_action.executor import journal, trees
from agentos_action.executor.commit import Executor, shown
from agentos_action.executor.following import Following
from agentos_action.executor.journal import Journal, Side, Step
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})


def moved(repo: Path) -> Following:
    """Bring a commit of a.txt, c.txt and without b.txt as far as the branch; index and work tree do not follow yet."""
    base = git(repo, "rev-parse", "HEAD").strip()
    changes = (change("a.txt", b"one\n", b"1\n"), change("b.txt", b"two\n", None), change("c.txt", None, b"c\n"))
    new = Executor(repo).commit(accept(base, *changes), dataclasses.replace(ORDER, branch="other")).commit
    sides = {text: Side(str(pygit2.hash(text)), 0o100644) for text in (b"one\n", b"1\n", b"two\n", b"c\n")}
    steps = (
        Step("a.txt", sides[b"one\n"], sides[b"1\n"]),
        Step("b.txt", sides[b"two\n"], None),
        Step("c.txt", None, sides[b"c\n"]),
    )
    following = Following(pygit2.Repository(str(repo)), Journal("0" * 16, "refs/heads/main", base, new, steps))
    (repo / ".git/agentos").mkdir(exist_ok=True)
    following.begin()
    following.take_index()
    following.stage()
    git(repo, "update-ref", "refs/heads/main", new)
    return following


@pytest.mark.parametrize("path", ["a.txt", "b.txt", "c.txt"])
def test_a_file_saved_meanwhile_is_left_alone_and_named(repo: Path, path: str) -> None:
    following = moved(repo)
    (repo / path).write_text("mine\n")
    (found,) = shown(following, ("a.txt", "b.txt", "c.txt"))
    assert (found.id, found.path) == ("worktree.left-alone", path)
    assert (repo / path).read_text() == "mine\n"
    assert git(repo, "diff", "--cached", "--name-only") == ""
    assert git(repo, "status", "--porcelain").split() == [{"b.txt": "??"}.get(path, "M"), path]


def test_a_work_tree_that_cannot_follow_is_a_warning_and_tried_again(repo: Path) -> None:
    following = moved(repo)
    index = repo / ".git/index"
    index.rename(repo / ".git/kept")
    index.mkdir()
    (found,) = shown(following, ("a.txt", "b c.txt"))
    assert (found.id, found.severity) == ("worktree.behind", "warning")
    assert "git checkout -- a.txt 'b c.txt'" in found.hint
    assert not (repo / ".git/index.lock").exists()
    index.rmdir()
    (repo / ".git/kept").rename(index)
    assert "brought up" in (journal.recover(repo) or "")
    assert git(repo, "status", "--porcelain") == ""


def test_an_index_entry_knows_its_file_so_that_git_need_not_read_it(repo: Path) -> None:
    shown(moved(repo), ())
    assert git(repo, "diff-files") == ""
    assert f"size: {len('1' + chr(10))}" in git(repo, "ls-files", "--debug", "a.txt")


def test_an_empty_folder_in_the_new_tree_is_a_violation(repo: Path) -> None:
    opened = pygit2.Repository(str(repo))
    old = opened.head.peel(pygit2.Tree)
    builder = opened.TreeBuilder(old)
    builder.insert("hollow", opened.TreeBuilder().write(), 0o040000)
    with pytest.raises(BoundaryError, match="differs from the verdict at new:hollow/"):
        trees.cross_check(opened, old, builder.write(), ())


@pytest.mark.parametrize("mode", ["100755", "120000", "160000"])
def test_another_mode_in_the_new_tree_is_a_violation(repo: Path, mode: str) -> None:
    opened = pygit2.Repository(str(repo))
    old = opened.head.peel(pygit2.Tree)
    first, second = git(repo, "ls-tree", "HEAD").splitlines()
    link = f"160000 commit {'7' * 40}\ta.txt"
    rows = f"{link if mode == '160000' else first.replace('100644', mode)}\n{second}\n"
    new = pygit2.Oid(hex=git(repo, "mktree", "--missing", stdin=rows.encode()).strip())
    with pytest.raises(BoundaryError, match=r"differs from the verdict at new:a\.txt, old:a\.txt"):
        trees.cross_check(opened, old, new, ())


def test_two_entries_of_one_name_are_a_violation(repo: Path) -> None:
    opened = pygit2.Repository(str(repo))
    raw = opened.head.peel(pygit2.Tree).read_raw()
    new = opened.odb.write(pygit2.enums.ObjectType.TREE, raw + raw)
    with pytest.raises(BoundaryError, match="not one that git would write"):
        trees.cross_check(opened, opened.head.peel(pygit2.Tree), new, ())
