"""A repository as it is read: commits, trees, the index; odd names and odd repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentos_action.branches import tip_of
from agentos_action.errors import UsageError
from agentos_action.records.base import MODE_TREE, blocked_by
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, FileVersion
from agentos_action.repo import IndexSnapshot, RepoView, TreeSnapshot
from tests.git import commit_all, git, init_repo, make_repo, write_files

FILES: dict[str, bytes | str] = {"a.txt": "one\n", "b/c.txt": "two\n", "b/d/e.txt": "three\n", "z é.txt": b"\r\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository with files, a link, an executable and a submodule entry."""
    repo = make_repo(tmp_path, FILES)
    (repo / "link").symlink_to("b")
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    commit_all(repo)
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{git(repo, 'rev-parse', 'HEAD').strip()},vendor")
    git(repo, "commit", "-qm", "submodule")
    return repo


@pytest.fixture
def base(repo: Path) -> TreeSnapshot:
    """Return the repository's last commit."""
    view = RepoView.open(repo)
    return view.snapshot(view.commit_of("HEAD"))


@pytest.fixture
def index(repo: Path) -> IndexSnapshot:
    """Return the repository's index."""
    return RepoView.open(repo).index_snapshot()


def test_a_snapshot_tells_modes_and_contents(base: TreeSnapshot) -> None:
    assert base.read("b/c.txt") == FileVersion(b"two\n", MODE_FILE)
    assert base.read("run.sh") == FileVersion(b"#!/bin/sh\n", MODE_EXEC)
    assert base.read("link") == FileVersion(b"b", MODE_LINK)
    assert base.read("z é.txt") == FileVersion(b"\r\n", MODE_FILE)
    assert (base.mode("b"), base.mode("vendor"), base.mode("none")) == (MODE_TREE, MODE_GITLINK, None)
    assert (base.read("b"), base.read("vendor"), base.read("none")) == (None, None, None)
    assert (base.size("a.txt"), base.size("none")) == (4, 0)


def test_a_snapshot_lists_regular_files_only(base: TreeSnapshot) -> None:
    assert set(base.paths()) == {*FILES, "run.sh"}
    assert set(base.siblings("")) == {"a.txt", "b", "link", "run.sh", "vendor", "z é.txt"}
    assert set(base.siblings("b")) == {"c.txt", "d"}
    assert base.siblings("a.txt") == base.siblings("none") == ()


def test_a_link_a_submodule_or_a_file_blocks_the_way(base: TreeSnapshot) -> None:
    assert blocked_by(base, "link/c.txt") == ("link", MODE_LINK)
    assert blocked_by(base, "vendor/x/y") == ("vendor", MODE_GITLINK)
    assert blocked_by(base, "a.txt/x") == ("a.txt", MODE_FILE)
    assert blocked_by(base, "b/d/new.txt") is None


def test_the_index_is_read_as_it_is_staged(repo: Path) -> None:
    write_files(repo, {"a.txt": "staged\n", "new/x.txt": "new\n"})
    git(repo, "add", "-A")
    write_files(repo, {"a.txt": "not staged\n"})
    index = RepoView.open(repo).index_snapshot()
    assert index.read("a.txt") == FileVersion(b"staged\n")
    assert "new/x.txt" in set(index.paths())
    assert (index.mode("new"), index.mode("link"), index.mode("none")) == (MODE_TREE, MODE_LINK, None)
    assert index.siblings("new") == ("x.txt",)
    assert (index.read("new"), index.size("new/x.txt"), index.size("none")) == (None, 4, 0)


@pytest.mark.parametrize("staged", [True, False])
def test_changes_tell_every_file_before_and_after(repo: Path, *, staged: bool) -> None:
    view = RepoView.open(repo)
    old = view.commit_of("HEAD")
    git(repo, "rm", "-q", "b/c.txt")
    git(repo, "update-index", "--chmod=-x", "run.sh")
    git(repo, "update-index", "--cacheinfo", f"160000,{old},vendor")
    write_files(repo, {"a.txt": "1\n", "n.txt": b"\0"})
    git(repo, "add", "a.txt", "n.txt")
    new = None
    if not staged:
        git(repo, "commit", "-qm", "more")
        new = view.commit_of("HEAD")
    changes = {change.path: change for change in view.changes(old, new)}
    assert set(changes) == {"a.txt", "b/c.txt", "n.txt", "run.sh", "vendor"}
    assert (changes["a.txt"].old, changes["a.txt"].new) == (FileVersion(b"one\n"), FileVersion(b"1\n"))
    assert (changes["b/c.txt"].kind, changes["n.txt"].kind, changes["vendor"].kind) == ("delete", "create", "modify")
    assert changes["run.sh"].new == FileVersion(b"#!/bin/sh\n", MODE_FILE)
    vendor = changes["vendor"].new
    assert vendor is not None
    assert vendor.mode == MODE_GITLINK


def test_names_that_are_not_utf8_break_nothing(repo: Path) -> None:
    view = RepoView.open(repo)
    old = view.commit_of("HEAD")
    Path(os.fsdecode(os.fsencode(repo) + b"/caf\xe9.txt")).write_bytes(b"x\n")
    git(repo, "add", "caf*")
    git(repo, "commit", "-qm", "odd name")
    base = view.snapshot(view.commit_of("HEAD"))
    assert set(base.paths()) == {*FILES, "run.sh"}
    assert "a.txt" in base.siblings("")
    assert [change.kind for change in view.changes(old, base.id)] == ["create"]
    index = view.index_snapshot()
    assert {"a.txt", "run.sh"} <= set(index.paths())
    assert index.mode("b") == MODE_TREE
    assert "a.txt" in index.siblings("")


