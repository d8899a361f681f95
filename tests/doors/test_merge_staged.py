"""`agentos verify --staged` in a merge: what came from the other side is nobody's proposal, what a person did is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.errors import UsageError
from agentos_action.pipeline.staged_merge import own_changes
from agentos_action.repo import RepoView
from tests.doors.test_index_file import commit, hook
from tests.git import commit_all, git, git_run, init_repo, make_repo, write_files
from tests.runs import cli

WORKFLOW, MOVED, OURS, OTHER = (f".github/workflows/{name}.yml" for name in ("x", "moved", "ours", "other"))
START = {"notes.txt": "one\n", WORKFLOW: "on: push\n", "src/a.txt": "a\n"}
#: A protected file of each kind of change, and a conflict.
THEIRS = {"notes.txt": "theirs\n", OTHER: "on: issues\n", "link/a": "a\n"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository in whose merge of `theirs` a note conflicts; both sides have workflows of their own."""
    made = make_repo(tmp_path, START)
    git(made, "checkout", "--quiet", "-b", "theirs")
    git(made, "mv", WORKFLOW, MOVED)
    write_files(made, THEIRS)
    (made / MOVED).chmod(0o755)
    commit_all(made, "theirs")
    git(made, "checkout", "--quiet", "main")
    write_files(made, {"notes.txt": "ours\n", OURS: "on: push\n"})
    commit_all(made, "ours")
    hook(made)
    return made


def merge(repo: Path, *branches: str) -> None:
    """Merge as far as git can, and settle the note by hand."""
    git_run(repo, "merge", "--no-commit", *branches)
    write_files(repo, {"notes.txt": "both\n"})
    git(repo, "add", "--all")


def judged(repo: Path) -> list[str]:
    """Return the files that are judged; a merge's concluding commit is refused exactly where they are."""
    done = cli("verify", "--staged", "--json", cwd=repo)
    told = json.loads(done.stdout)
    assert done.returncode == (0 if told["is_valid"] else 1)
    return sorted(told["files"])


def test_what_the_other_side_brings_is_not_judged(repo: Path) -> None:
    merge(repo, "theirs")
    assert git(repo, "diff", "--cached", "--name-only", "--no-renames").split() == [
        *sorted([MOVED, OTHER, WORKFLOW]),
        "link/a",
        "notes.txt",
    ]
    assert judged(repo) == ["notes.txt"]
    done = commit(repo)
    assert done.returncode == 0, done.stderr
    assert b"not judged: 4 files as on the side that is merged" in done.stderr
    assert len(git(repo, "log", "-1", "--format=%P").split()) == 2


def test_what_a_person_makes_of_it_is_judged(repo: Path) -> None:
    merge(repo, "theirs")
    new = ".github/workflows/new.yml"
    # Their new file changed, ours taken away, their move without its mode, one that neither side has.
    write_files(repo, {OTHER: "on: [issues]\n", new: "on: push\n"})
    (repo / OURS).unlink()
    (repo / MOVED).chmod(0o644)
    git(repo, "add", "--all")
    assert judged(repo) == sorted([OTHER, new, OURS, MOVED, "notes.txt"])
    assert commit(repo).returncode == 1
    # A range is judged whole, merge or not.
    assert cli("verify", "--range", "main~1..theirs", cwd=repo).returncode == 1


def test_an_old_state_that_the_other_side_never_touched_is_a_persons_choice(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, START)
    git(repo, "checkout", "--quiet", "-b", "theirs")
    write_files(repo, {"notes.txt": "theirs\n"})
    commit_all(repo)
    git(repo, "checkout", "--quiet", "main")
    write_files(repo, {WORKFLOW: "on: [push] # narrowed\n", "notes.txt": "ours\n"})
    commit_all(repo)
    merge(repo, "theirs")
    git(repo, "checkout", "theirs", "--", WORKFLOW)
    assert judged(repo) == [WORKFLOW, "notes.txt"]


def test_both_of_two_merged_branches_and_a_linked_work_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, START)
    for name in ("one", "two"):
        git(repo, "checkout", "--quiet", "-b", name, "main")
        write_files(repo, {f".github/workflows/{name}.yml": "on: push\n"})
        commit_all(repo)
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(linked), "main")
    merge(linked, "one", "two")
    assert judged(linked) == ["notes.txt"]
    # The other work tree merges nothing.
    git(repo, "checkout", "--quiet", "main")
    write_files(repo, {WORKFLOW: "on: [push]\n"})
    git(repo, "add", "--all")
    assert judged(repo) == [WORKFLOW]


def test_a_submodule_that_the_other_side_moved(tmp_path: Path) -> None:
    module = init_repo(tmp_path / "module")
    commits = [commit_all(module, message) for message in ("one", "two", "three")]
    repo = make_repo(tmp_path, START)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module), "sub")
    git(repo, "update-index", "--cacheinfo", f"160000,{commits[0]},sub")
    git(repo, "commit", "--quiet", "--message", "module")
    git(repo, "checkout", "--quiet", "-b", "theirs")
    git(repo, "update-index", "--cacheinfo", f"160000,{commits[1]},sub")
    git(repo, "commit", "--quiet", "--message", "theirs")
    git(repo, "checkout", "--quiet", "main")
    git_run(repo, "merge", "--no-commit", "--no-ff", "theirs")
    assert git(repo, "diff", "--cached", "--name-only", "--ignore-submodules=none") == "sub\n"
    assert judged(repo) == []
    git(repo, "update-index", "--cacheinfo", f"160000,{commits[2]},sub")
    assert judged(repo) == ["sub"]


@pytest.mark.parametrize("how", ["cherry-pick", "revert", "squash"])
def test_what_is_no_merge_is_judged(repo: Path, how: str) -> None:
    if how == "squash":
        git_run(repo, "merge", "--squash", "theirs")
    elif how == "revert":
        git(repo, "revert", "--no-commit", "HEAD")
    else:
        assert git_run(repo, "cherry-pick", "theirs").returncode == 1
    write_files(repo, {"notes.txt": "both\n"})
    git(repo, "add", "--all")
    assert OTHER in judged(repo) or OURS in judged(repo)
    assert commit(repo).returncode == 1


def test_histories_without_a_common_past_are_judged_whole(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "--orphan", "alone")
    git(repo, "rm", "--quiet", "-r", "--force", ".")
    write_files(repo, {OTHER: "on: issues\n"})
    commit_all(repo)
    git(repo, "checkout", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-commit", "--allow-unrelated-histories", "alone")
    assert judged(repo) == [OTHER]


def test_a_merge_head_that_git_did_not_write_is_no_acceptance(repo: Path) -> None:
    merge(repo, "theirs")
    view, head, theirs = RepoView.open(repo), git(repo, "rev-parse", "main").strip(), git(repo, "rev-parse", "theirs")
    changes = view.changes(head, None)
    assert [change.path for change in own_changes(view, head, changes)] == ["notes.txt"]
    for text in ("", "main\n", "0" * 40 + "\n", theirs.strip(), theirs.replace("\n", "\r\n"), theirs * 2000):
        (repo / ".git/MERGE_HEAD").write_text(text, encoding="ascii", newline="")
        with pytest.raises(UsageError):
            own_changes(view, head, changes)
    (repo / ".git/MERGE_HEAD").unlink()
    assert own_changes(view, head, changes) == changes
