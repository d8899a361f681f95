"""What is asked of the forge before anything is done: who may do what, and what stands there by now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentos_action.clock import Clock
from agentos_action.errors import DeliveryError
from agentos_action.forge.github import GitHub, connected
from agentos_action.forge.replies import User
from agentos_action.records.delivery import Forge
from tests.forge.api import (
    BOT,
    PERSON,
    Fault,
    GitHubApi,
    add_comment,
    add_issue,
    add_pull,
    add_review_comment,
    github,
)
from tests.forge.git_server import TOKEN
from tests.git import git, make_repo


@dataclass
class Both:
    """The API and our client of it."""

    api: GitHubApi
    ours: GitHub


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    first = make_repo(tmp_path, {"a.txt": "one\n"}, "first")
    git(tmp_path, "clone", "--quiet", "--bare", str(first), str(tmp_path / "bare.git"))
    with github(tmp_path / "bare.git") as api:
        forge = Forge(token=TOKEN, api_url=api.url, repository="o/r")
        with connected(forge, Clock()) as ours:
            yield Both(api, ours)


@pytest.mark.parametrize(
    ("role", "counts"),
    [
        ("admin", "admin"),
        ("maintain", "maintain"),
        ("write", "write"),
        ("triage", "triage"),
        ("read", "read"),
        ("none", None),
        ("security-lead=write", "write"),
        ("admin=read", "read"),
        ("triage=none", None),
    ],
)
def test_the_forge_s_word_on_what_somebody_may_do(both: Both, role: str, counts: str | None) -> None:
    both.api.permissions["Ada"] = role
    assert both.ours.permission("ada") == counts


def test_nobody_may_do_nothing_and_a_refusal_is_no_answer(both: Both) -> None:
    assert both.ours.permission("nobody/../ada") is None
    both.api.faults.append(Fault("GET", "/repos/o/r/collaborators/ada/permission", 403, "Must have push access"))
    with pytest.raises(DeliveryError) as caught:
        both.ours.permission("ada")
    assert caught.value.raw_error_code == "forge_permission"


def test_issues_and_comments_are_read_as_they_stand_now(both: Both) -> None:
    add_issue(both.api, 5, "Colour", "Please\n")["body"] = None
    issue = both.ours.issue(5)
    assert (issue.title, issue.body, issue.state, issue.user and issue.user.login) == ("Colour", "", "open", "ada")
    assert not issue.is_pull_request
    row = add_comment(both.api, 5, "/agentos", PERSON)
    row["body"] = "/agentos do it"
    assert both.ours.comment(row["id"]).body == "/agentos do it"
    line = add_review_comment(both.api, 7, "/agentos here", PERSON)
    assert both.ours.review_comment(line["id"]).body == "/agentos here"
    for ask in (both.ours.issue, both.ours.comment, both.ours.review_comment):
        with pytest.raises(DeliveryError, match="no such thing"):
            ask(99)


def test_a_pull_request_tells_its_branch_its_commit_and_whose_it_is(both: Both) -> None:
    add_pull(both.api, "main", number=7, target="release/1", title="T", body="B")
    pull = both.ours.pull(7)
    assert (pull.head.ref, pull.head.sha, pull.base.ref) == ("main", both.api.tip("main"), "release/1")
    assert (pull.title, pull.body, pull.head.repo and pull.head.repo.full_name) == ("T", "B", "o/r")
    assert both.ours.issue(7).is_pull_request
    add_pull(both.api, "theirs", number=8, of="eve/r", sha="1" * 40)
    fork = both.ours.pull(8)
    assert (fork.head.sha, fork.head.repo and fork.head.repo.full_name) == ("1" * 40, "eve/r")


def test_a_reaction_under_an_issue_stays_one(both: Both) -> None:
    assert [both.ours.react("issues/5", "eyes") for _ in range(2)] == [User(**BOT)] * 2
    assert both.api.issue_reactions == [(5, "eyes")]
