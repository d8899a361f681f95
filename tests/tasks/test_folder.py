"""Tasks that stand in the repository: which are done when, and what is refused."""

from __future__ import annotations

import pytest

from agentos_action.errors import UsageError
from agentos_action.records.patch import MODE_GITLINK, MODE_LINK
from agentos_action.tasks.file import MAX_TASK_BYTES
from agentos_action.tasks.folder import FOLDER, task_at, tasks_in
from tests.bases import Files

TASKS = Files(
    {
        f"{FOLDER}/b-nightly.md": "+++\ncron = '0  3 * * *'\n+++\nTidy.",
        f"{FOLDER}/a-always.md": "Update.",
        f"{FOLDER}/c-push.md": "+++\non = ['push']\nid = 'pushed'\n+++\nCheck.",
        f"{FOLDER}/d-both.md": "+++\non = ['push', 'schedule']\nrecipe = 'docstrings'\n+++\n",
        f"{FOLDER}/e-never.md": "+++\non = []\n+++\nBy hand.",
        f"{FOLDER}/README.md": "About them.",
        f"{FOLDER}/notes.txt": "x",
        f"{FOLDER}/deeper/x.md": "x",
    }
)


def names(event: str, cron: str | None = None) -> list[str]:
    found = tasks_in(TASKS, event="push" if event == "push" else "schedule", cron=cron)
    return [task.path.removeprefix(f"{FOLDER}/") for task in found]


def test_each_task_is_done_when_it_says() -> None:
    assert names("schedule", "0 3 * * * ") == ["a-always.md", "b-nightly.md", "d-both.md"]
    assert names("schedule", "0 4 * * *") == names("schedule") == ["a-always.md", "d-both.md"]
    assert names("push") == ["c-push.md", "d-both.md"]
    assert tasks_in(Files({"a": "b"}), event="push", cron=None) == ()


def test_a_task_is_as_its_file_says() -> None:
    found = tasks_in(TASKS, event="push", cron=None)[0].task
    assert (found.task_id, found.instruction, found.source) == ("pushed", "Check.", "file")
    assert task_at(TASKS, f"{FOLDER}/a-always.md").task_id == "a-always"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"x.md": "+++\non = ['pull_request']\n+++\nx"}, f"{FOLDER}/x.md:2: key 'on'"),
        ({"x.md": " "}, f"{FOLDER}/x.md: the task has no instruction"),
        ({"x.md": b"\xff"}, f"{FOLDER}/x.md:1: not UTF-8"),
        ({"x.md": "x" * (MAX_TASK_BYTES + 1)}, f"{FOLDER}/x.md: larger than"),
        ({"a.md": "x", "x.md": "+++\nid = 'a'\n+++\nx"}, f"{FOLDER}/x.md: its id 'a' is that of {FOLDER}/a.md"),
    ],
)
def test_a_wrong_file_is_refused_by_name_whatever_set_it_off(files: dict[str, str | bytes], said: str) -> None:
    base = Files({f"{FOLDER}/{name}": content for name, content in files.items()})
    with pytest.raises(UsageError) as caught:
        tasks_in(base, event="push", cron=None)
    assert caught.value.message.startswith(said)
    assert caught.value.hint


@pytest.mark.parametrize("mode", [MODE_LINK, MODE_GITLINK])
def test_a_link_is_no_task(mode: int) -> None:
    with pytest.raises(UsageError, match="no regular file"):
        tasks_in(Files({f"{FOLDER}/x.md": "../../secret"}, {f"{FOLDER}/x.md": mode}), event="push", cron=None)


@pytest.mark.parametrize(
    "path", ["", "none.md", "/a.md", "../a.md", "a/../a.md", "./a.md", "a\0.md", "\ud800", "a", "x" * 999]
)
def test_a_file_that_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match=r"is not in commit|is no regular file"):
        task_at(Files({"a.md": "x", "a/b.md": "y"}), path)