@pytest.mark.parametrize(
    "rev", ["", "none", "HEAD:a.txt", "HEAD..HEAD", "0" * 40, "@{", "a\0b", "--all", "HEAD^{tree}"]
)
def test_what_names_no_commit_is_refused(repo: Path, rev: str) -> None:
    with pytest.raises(UsageError, match="names no commit here"):
        RepoView.open(repo).commit_of(rev)


def test_branches_tags_and_short_ids_name_commits(repo: Path) -> None:
    git(repo, "tag", "-a", "-m", "x", "v1")
    view = RepoView.open(repo)
    head = git(repo, "rev-parse", "HEAD").strip()
    assert {view.commit_of(rev) for rev in ("HEAD", "main", "v1", head[:10], head)} == {head}


def test_branches_are_told_and_odd_names_refused(repo: Path) -> None:
    view = RepoView.open(repo)
    assert tip_of(view.raw, "main") == view.commit_of("HEAD")
    assert tip_of(view.raw, "none") is None
    with pytest.raises(UsageError, match="cannot be a branch name"):
        tip_of(view.raw, "a..b")


def test_messages_are_told_for_commits_only(repo: Path) -> None:
    view = RepoView.open(repo)
    facts = view.commit_facts(view.commit_of("HEAD"))
    assert facts is not None
    assert facts.message == "submodule\n"
    assert view.commit_facts("0" * 40) is None
    assert view.commit_facts("not an id") is None
    assert view.commit_facts(git(repo, "rev-parse", "HEAD^{tree}").strip()) is None


def test_where_there_is_no_repository_it_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError) as caught:
            RepoView.open(path)
        assert str(path) in caught.value.message
        assert "--repo" in caught.value.hint


def test_a_repository_without_a_commit_is_told_how_to_get_one(tmp_path: Path) -> None:
    view = RepoView.open(init_repo(tmp_path / "repo"))
    with pytest.raises(UsageError, match="no commit yet") as caught:
        view.commit_of("HEAD")
    assert "git commit" in caught.value.hint


def test_an_unborn_branch_beside_others_is_told(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "fresh")
    with pytest.raises(UsageError, match="checked-out branch has no commit"):
        RepoView.open(repo).commit_of("HEAD")


def test_a_repository_is_found_from_a_folder_below_and_without_the_environment(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repo(tmp_path, {"x": "x"}, "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    view = RepoView.open(repo / "b")
    assert view.workdir == repo
    assert "a.txt" in set(view.index_snapshot().paths())


def test_a_bare_repository_has_no_work_tree(repo: Path, tmp_path: Path) -> None:
    git(repo, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    view = RepoView.open(tmp_path / "bare")
    assert view.workdir is None
    with pytest.raises(UsageError, match="bare"):
        view.require_workdir()


def test_a_worktree_shares_the_common_folder(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    view = RepoView.open(tmp_path / "tree")
    assert view.common_dir == repo / ".git"
    assert view.git_dir != view.common_dir
    assert view.require_workdir() == tmp_path / "tree"
    assert RepoView.open(repo).common_dir.resolve() == repo / ".git"


PATHS = st.text(st.characters(exclude_categories=()), max_size=12) | st.text(alphabet="ab/.\\\0", max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(path=PATHS)
def test_any_path_can_be_asked(base: TreeSnapshot, index: IndexSnapshot, path: str) -> None:
    assert (base.mode(path) is None) or path in {"a.txt", "b", "b/"}
    assert base.read(path) is None or path == "a.txt"
    assert base.siblings(path) == () or path in {"", "b", "b/"}
    assert index.mode(path) is None or path in {"a.txt", "b"}
    assert index.read(path) is None or path == "a.txt"
    assert blocked_by(base, path) is None or path.startswith("a.txt/")


def test_the_index_is_asked_by_folder_whatever_else_it_holds(tmp_path: Path) -> None:
    names = ["a/b/c.txt", "a-b/x", "a.txt", "a/b.c/d", "a/b/d/e", "B/x", "a/é/x", "z", "a/b0", "\U0001f600/x"]
    repo = make_repo(tmp_path / "repo", dict.fromkeys(names, "x\n"))
    git(repo, "config", "core.ignorecase", "true")
    view = RepoView.open(repo)
    index, tree = view.index_snapshot(), view.snapshot(view.commit_of("HEAD"))
    folders = ["", "a", "a/b", "a/b.c", "B", "b", "A", "a/é", "\U0001f600", "none", "\udcff", "\ud800", "a\0"]
    for folder in folders:
        assert set(index.siblings(folder)) == set(tree.siblings(folder)), folder
        assert (index.mode(folder) is None) == (tree.mode(folder) is None), folder
    assert index.siblings("a") == ("b.c", "b", "b0", "é")


def test_an_index_that_cannot_be_read_is_told(repo: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"DIRC nonsense")
    with pytest.raises(UsageError, match=r"the index .* cannot be read"):
        RepoView.open(repo).index_snapshot()
    with pytest.raises(UsageError, match=r"GIT_INDEX_FILE names .*none"):
        RepoView.open(repo).index_snapshot(Path("none"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_told_with_the_setting(repo: Path) -> None:
    for place in (repo, repo / ".git"):
        os.chown(place, 65534, -1)
    with pytest.raises(UsageError, match="not owned by current user") as caught:
        RepoView.open(repo)
    assert "safe.directory" in caught.value.hint
