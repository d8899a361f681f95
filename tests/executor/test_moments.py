"""What a user does while a commit is being made: switches branches, makes a file executable, takes a lock."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agentos_action.errors import AgentOSError, ConflictError, UsageError
from agentos_action.executor.commit import Executor
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, make_repo
from tests.runs import state_of

SIGNER = """#!/bin/sh
cat >/dev/null
(cd "{repo}" && {deed}) >&2
printf '[GNUPG:] SIG_CREATED D 1 8 00 1 X\\n' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\nabc\\n-----END PGP SIGNATURE-----\\n'
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    git(made, "branch", "other")
    return made


def while_signing(repo: Path, deed: str) -> None:
    """Let a command run in the repository while a commit is signed, as while a passphrase is typed."""
    program = repo.parent / "signer"
    program.write_text(SIGNER.format(repo=repo, deed=deed))
    program.chmod(0o755)
    for name, value in {"commit.gpgsign": "true", "gpg.program": str(program), "user.signingkey": "X"}.items():
        git(repo, "config", name, value)


@pytest.mark.parametrize(
    ("deed", "branch", "said"),
    [
        ("git switch -q -c mine", None, "shows another branch now"),
        ("git switch -q other", None, "shows another branch now"),
        ("git switch -q --detach", None, "shows another branch now"),
        ("git switch -q other", "other", "shows the branch 'other' now"),
        ("git worktree add -q ../second other", "other", "is checked out in another work tree"),
    ],
)
def test_a_branch_switched_meanwhile_is_a_conflict(repo: Path, deed: str, branch: str | None, said: str) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    while_signing(repo, deed)
    with pytest.raises(ConflictError, match=said):
        Executor(repo).commit(
            accept(base, change("a.txt", b"one\n", b"1\n")), dataclasses.replace(ORDER, branch=branch)
        )
    assert git(repo, "status", "--porcelain") == ""
    assert {git(repo, "rev-parse", name).strip() for name in ("main", "other", "HEAD")} == {base}
    assert not list((repo / ".git").rglob("*.lock"))


def test_both_reflogs_name_the_commit_though_head_is_locked(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    Executor(repo).commit(accept(base, change("a.txt", b"one\n", b"1\n")), ORDER)
    assert "agentos: Change it" in git(repo, "reflog", "-1", "HEAD")
    assert "agentos: Change it" in git(repo, "reflog", "-1", "main")


@pytest.mark.parametrize(("setting", "refused"), [("true", True), ("false", False)])
def test_an_executable_bit_of_the_users_is_an_edit_where_git_sees_it(
    repo: Path, setting: str, *, refused: bool
) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "config", "core.fileMode", setting)
    (repo / "a.txt").chmod(0o755)
    accepted = accept(base, change("a.txt", b"one\n", b"1\n"))
    if refused:
        with pytest.raises(ConflictError, match=r"in the way: a\.txt"):
            Executor(repo).commit(accepted, ORDER)
        assert (repo / "a.txt").stat().st_mode & 0o777 == 0o755
    else:
        Executor(repo).commit(accepted, ORDER)
    assert (repo / "a.txt").read_text() == ("one\n" if refused else "1\n")


def test_mixed_line_endings_under_safecrlf_are_a_conflict(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "config", "core.autocrlf", "input")
    git(repo, "config", "core.safecrlf", "true")
    (repo / "a.txt").write_bytes(b"one\r\n")
    with pytest.raises(ConflictError, match=r"in the way: a\.txt"):
        Executor(repo).commit(accept(base, change("a.txt", b"one\n", b"1\n")), ORDER)


@pytest.mark.parametrize(
    ("spoil", "branch", "said"),
    [
        ("git switch -q --detach", None, "HEAD is detached"),
        ("true", "-x", "cannot be a branch name"),
        ("true", "a//b", "cannot be a branch name"),
        ("true", "main/x", "there is a branch 'main'"),
        ("git branch deep/er", "deep", "there is a branch 'deep/er'"),
        ("git branch deep/er; git pack-refs --all", "deep", "there is a branch 'deep/er'"),
        ("echo mine > a.txt", None, "in the way: a.txt"),
        ("echo mine > n.txt", None, "in the way: n.txt"),
        ("touch .git/index.lock", None, "changing the index"),
        ("touch .git/HEAD.lock", None, "changing HEAD"),
        ("touch .git/refs/heads/other.lock", "other", "is locked"),
        ("git config commit.gpgsign true; git config gpg.program no-such-program", None, "no such program"),
    ],
)
def test_what_stands_in_the_way_is_found_before_and_nothing_is_written(
    repo: Path, spoil: str, branch: str | None, said: str
) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    Executor(repo).check_target(None, ("a.txt", "n.txt"), base, sign="git")
    git(repo, "-c", f"alias.spoil=!{spoil}", "spoil")
    before = (state_of(repo), sorted((repo / ".git").rglob("*")))
    with pytest.raises(AgentOSError, match=said) as caught:
        Executor(repo).check_target(branch, ("a.txt", "n.txt"), base, sign="git")
    assert caught.value.hint
    assert isinstance(caught.value, ConflictError | UsageError)
    assert (state_of(repo), sorted((repo / ".git").rglob("*"))) == before


def test_a_file_where_a_folder_is_to_be_is_found_before_anything_moved(repo: Path) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    (repo / "new").write_text("mine\n")
    before = state_of(repo)
    with pytest.raises(ConflictError, match=r"in the way: new/n\.txt"):
        Executor(repo).commit(accept(base, change("new/n.txt", None, b"n\n")), ORDER)
    assert state_of(repo) == before
