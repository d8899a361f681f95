"""Pushing to a real git server over HTTP, and to a bare repository: what goes, what is refused, where the token is."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.clock import Deadline
from agentos_action.errors import ConflictError, DeliveryError
from agentos_action.executor.push import Pushed, PushOrder, push
from agentos_action.executor.push_refusals import refused
from agentos_action.records.delivery import takes_token
from tests.forge.git_server import TOKEN, GitServer, serving
from tests.git import commit_all, git, git_environment, make_repo, write_files

BRANCH = "agentos/t"
OURS = "Change it\n\nProposed by a model.\n\nAgentOS-Run: 20261121T031500Z-8f3a1c2d\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "one\n"})


@pytest.fixture
def server(tmp_path: Path, repo: Path) -> Iterator[GitServer]:
    bare = tmp_path / "served/o/r.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "config", "http.receivepack", "true")
    with serving(tmp_path / "served") as one:
        git(repo, "remote", "add", "origin", f"{one.url}/o/r.git")
        yield one


def ours(repo: Path, text: str, message: str = OURS) -> str:
    """Commit a change on a branch of its own, beside main, and return the commit."""
    git(repo, "checkout", "--quiet", "--detach", "main")
    write_files(repo, {"a.txt": text})
    made = commit_all(repo, message)
    git(repo, "checkout", "--quiet", "main")
    return made


def send(repo: Path, commit: str, **more: object) -> Pushed:
    order = PushOrder(**{"remote": "origin", "branch": BRANCH, "commit": commit, "token": TOKEN, **more})  # type: ignore[arg-type]
    return push(repo, order, Deadline(60))


def tip(server: GitServer, branch: str = BRANCH) -> str:
    return git(server.bare("o/r.git"), "rev-parse", f"refs/heads/{branch}").strip()


def test_a_branch_is_made_and_nothing_of_the_token_stays(repo: Path, server: GitServer) -> None:
    commit = ours(repo, "two\n")
    before = {path: path.read_bytes() for path in (repo / ".git").rglob("*") if path.is_file()}
    assert send(repo, commit) == Pushed(None)
    assert tip(server) == commit
    assert send(repo, commit) == Pushed(commit, there=True)
    after = {path: path.read_bytes() for path in (repo / ".git").rglob("*") if path.is_file()}
    assert after == before, "the user's repository is read only"
    assert not any(TOKEN in asked for asked in server.asked)
    assert set(server.passwords) == {None, f"x-access-token:{TOKEN}"}


def test_a_branch_that_we_stand_on_moves_forward_whoever_made_its_tip(repo: Path, server: GitServer) -> None:
    assert send(repo, ours(repo, "two\n"), branch="main").replaced is False
    assert tip(server, "main") != git(repo, "rev-parse", "main").strip()


def test_our_own_older_commit_is_replaced(repo: Path, server: GitServer) -> None:
    first = ours(repo, "two\n")
    send(repo, first)
    second = ours(repo, "three\n")
    assert send(repo, second) == Pushed(first, replaced=True)
    assert tip(server) == second


@pytest.mark.parametrize(
    ("message", "committer"),
    [
        ("A person's\n", "ada@example.org"),
        ("AgentOS-Run: x\n\nno trailer\n", "ada@example.org"),
        (OURS, "eve@example.org"),
    ],
    ids=["a person's", "no trailer", "ours, amended by another"],
)
def test_a_commit_that_is_not_ours_is_never_replaced(
    repo: Path, server: GitServer, message: str, committer: str
) -> None:
    theirs = another(repo, server, message, committer)
    with pytest.raises(ConflictError, match="which is not one of ours"):
        send(repo, ours(repo, "two\n"))
    assert tip(server) == theirs


def test_a_commit_of_a_person_below_ours_is_never_lost(repo: Path, server: GitServer) -> None:
    another(repo, server, "A person's\n", "ada@example.org")
    theirs = another(repo, server, OURS, "ada@example.org", on=BRANCH)
    with pytest.raises(ConflictError, match="holds the commit"):
        send(repo, ours(repo, "two\n"))
    assert tip(server) == theirs


@pytest.mark.usefixtures("server")
def test_a_branch_to_be_replaced_only_must_be_ours_even_where_we_stand_on_it(repo: Path) -> None:
    with pytest.raises(ConflictError, match="which is not one of ours"):
        send(repo, ours(repo, "two\n"), branch="main", replace_only=True)


@pytest.mark.parametrize("when", ["service=git-receive-pack", "POST /o/r.git/git-receive-pack"])
@pytest.mark.parametrize("there", [True, False], ids=["ours was there", "nothing was there"])
def test_who_is_faster_wins(repo: Path, server: GitServer, when: str, *, there: bool) -> None:
    if there:
        send(repo, ours(repo, "two\n"))
    tree, other = git(repo, "rev-parse", "main^{tree}").strip(), server.bare("o/r.git")
    faster = git(other, "commit-tree", tree, "-p", "main", "-m", "A person's").strip()
    moved: list[str] = []
    server.meanwhile = (when, lambda: moved.append(git(other, "update-ref", f"refs/heads/{BRANCH}", faster)))
    commit = ours(repo, "three\n")
    with pytest.raises(ConflictError, match="was moved meanwhile"):
        send(repo, commit)
    assert moved == [""]
    assert tip(server) == faster


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_replaces_our_commit_after_the_target_went_on(
    tmp_path: Path, repo: Path, server: GitServer, depth: int
) -> None:
    first = ours(repo, "two\n")
    send(repo, first)
    for number in range(3):
        write_files(repo, {"b.txt": f"{number}\n"})
        commit_all(repo, f"on main {number}")
    git(repo, "push", "--quiet", str(server.bare("o/r.git")), "main")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{server.bare('o/r.git')}", str(shallow))
    git(shallow, "remote", "set-url", "origin", f"{server.url}/o/r.git")
    second = ours(shallow, "three\n")
    assert send(shallow, second) == Pushed(first, replaced=True)
    assert tip(server) == second
    theirs = another(repo, server, "A person's\n", "ada@example.org", on=BRANCH)
    with pytest.raises(ConflictError, match="which is not one of ours"):
        send(shallow, ours(shallow, "four\n"))
    assert tip(server) == theirs


def test_a_shallow_clone_that_ends_with_our_older_commit_sees_what_is_below(
    tmp_path: Path, repo: Path, server: GitServer
) -> None:
    first, shallow = ours(repo, "two\n"), tmp_path / "shallow"
    send(repo, first)

    def clone() -> str:
        shutil.rmtree(shallow, ignore_errors=True)
        source = f"file://{server.bare('o/r.git')}"
        git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", source, str(shallow))
        git(shallow, "remote", "set-url", "origin", f"{server.url}/o/r.git")
        return ours(shallow, "three\n")

    assert send(shallow, clone()) == Pushed(first, replaced=True)
    another(repo, server, "A person's\n", "ada@example.org", on=BRANCH)
    theirs = another(repo, server, OURS, "ada@example.org", on=BRANCH)
    with pytest.raises(ConflictError, match="holds the commit"):
        send(shallow, clone())
    assert tip(server) == theirs


def test_a_bare_repository_beside_takes_it_without_a_token(tmp_path: Path, repo: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(repo, "remote", "add", "origin", "../bare.git")
    commit = ours(repo, "two\n")
    assert send(repo, commit, token=None) == Pushed(None)
    assert git(bare, "rev-parse", f"refs/heads/{BRANCH}").strip() == commit
    assert send(repo, commit, token=None, remote=str(bare)).there


@pytest.mark.parametrize("as_url", [False, True])
def test_a_folder_s_own_rules_are_not_gone_by(tmp_path: Path, repo: Path, *, as_url: bool) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    remote = bare.as_uri() if as_url else str(bare)
    first = ours(repo, "two\n")
    send(repo, first, remote=remote)
    git(bare, "config", "receive.denyNonFastForwards", "true")
    second = ours(repo, "three\n")
    with pytest.raises(DeliveryError, match="denying non-fast-forward"):
        send(repo, second, remote=remote)
    git(bare, "config", "receive.denyNonFastForwards", "false")
    hook = bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(DeliveryError, match="'pre-receive' would not be run") as caught:
        send(repo, second, remote=remote)
    assert caught.value.raw_error_code == "push_declined"
    assert git(bare, "rev-parse", f"refs/heads/{BRANCH}").strip() == first


def test_a_refused_token_is_told_once_and_not_asked_for_ever(repo: Path, server: GitServer) -> None:
    with pytest.raises(DeliveryError, match="the remote refused the token") as caught:
        send(repo, ours(repo, "two\n"), token="wrong")
    assert (caught.value.exit_code, caught.value.category, caught.value.raw_error_code) == (2, "auth", "push_bad_token")
    assert len(server.asked) < 5
    with pytest.raises(DeliveryError, match="none of ours is for it"):
        send(repo, ours(repo, "two\n"), token=None)


@pytest.mark.parametrize(("status", "code"), [(403, "push_forbidden"), (404, "push_not_found"), (502, "push_5xx")])
def test_a_refusal_of_the_server_is_told_by_its_status(repo: Path, server: GitServer, status: int, code: str) -> None:
    server.refuse = status
    with pytest.raises(DeliveryError) as caught:
        send(repo, ours(repo, "two\n"))
    assert caught.value.raw_error_code == code
    assert caught.value.hint
    assert TOKEN not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("GH006: Protected branch update failed", "push_protected"),
        ("no", "push_declined"),
    ],
)
def test_a_hook_that_declines_is_told_with_the_setting(repo: Path, server: GitServer, said: str, code: str) -> None:
    hook = server.bare("o/r.git") / "hooks/update"
    hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(DeliveryError) as caught:
        send(repo, ours(repo, "two\n"))
    assert caught.value.raw_error_code == code


def test_a_remote_that_stumbles_is_asked_again(repo: Path, server: GitServer) -> None:
    def stumble() -> None:
        server.refuse = 502
        threading.Timer(0.2, setattr, (server, "refuse", None)).start()

    server.meanwhile = ("service=git-receive-pack", stumble)
    commit = ours(repo, "two\n")
    assert send(repo, commit).replaced is False
    assert tip(server) == commit


def test_what_arrived_without_an_answer_is_told_as_what_it_was(repo: Path, server: GitServer) -> None:
    first = ours(repo, "two\n")
    send(repo, first)
    server.lost = 1
    second = ours(repo, "three\n")
    assert send(repo, second) == Pushed(first, replaced=True)
    assert (tip(server), server.lost) == (second, 0)


def test_a_remote_that_lets_nothing_be_replaced_does_not_say_run_again(repo: Path, server: GitServer) -> None:
    git(server.bare("o/r.git"), "config", "receive.denyNonFastForwards", "true")
    first = ours(repo, "two\n")
    send(repo, first)
    with pytest.raises(DeliveryError, match="denying non-fast-forward") as caught:
        send(repo, ours(repo, "three\n"))
    assert (caught.value.raw_error_code, tip(server)) == ("push_protected", first)


@pytest.mark.parametrize(("there", "branch"), [("agentos", BRANCH), (f"{BRANCH}/more", BRANCH)])
def test_a_name_that_another_branch_leaves_no_room_for_is_told(
    repo: Path, server: GitServer, there: str, branch: str
) -> None:
    git(server.bare("o/r.git"), "update-ref", f"refs/heads/{there}", "main")
    with pytest.raises(DeliveryError) as caught:
        send(repo, ours(repo, "two\n"), branch=branch)
    assert caught.value.raw_error_code == "push_name_taken"


@pytest.mark.parametrize(
    ("branch", "said", "code"),
    [
        ("agentos/fix-protected", "pre-receive hook declined", "push_declined"),
        ("agentos/non-fast-forward", "hook declined for refs/heads/agentos/non-fast-forward", "push_declined"),
        ("x", "failed to resolve path '/a/protected/r.git': No such file", "push_not_found"),
        ("x", "redirect to https://github.com/o/permission", "push_redirect"),
        ("x", "failed to resolve address for tls.example.org: Name or service not known", "push_failed"),
    ],
)
def test_what_something_is_called_is_no_reason(branch: str, said: str, code: str) -> None:
    assert refused(branch, f"{branch} {said}").raw_error_code == code


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another host", "another port"])
def test_a_redirect_takes_the_token_nowhere(tmp_path: Path, repo: Path, server: GitServer, host: str) -> None:
    with serving(tmp_path / "served") as thief:
        server.redirect_to = thief.url.replace("127.0.0.1", host)
        with pytest.raises(DeliveryError) as caught:
            send(repo, ours(repo, "two\n"))
        assert set(thief.passwords) <= {None}
    assert caught.value.raw_error_code == "push_redirect"


def test_a_redirect_after_the_password_takes_it_nowhere(tmp_path: Path, repo: Path, server: GitServer) -> None:
    with serving(tmp_path / "served") as thief:
        server.redirect_to, server.redirect_after_password = thief.url, True
        with pytest.raises(DeliveryError) as caught:
            send(repo, ours(repo, "two\n"))
        assert server.passwords == [None, f"x-access-token:{TOKEN}"]
        assert thief.passwords == [None]
    assert caught.value.raw_error_code == "push_redirect"


def test_an_address_that_the_repository_s_own_settings_rewrite_is_not_followed(
    tmp_path: Path, repo: Path, server: GitServer
) -> None:
    with serving(tmp_path / "served") as thief:
        git(repo, "config", f"url.{thief.url}/.insteadOf", f"{server.url}/")
        commit = ours(repo, "two\n")
        send(repo, commit, remote=f"{server.url}/o/r.git")
        assert thief.asked == []
    assert tip(server) == commit


def test_a_server_that_is_not_there(repo: Path) -> None:
    git(repo, "remote", "add", "origin", "http://127.0.0.1:9/o/r.git")
    with pytest.raises(DeliveryError) as caught:
        send(repo, ours(repo, "two\n"))
    assert (caught.value.category, caught.value.raw_error_code) == ("network", "push_failed")
    with pytest.raises(DeliveryError, match="there is no remote 'nowhere'"):
        send(repo, ours(repo, "two\n"), remote="nowhere")


@pytest.mark.parametrize(
    ("url", "takes"),
    [
        ("https://github.com/o/r.git", True),
        ("https://github.com:443/o/r", True),
        ("http://github.com/o/r.git", False),
        ("https://github.com.evil.example/o/r.git", False),
        ("https://github.com@evil.example/o/r.git", False),
        ("https://github.com:8443/o/r.git", False),
        ("http://127.0.0.1:4000/o/r.git", True),
        ("http://127.0.0.1.evil.example/o/r.git", False),
        ("http://localhost/o/r.git", True),
        ("ssh://github.com/o/r.git", False),
        ("https://[", False),
        ("/srv/r.git", False),
    ],
)
def test_where_the_token_may_go(url: str, *, takes: bool) -> None:
    assert takes_token(url, "https://github.com") is takes


def another(repo: Path, server: GitServer, message: str, committer: str, on: str = "main") -> str:
    """Let somebody else push a commit to our branch."""
    other = repo.parent / f"other-{len(list(repo.parent.iterdir()))}"
    git(repo.parent, "clone", "--quiet", "--branch", on, str(server.bare("o/r.git")), str(other))
    write_files(other, {f"{other.name}.txt": "theirs\n"})
    git(other, "add", "--all")
    environment = {**git_environment(), "GIT_COMMITTER_EMAIL": committer}
    subprocess.run(["git", "commit", "--quiet", "--message", message], cwd=other, env=environment, check=True)
    git(other, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    return tip(server)


def test_a_branch_that_is_deleted_while_we_look_whose_it_is_was_moved(repo: Path, server: GitServer) -> None:
    send(repo, ours(repo, "two\n"))
    when, other = "service=git-upload-pack", server.bare("o/r.git")

    def then() -> None:
        server.meanwhile = (when, lambda: git(other, "update-ref", "-d", f"refs/heads/{BRANCH}"))

    server.meanwhile = (when, then)
    with pytest.raises(ConflictError, match="was moved meanwhile"):
        send(repo, ours(repo, "three\n"))
