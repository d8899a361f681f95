"""Which files a prompt holds, from a real commit: named, mentioned or all; never what may not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.context.select import reading_ban, select_files
from agentos_action.errors import UsageError
from agentos_action.records.context import Selection
from agentos_action.records.policy import UNREADABLE
from agentos_action.records.task import ToolTask
from agentos_action.repo import RepoView, TreeSnapshot
from tests.git import commit_all, make_repo

FILES: dict[str, bytes | str] = {
    "README.md": "read me\n",
    "src/a.py": "a = 1\n",
    "src/b.py": b"b = '\xe9'\r\n",
    "logo.png": b"\x89PNG\0\0",
    ".env": "KEY=1\n",
    "deploy/.ENV": "KEY=2\n",
    ".env.example": "KEY=\n",
    "keys/server.PEM": "x\n",
    "with blank.txt": "x\n",
}


@pytest.fixture
def base(tmp_path: Path) -> TreeSnapshot:
    """Return a commit with text, binary, secret and linked files."""
    repo = make_repo(tmp_path, FILES)
    (repo / "link.py").symlink_to("src/a.py")
    (repo / "uncommitted.py").write_text("later\n")
    (repo / ".gitignore").write_text("uncommitted.py\n")
    view = RepoView.open(repo)
    return view.snapshot(commit_all(repo))


def select(base: TreeSnapshot, instruction: str = "Do it", *files: str, max_bytes: int = 10_000) -> Selection:
    """Select for a task that names these files."""
    task = ToolTask(task_id="t", instruction=instruction, files=files, source="command line")
    return select_files(task, base, UNREADABLE, max_bytes)


def names(selection: Selection) -> tuple[str, ...]:
    """Return the paths of a selection."""
    return tuple(file.path for file in selection.files)


def test_named_files_come_in_the_order_of_the_task_once_each(base: TreeSnapshot) -> None:
    found = select(base, "See README.md", "src/b.py", "src/a.py", "src/b.py")
    assert (found.how, names(found)) == ("named", ("src/b.py", "src/a.py"))
    assert found.files[0].text == "b = '\udce9'\r\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("src/c.py", "which is not in commit"),
        ("uncommitted.py", "which is not in commit"),
        ("", "which is not in commit"),
        ("/src/a.py", "which is not in commit"),
        ("src/../src/a.py", "which is not in commit"),
        ("src/a.py/x", "which is not in commit"),
        ("a\0b", "which is not in commit"),
        ("src", "is a folder"),
        ("logo.png", "is not a text file"),
        ("link.py", "is not a text file"),
        (".env", "may not be read into a prompt"),
        ("deploy/.ENV", "may not be read into a prompt"),
        ("keys/server.PEM", "may not be read into a prompt"),
    ],
)
def test_a_named_file_that_cannot_be_shown_is_refused(base: TreeSnapshot, path: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        select(base, "Do it", "README.md", path)
    assert caught.value.hint


def test_a_name_in_other_case_is_told_the_right_one(base: TreeSnapshot) -> None:
    with pytest.raises(UsageError) as caught:
        select(base, "Do it", "readme.MD")
    assert caught.value.hint == "There is 'README.md'."


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("Fix src/a.py, then README.md.", ("src/a.py", "README.md")),
        ("Fix `src/a.py` (and ./src/b.py)", ("src/a.py", "src/b.py")),
        ("See .env and src/a.py", ("src/a.py",)),
        ("src and logo.png and src/b.py", ("src/b.py",)),
    ],
)
def test_files_that_the_instruction_mentions_are_found(
    base: TreeSnapshot, instruction: str, expected: tuple[str, ...]
) -> None:
    found = select(base, instruction)
    assert (found.how, names(found)) == ("mentioned", expected)


def test_a_mentioned_secret_is_told_as_left_out(base: TreeSnapshot) -> None:
    assert select(base, "See .env and src/a.py").left_out == (".env",)


def test_where_nothing_is_named_all_readable_text_files_come(base: TreeSnapshot) -> None:
    found = select(base)
    assert found.how == "all"
    expected = {".env.example", ".gitignore", "README.md", "src/a.py", "src/b.py", "with blank.txt"}
    assert set(names(found)) == expected


def test_where_all_do_not_fit_the_person_is_asked_to_name_some(base: TreeSnapshot) -> None:
    with pytest.raises(UsageError, match="do not fit the model") as caught:
        select(base, max_bytes=20)
    assert "--files" in caught.value.hint


@pytest.mark.parametrize(
    "path", [".env", "a/.Env", ".env.local", "id_rsa", "x/ID_RSA.pub", "a.key", ".aws/config", "SECRETS.yml"]
)
def test_credentials_are_hidden_in_any_case(path: str) -> None:
    assert reading_ban(UNREADABLE)(path)


@pytest.mark.parametrize("path", [".env.example", "environment.py", "keyboard.py", "src/secret.py"])
def test_what_only_sounds_like_a_credential_is_not_hidden(path: str) -> None:
    assert not reading_ban(UNREADABLE)(path)
