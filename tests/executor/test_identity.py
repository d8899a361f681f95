"""A commit is by whom the policy says, else by whom git would say, else by the bot."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pygit2
import pytest

from agentos_action.errors import UsageError
from agentos_action.executor.identity import BOT_EMAIL, BOT_NAME, VARIABLES, identities
from agentos_action.records.receipt import CommitOrder
from tests.git import configure, git, init_repo

BOT = f"{BOT_NAME} <{BOT_EMAIL}>"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path) -> Iterator[None]:
    """Keep the configuration of whoever runs the tests out of them."""
    levels = (pygit2.enums.ConfigLevel.GLOBAL, pygit2.enums.ConfigLevel.XDG, pygit2.enums.ConfigLevel.SYSTEM)
    before = {level: pygit2.settings.search_path[level] for level in levels}
    for level in levels:
        pygit2.settings.search_path[level] = str(tmp_path / f"home-{level.name}")
    yield
    for level, place in before.items():
        pygit2.settings.search_path[level] = place


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = init_repo(tmp_path / "repo")
    git(made, "config", "--remove-section", "user")
    return made


def people(repo: Path, environment: Mapping[str, str] | None = None, author: str | None = None) -> tuple[str, str]:
    order = CommitOrder("x", "", (), author=author)
    found = identities(pygit2.Repository(str(repo)).config, order, environment or {})
    author, committer = (f"{who.name} <{who.email}>" for who in (found.author, found.committer))
    return author, committer


def test_nobody_is_the_bot(repo: Path) -> None:
    assert people(repo) == (BOT, BOT)
    assert people(repo, {"EMAIL": "ada@example.org"}) == (BOT, BOT)


def test_the_user_of_the_configuration(repo: Path) -> None:
    configure(repo, user_name="Ada", user_email="ada@example.org")
    assert people(repo) == ("Ada <ada@example.org>",) * 2


def test_the_global_configuration_and_a_file_it_includes(repo: Path, tmp_path: Path) -> None:
    home = tmp_path / "home-GLOBAL"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n[include]\n\tpath = more\n")
    (home / "more").write_text("[user]\n\temail = ada@example.org\n")
    assert people(repo) == ("Ada <ada@example.org>",) * 2


def test_the_xdg_configuration(repo: Path, tmp_path: Path) -> None:
    home = tmp_path / "home-XDG"
    home.mkdir()
    (home / "config").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    assert people(repo) == ("Ada <ada@example.org>",) * 2


def test_roles_of_the_configuration_come_before_the_user(repo: Path) -> None:
    configure(repo, user_name="Ada", user_email="ada@example.org", author_name="Au", committer_email="co@example.org")
    assert people(repo) == ("Au <ada@example.org>", "Ada <co@example.org>")


def test_the_environment_comes_before_the_configuration(repo: Path) -> None:
    configure(repo, user_name="Ada", user_email="ada@example.org", author_name="Au")
    environment = {"GIT_AUTHOR_NAME": "Env", "GIT_COMMITTER_EMAIL": "env@example.org", "EMAIL": "no@example.org"}
    assert people(repo, environment) == ("Env <ada@example.org>", "Ada <env@example.org>")


def test_the_policy_comes_first(repo: Path) -> None:
    configure(repo, user_name="Ada", user_email="ada@example.org")
    environment = {"GIT_AUTHOR_NAME": "Env", "GIT_AUTHOR_EMAIL": "env@example.org"}
    assert people(repo, environment, author="Po Licy <po@example.org>") == (
        "Po Licy <po@example.org>",
        "Ada <ada@example.org>",
    )


def test_email_completes_a_name(repo: Path) -> None:
    configure(repo, user_name="Ada")
    assert people(repo, {"EMAIL": "ada@example.org"}) == ("Ada <ada@example.org>",) * 2


def test_an_author_by_the_environment_alone_leaves_the_bot_as_committer(repo: Path) -> None:
    environment = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
    assert people(repo, environment) == ("Ada <ada@example.org>", BOT)


@pytest.mark.parametrize(
    ("settings", "said", "key"),
    [
        ({"user_name": "Ada"}, "a name for the author of commits, but no address", "user.email"),
        ({"user_email": "a@b"}, "an address for the author of commits, but no name", "user.name"),
    ],
)
def test_half_an_identity_is_refused_by_name(repo: Path, settings: dict[str, str], said: str, key: str) -> None:
    configure(repo, **settings)
    with pytest.raises(UsageError, match=said) as caught:
        people(repo)
    assert f"git config {key}" in caught.value.hint


@pytest.mark.parametrize("text", ["", " ", "<>", ".,;", "\n"])
def test_an_identity_without_a_letter_is_refused_by_name(repo: Path, text: str) -> None:
    configure(repo, user_name="Ada", user_email="ada@example.org")
    with pytest.raises(UsageError, match="GIT_AUTHOR_NAME is empty"):
        people(repo, {"GIT_AUTHOR_NAME": text})
    with pytest.raises(UsageError, match="GIT_COMMITTER_EMAIL is empty"):
        people(repo, {"GIT_COMMITTER_EMAIL": text})


def test_an_empty_setting_is_refused_by_name(repo: Path) -> None:
    configure(repo, user_name="", user_email="ada@example.org", author_name="")
    with pytest.raises(UsageError, match=r"user\.name is empty"):
        people(repo)


def test_a_setting_that_is_no_text_is_refused_by_name(repo: Path) -> None:
    with (repo / ".git/config").open("ab") as file:
        file.write(b"[user]\n\tname\n")
    with pytest.raises(UsageError, match=r"user\.name has no value"):
        people(repo)
    with (repo / ".git/config").open("ab") as file:
        file.write(b"[user]\n\tname = \xff\n")
    with pytest.raises(UsageError, match=r"user\.name cannot be read"):
        people(repo)
    with pytest.raises(UsageError, match="GIT_AUTHOR_NAME is not UTF-8"):
        people(repo, {"GIT_AUTHOR_NAME": "\udcff", "GIT_AUTHOR_EMAIL": "a@b"})


@pytest.mark.parametrize("name", ["Ada", " Ada. ", "A<d>a", "Ada\n", "A\nB <c@d>", '"Ada"', "Ünal 😀", "O'Brien, Jr."])
def test_a_name_is_cleaned_as_git_cleans_it(repo: Path, name: str) -> None:
    environment = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": "<ada@example.org>,"}
    bare = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    said = subprocess.run(
        ["git", "var", "GIT_AUTHOR_IDENT"], cwd=repo, env={**bare, **environment}, capture_output=True, check=True
    )
    assert people(repo, environment)[0] == said.stdout.decode().rsplit(" ", 2)[0]


def test_both_are_of_one_moment_in_the_local_time_zone(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        config = pygit2.Repository(str(repo)).config
        found = identities(config, CommitOrder("x", "", ()), {})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (found.author.offset, found.author.time) == (330, found.committer.time)
    assert abs(found.author.time - time.time()) < 60


def test_the_variables_are_those_git_documents() -> None:
    assert set(VARIABLES) == {
        *(f"GIT_{who}_{part}" for who in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")),
        "EMAIL",
    }
