"""Every kind of repository is committed to, or refused by name with the way out (`docs/executor.md` lists them)."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pygit2
import pytest

from agentos_action.errors import AgentOSError, ConflictError, UsageError
from agentos_action.executor import trees, worktree
from agentos_action.executor.commit import Executor
from agentos_action.records.verdict import Accepted
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, git_run, init_repo, make_repo
from tests.runs import state_of

OTHER = dataclasses.replace(ORDER, branch="other")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n", "d/b.txt": "two\n", "e/c.txt": "three\n"})


def wanted(repo: Path) -> Accepted:
    return accept(git(repo, "rev-parse", "HEAD").strip(), change("a.txt", b"one\n", b"1\n"))


def committed(repo: Path, shown: bytes = b"1\n") -> None:
    """Commit onto the checked-out branch and another one; assert that git is content with both."""
    accepted = wanted(repo)
    assert Executor(repo).commit(accepted, OTHER).branch == "other"
    receipt = Executor(repo).commit(accepted, ORDER)
    assert receipt.worktree_follows
    assert receipt.warnings == ()
    assert git(repo, "show", "other:a.txt") == git(repo, "show", "HEAD:a.txt") == "1\n"
    assert (repo / "a.txt").read_bytes() == shown
    assert git(repo, "status", "--porcelain", "--untracked-files=no") == ""
    assert git_run(repo, "diff-files", "--quiet").returncode == 0
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def refused(repo: Path, error: type[AgentOSError], match: str, branch: str | None = None) -> AgentOSError:
    """Assert that it is refused with a hint, and that nothing but loose objects and our own folder is new."""
    accepted, before = wanted(repo), state_of(repo)
    with pytest.raises(error, match=match) as caught:
        Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch=branch))
    assert caught.value.hint
    assert state_of(repo) == before
    return caught.value


def test_a_plain_one(repo: Path) -> None:
    committed(repo)


def test_sha256_is_refused_by_name(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "new")
    with pytest.raises(UsageError, match="unknown object format 'sha256'") as caught:
        Executor(tmp_path / "new")
    assert "SHA-256" in caught.value.hint


def test_reftable_is_refused_by_name(repo: Path) -> None:
    git(repo, "config", "core.repositoryformatversion", "1")
    git(repo, "config", "extensions.refstorage", "reftable")
    with pytest.raises(UsageError, match=r"extensions\.refstorage") as caught:
        Executor(repo)
    assert "reftable" in caught.value.hint


def test_a_shallow_clone(repo: Path, tmp_path: Path) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "second")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    committed(tmp_path / "shallow")


def test_a_partial_clone_that_lacks_what_is_touched_is_refused(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=tree:0", f"file://{repo}", "partial")
    with pytest.raises(UsageError, match="not in this repository") as caught:
        Executor(tmp_path / "partial").commit(wanted(repo), OTHER)
    assert "partial clone" in caught.value.hint


def test_a_partial_clone_that_has_what_is_touched(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    committed(tmp_path / "partial")


def test_a_detached_head_needs_a_branch(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    assert "--branch" in refused(repo, UsageError, "HEAD is detached").hint
    assert not Executor(repo).commit(wanted(repo), OTHER).worktree_follows


@pytest.mark.parametrize("branch", [None, "fresh"])
def test_an_unborn_branch_is_refused_and_another_is_not(repo: Path, branch: str | None) -> None:
    accepted = wanted(repo)
    git(repo, "symbolic-ref", "HEAD", "refs/heads/fresh")
    before = state_of(repo)
    with pytest.raises(UsageError, match="has no commit yet"):
        Executor(repo).commit(accepted, dataclasses.replace(ORDER, branch=branch))
    assert state_of(repo) == before
    assert Executor(repo).commit(accepted, OTHER).branch == "other"


def test_a_linked_work_tree_of_a_bare_repository(repo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    git(bare, "worktree", "add", "-q", str(tmp_path / "main"), "main")
    with pytest.raises(ConflictError, match="another work tree"):
        Executor(bare).commit(wanted(repo), ORDER)
    committed(tmp_path / "main")


def test_a_branch_that_is_being_rebased_is_left_alone(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "feature")
    (repo / "a.txt").write_text("mine\n")
    git(repo, "commit", "-qam", "mine")
    git(repo, "checkout", "-q", "main")
    (repo / "a.txt").write_text("theirs\n")
    git(repo, "commit", "-qam", "theirs")
    assert git_run(repo, "rebase", "main", "feature").returncode == 1
    tip = git(repo, "rev-parse", "feature").strip()
    with pytest.raises(ConflictError, match="being rebased") as caught:
        Executor(repo).commit(
            accept(tip, change("e/c.txt", b"three\n", b"3\n")), dataclasses.replace(ORDER, branch="feature")
        )
    assert "git rebase" in caught.value.hint


@pytest.mark.parametrize(
    ("setting", "attributes", "stored", "shown"),
    [
        ("true", "", "1\n", "1\r\n"),
        ("input", "", "1\n", "1\n"),
        ("false", "*.txt text eol=crlf\n", "1\n", "1\r\n"),
        ("true", "*.txt -text\n", "1\n", "1\n"),
        ("false", "*.txt text=auto\n", "1\n", "1\n"),
        ("false", "*.txt ident\n", "1 $Id$\n", None),
        ("true", "*.txt working-tree-encoding=UTF-8\n", "1\n", ""),
        ("false", "*.txt filter=lfs\n", "1\n", ""),
        ("false", "[attr]big filter=lfs\n*.txt big\n", "1\n", ""),
    ],
)
def test_line_endings_and_attributes_are_as_git_would_write_them(
    tmp_path: Path, setting: str, attributes: str, stored: str, shown: str | None
) -> None:
    repo = init_repo(tmp_path / "repo")
    git(repo, "config", "core.autocrlf", setting)
    (repo / ".gitattributes").write_text(attributes)
    (repo / "a.txt").write_bytes(b"one\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "start")
    (repo / "a.txt").unlink()
    git(repo, "checkout", "-q", "--", "a.txt")
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change("a.txt", b"one\n", stored.encode()))
    if shown == "":
        with pytest.raises(UsageError, match="only git itself") as caught:
            Executor(repo).commit(accepted, ORDER)
        assert "--branch" in caught.value.hint
        assert Executor(repo).commit(accepted, OTHER).branch == "other"
        return
    Executor(repo).commit(accepted, ORDER)
    assert git(repo, "status", "--porcelain") == ""
    written = (repo / "a.txt").read_bytes()
    (repo / "a.txt").unlink()
    git(repo, "checkout", "-q", "--", "a.txt")
    assert written == (repo / "a.txt").read_bytes()
    assert shown is None or written == shown.encode()


def test_attributes_that_change_are_refused_where_the_work_tree_would_have_to_follow(repo: Path) -> None:
    (repo / "d/.gitattributes").write_text("* -text\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "attributes")
    before = b"* -text\n"
    subject = change("d/.gitattributes", before, b"* text\n")
    # The policy refuses it earlier, so this is not asked by way of a commit.
    with pytest.raises(UsageError, match="changes how git writes"):
        worktree.require_clean(pygit2.Repository(str(repo)), {subject.path: subject.old})


def test_a_sparse_checkout(repo: Path) -> None:
    git(repo, "sparse-checkout", "set", "d")
    committed(repo)
    assert not (repo / "e").exists()


def test_a_file_outside_a_sparse_checkout_is_refused_by_name(repo: Path) -> None:
    git(repo, "sparse-checkout", "set", "d")
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change("e/c.txt", b"three\n", b"3\n"))
    before = state_of(repo)
    with pytest.raises(UsageError, match=r"outside the sparse checkout: e/c\.txt") as caught:
        Executor(repo).commit(accepted, ORDER)
    assert "--branch" in caught.value.hint
    assert state_of(repo) == before
    assert Executor(repo).commit(accepted, OTHER).branch == "other"


@pytest.mark.parametrize("kind", ["sparse", "split"])
def test_an_index_that_libgit2_cannot_read_is_refused_by_name(repo: Path, kind: str) -> None:
    if kind == "sparse":
        git(repo, "sparse-checkout", "set", "--cone", "--sparse-index", "d")
    else:
        git(repo, "update-index", "--split-index")
    assert "index" in refused(repo, UsageError, "the index cannot be read").hint
    assert Executor(repo).commit(wanted(repo), OTHER).branch == "other"


def test_the_caches_that_git_keeps_in_its_index(repo: Path) -> None:
    git(repo, "config", "core.untrackedCache", "true")
    git(repo, "config", "index.version", "4")
    git(repo, "update-index", "--index-version", "4", "--force-untracked-cache")
    git(repo, "update-index", "--fsmonitor")
    git(repo, "status")
    (repo / "mine.txt").write_text("x\n")
    committed(repo)
    assert "?? mine.txt" in git(repo, "status", "--porcelain")


def test_a_submodule_elsewhere_stays_as_it_is(repo: Path, tmp_path: Path) -> None:
    inner = make_repo(tmp_path / "inner", {"x": "x\n"})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    git(repo, "commit", "-qm", "submodule")
    git(repo, "config", "protocol.file.allow", "always")
    before = git(repo, "ls-tree", "HEAD", "sub")
    committed(repo)
    assert git(repo, "ls-tree", "HEAD", "sub") == before


def test_packed_branches(repo: Path) -> None:
    git(repo, "branch", "other")
    git(repo, "pack-refs", "--all")
    committed(repo)


@pytest.mark.parametrize("name", ["packed", "packed/below"])
@pytest.mark.parametrize("there", ["packed", "packed/below"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_branch_in_anothers_way_says_so(repo: Path, name: str, there: str, packed: bool) -> None:  # noqa: FBT001
    git(repo, "branch", there)
    if packed:
        git(repo, "pack-refs", "--all")
    if name == there:
        assert Executor(repo).commit(wanted(repo), dataclasses.replace(ORDER, branch=name)).branch == name
    else:
        assert "exclude each other" in refused(repo, UsageError, "cannot be made", name).hint


def test_a_symbolic_branch_that_leads_nowhere_or_elsewhere(repo: Path) -> None:
    git(repo, "symbolic-ref", "refs/heads/tag", "refs/tags/v1")
    git(repo, "tag", "v1")
    refused(repo, UsageError, "is no branch", "tag")
    git(repo, "symbolic-ref", "refs/heads/loop", "refs/heads/pool")
    git(repo, "symbolic-ref", "refs/heads/pool", "refs/heads/loop")
    refused(repo, UsageError, "does not end", "loop")


def test_a_symbolic_head_is_followed(repo: Path) -> None:
    git(repo, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(repo, "symbolic-ref", "HEAD", "refs/heads/alias")
    committed(repo)
    assert (repo / ".git/HEAD").read_text() == "ref: refs/heads/alias\n"


@pytest.mark.parametrize("name", ["packed-refs.lock", "config.lock"])
def test_a_lock_that_is_not_needed_is_not_tripped_on(repo: Path, name: str) -> None:
    accepted = wanted(repo)
    (repo / ".git" / name).touch()
    assert Executor(repo).commit(accepted, OTHER).branch == "other"
    assert Executor(repo).commit(accepted, ORDER).branch == "main"


def test_the_lock_of_a_branch_is_named_in_a_linked_work_tree_too(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "feat", str(tmp_path / "second"))
    lock = repo / ".git/refs/heads/feat.lock"
    lock.touch()
    assert str(lock) in refused(tmp_path / "second", ConflictError, "is locked").hint


def test_objects_in_an_alternate(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--shared", str(repo), "shared")
    git(tmp_path / "shared", "config", "user.name", "Ada")
    assert (tmp_path / "shared/.git/objects/info/alternates").exists()
    committed(tmp_path / "shared")


def test_a_repository_shared_by_a_group_keeps_the_index_readable(repo: Path) -> None:
    git(repo, "config", "core.sharedRepository", "group")
    (repo / ".git/index").chmod(0o664)
    committed(repo)
    assert (repo / ".git/index").stat().st_mode & 0o777 == 0o664


def test_objects_that_cannot_be_written_are_an_error_that_says_so(repo: Path) -> None:
    accepted = wanted(repo)
    objects = repo / ".git/objects"
    git(repo, "repack", "-adq")
    for folder in objects.iterdir():
        if len(folder.name) == 2:
            folder.rmdir()
    # A file where each folder would have to be: not even root can write there.
    for number in range(256):
        (objects / f"{number:02x}").touch()
    before = state_of(repo)
    for order in (ORDER, OTHER):
        with pytest.raises(UsageError, match="cannot be written") as caught:
            Executor(repo).commit(accepted, order)
        assert "permissions" in caught.value.hint
    assert state_of(repo) == before


def test_keys_in_any_case_are_the_same_setting(repo: Path) -> None:
    with (repo / ".git/config").open("a") as file:
        file.write("[CORE]\n\tAUTOCRLF = TRUE\n")
    (repo / "a.txt").write_bytes(b"one\r\n")
    git(repo, "add", "a.txt")
    committed(repo, b"1\r\n")


def test_variables_of_git_are_not_listened_to(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repo(tmp_path / "other", {"a.txt": "one\n"})
    before = state_of(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    committed(repo)
    assert state_of(other) == before


def test_files_of_a_merge_conflict_are_in_the_way(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "feature")
    (repo / "a.txt").write_text("mine\n")
    git(repo, "commit", "-qam", "mine")
    git(repo, "checkout", "-q", "main")
    (repo / "a.txt").write_text("theirs\n")
    git(repo, "commit", "-qam", "theirs")
    assert git_run(repo, "merge", "feature").returncode == 1
    before = state_of(repo)
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change("a.txt", b"theirs\n", b"1\n"))
    with pytest.raises(ConflictError, match=r"in the way: a\.txt"):
        Executor(repo).commit(accepted, ORDER)
    assert state_of(repo) == before


@pytest.mark.parametrize(("staged", "new"), [("n", "n/x.txt"), ("n/x.txt", "n"), ("n", "n")])
def test_what_is_staged_where_a_new_file_goes_is_in_the_way(repo: Path, staged: str, new: str) -> None:
    (repo / staged).parent.mkdir(exist_ok=True)
    (repo / staged).write_text("mine\n")
    git(repo, "add", "-N" if staged == new else "--", staged)
    (repo / staged).unlink()
    if staged != "n":
        (repo / "n").rmdir()
    before = state_of(repo)
    accepted = accept(git(repo, "rev-parse", "HEAD").strip(), change(new, None, b"x\n"))
    with pytest.raises(ConflictError, match="in the way"):
        Executor(repo).commit(accepted, ORDER)
    assert state_of(repo) == before


def test_new_files_have_the_mode_that_the_umask_leaves(repo: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from agentos_action.executor.commit import Executor
from tests.executor.accepting import ORDER, accept, change
os.umask(0o027)
changes = change("n.txt", None, b"x\\n"), change("a.txt", b"one\\n", b"1\\n")
Executor(Path(sys.argv[1])).commit(accept(sys.argv[2], *changes), ORDER)
"""
    base = git(repo, "rev-parse", "HEAD").strip()
    subprocess.run([sys.executable, "-c", code, str(repo), base], check=True)
    assert oct((repo / "n.txt").stat().st_mode & 0o777) == oct((repo / "a.txt").stat().st_mode & 0o777) == "0o640"


@pytest.mark.parametrize(
    ("old", "new"), [({"n": b"x\n"}, {"n/x.txt": b"y\n"}), ({"n/x.txt": b"x\n"}, {"n": b"y\n"})], ids=["folder", "file"]
)
def test_a_file_that_becomes_a_folder_and_back(repo: Path, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    opened = pygit2.Repository(str(repo))
    first = opened.head.peel(pygit2.Tree)
    before = trees.build(opened, first, old, {})
    after = trees.build(opened, opened[before].peel(pygit2.Tree), {**new, **dict.fromkeys(old)}, {})
    assert after == trees.build(opened, first, new, {})
