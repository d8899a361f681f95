"""A repository beside the user's: everything can be read and built, and nothing of the user's is touched."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest

from agentos_action.errors import BoundaryError
from agentos_action.executor.scratch import candidate, scratch
from tests.executor.accepting import accept, change
from tests.git import commit_all, git, head_of, make_repo, write_files


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below a folder: its mode and its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in files}


def test_a_tree_is_built_and_the_repository_is_untouched(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n", "dir/b.txt": "two\n"})
    accepted = accept(head_of(repo), change("a.txt", b"one\n", b"ONE\n"), change("new/c.txt", None, b"three\n"))
    before = everything(repo)
    with scratch(pygit2.Repository(str(repo))) as beside:
        tree = candidate(accepted, beside)
        place = Path(beside.path)
        assert sorted(entry.name or "" for entry in beside[tree].peel(pygit2.Tree)) == ["a.txt", "dir", "new"]
        assert place.is_dir()
    assert everything(repo) == before
    assert not place.exists()
    # The same tree that git makes of the same files.
    write_files(repo, {"a.txt": "ONE\n", "new/c.txt": "three\n"})
    commit_all(repo)
    assert git(repo, "rev-parse", "HEAD^{tree}").strip() == tree


def test_it_reads_packs_alternates_and_work_trees(tmp_path: Path) -> None:
    far = make_repo(tmp_path, {"a.txt": "one\n"}, "far # \u00e4")
    git(far, "gc", "--quiet")
    git(tmp_path, "clone", "--quiet", "--shared", str(far), "near")
    near = tmp_path / "near"
    git(near, "worktree", "add", "--quiet", str(tmp_path / "beside"))
    for place in (far, near, tmp_path / "beside"):
        accepted = accept(head_of(place), change("a.txt", b"one\n", b"ONE\n"))
        with scratch(pygit2.Repository(str(place))) as beside:
            assert pygit2.hash(b"ONE\n") not in pygit2.Repository(str(place))
            assert beside[candidate(accepted, beside)].peel(pygit2.Tree)["a.txt"].id == pygit2.hash(b"ONE\n")


def test_a_tree_that_is_not_the_verdict_s_is_refused(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n", "b.txt": "two\n"})
    # The verdict says that the file has another mode than it has.
    accepted = accept(head_of(repo), change("a.txt", b"other\n", b"ONE\n"))
    with scratch(pygit2.Repository(str(repo))) as beside, pytest.raises(BoundaryError):
        candidate(accepted, beside)
