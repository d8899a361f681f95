"""What docs/tasks.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from agentos_action.tasks.asked import task_of_issue
from agentos_action.tasks.dispatch import KEYS
from agentos_action.tasks.file import parse_file
from agentos_action.tasks.form import read_form

PAGE = (Path(__file__).resolve().parents[2] / "docs/tasks.md").read_text(encoding="utf-8")


def test_the_files_are_tasks() -> None:
    shown = re.findall(r"^```markdown\n(\+\+\+\n.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    read = [parse_file(text, "tasks.md", default_id="x") for text in shown]
    assert [keys.cron for keys, _ in read] == [None, "0 3 * * 1"]
    assert [task.recipe for _, task in read] == [None, "docstrings"]


def test_the_block_narrows_its_issue() -> None:
    (shown,) = re.findall(r"^````markdown\n(.*?)\n````$", PAGE, re.MULTILINE | re.DOTALL)
    task = task_of_issue(1, "", shown, source="issue", requested_by=None).task
    assert (task.instruction, task.files) == ("Rename the flag --colour to --color.", ("cli.py",))
    assert task.allowed_paths == ("cli.py", "docs/**")
    assert task.narrow is not None
    assert task.narrow.limits.max_files == 3


def test_the_labels_of_a_form_and_the_keys_of_a_dispatch_are_those() -> None:
    (table,) = re.findall(r"\| label \| is \|\n(.*?)\n\n", PAGE, re.DOTALL)
    labels = re.findall(r"`([^`]+)`", table)
    assert len(labels) == 7
    assert all(read_form(f"### {label}\n\nx") != (f"### {label}\n\nx", {}) for label in labels)
    assert [key for key in KEYS if f"| `{key}` |" not in PAGE] == []
