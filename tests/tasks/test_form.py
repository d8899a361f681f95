"""Issue forms and blocks of toml: what narrows a task, what stays in its instruction, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from agentos_action.errors import UsageError
from agentos_action.tasks.block import without_block
from agentos_action.tasks.form import paths_in, read_form
from agentos_action.tasks.told import checked
from tests.tasks.payloads import PIECES

TEMPLATE = Path(__file__).resolve().parents[2] / "agentos_action/entry/start/templates/issue-form.yml"


def test_the_sections_of_a_form_are_understood() -> None:
    text = (
        "### What should change\n\nSay `colour`.\n\n```\n### Files\n```\n\n### Files\n\n- `a b.py`\n- ./c.py\n\n"
        "### Allowed paths\n\nsrc/**, docs/*.md\n\n### Forbidden Paths:\n\n_No response_\n\n### Recipe\n\nNone\n\n"
        "### How to see that it is done\n\nTests.\n\n### Anything else?\n\n_No response_"
    )
    instruction, keys = read_form(text)
    assert instruction == "Say `colour`.\n\n```\n### Files\n```\n\nHow to see that it is done:\nTests."
    assert keys == {"files": ("a b.py", "c.py"), "allowed_paths": ("src/**", "docs/*.md")}


def test_what_our_own_form_asks_is_understood() -> None:
    fields = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))["body"]
    labels = [field["attributes"]["label"] for field in fields if "label" in field["attributes"]]
    filled = "\n\n".join(f"### {label}\n\nvalue {number}" for number, label in enumerate(labels))
    assert read_form(filled)[0].startswith("value 0\n\n")


@pytest.mark.parametrize(
    "text", ["", "Say colour.", "### Other\n\nx", "## Files\n\nx", "> ### Files\n>\n> x", "Files\n==="]
)
def test_a_text_without_a_heading_of_ours_is_no_form(text: str) -> None:
    assert read_form(text) == (text, {})


def test_what_stands_before_a_form_stays() -> None:
    assert read_form("Hello\n\n### Task\n\nSay.") == ("Hello\n\nSay.", {})


def test_two_sections_of_one_meaning_are_refused() -> None:
    with pytest.raises(UsageError, match="two sections 'FILES'"):
        read_form("### Files\n\na\n\n### FILES\n\nb")


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("a.py b.py", ("a.py", "b.py")),
        ("a.py, b.py\nc.py\n", ("a.py", "b.py", "c.py")),
        ('* `a b.py`\n* "c d.py"', ("a b.py", "c d.py")),
        ("```\na.py\n```", ("a.py",)),
        ("**/*.py", ("**/*.py",)),
        (" \n,", ()),
    ],
)
def test_paths_are_read_by_lines_commas_and_blanks(value: str, paths: tuple[str, ...]) -> None:
    assert paths_in(value) == paths


def test_a_block_narrows_and_leaves_the_text() -> None:
    text = "Say.\n\n```toml\nfiles = ['a.py']\n[limits]\nmax_files = 1\n```\n\nMore."
    assert without_block(text, "the issue") == ("Say.\n\n\nMore.", {"files": ("a.py",), "limits": {"max_files": 1}})


@pytest.mark.parametrize(
    "block",
    [
        "```toml\n[project]\nname = 'x'\n```",
        "```toml\nid = 'x'\n```",
        "```toml\n= broken\n```",
        "```toml\n```",
        "```text\nfiles = ['a']\n```",
        "> ```toml\n> files = ['a']\n> ```",
        "    ```toml\n    files = ['a']\n    ```",
        "files = ['a']",
    ],
)
def test_a_sample_stays(block: str) -> None:
    assert without_block(f"Say.\n\n{block}", "the issue") == (f"Say.\n\n{block}", {})


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("files = ['a']\nid = 'x'", "the issue's toml block:2: unknown key 'id'"),
        ("files = ['a']\ncron = 'x'", "the issue's toml block:2: unknown key 'cron'"),
        ("recipe = 3", "the issue's toml block:1: key 'recipe'"),
        ("[limits]\nmax_file = 3", "the issue's toml block:2: unknown key 'limits.max_file'"),
        ("[limits]\nmax_files = ", "the issue's toml block:2: not valid TOML"),
        ("allowed_paths = ['/x']", "the issue's toml block:1: key 'allowed_paths': '/x': patterns start"),
        ("[model]\nprofile = 'x'\n[limits]\nmax_files = 1", "the issue's toml block:1: unknown key 'model'"),
    ],
)
def test_a_wrong_block_is_refused_with_its_line_and_key(block: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        without_block(f"```toml\n{block}\n```", "the issue")
    assert caught.value.message.startswith(said)
    assert "fence it as ```text" in caught.value.hint


def test_a_text_does_not_say_who_may_ask_for_it() -> None:
    with pytest.raises(UsageError, match="'trust'") as caught:
        without_block("```toml\n[trust]\nusers = ['eve']\n```", "the comment")
    assert "agentos.toml" in caught.value.hint


def test_a_text_takes_no_more_time_than_a_task_has() -> None:
    asked = [without_block(f"```toml\ntimeout_seconds = {time}\n```", "the issue")[1] for time in (86_400, 12.5)]
    assert asked == [{"timeout_seconds": 300.0}, {"timeout_seconds": 12.5}]


def test_two_blocks_are_refused() -> None:
    with pytest.raises(UsageError, match="2 toml blocks"):
        without_block("```toml\nfiles = []\n```\n\n~~~TOML\nrecipe = 'x'\n~~~", "the issue")


@given(PIECES)
def test_any_text_is_read_or_refused(text: str) -> None:
    clean = text.encode("utf-8", "replace").decode().replace("\0", "").replace("\r", "")
    keys: dict[str, Any] = {}
    try:
        rest, keys = without_block(clean, "w")
        keys |= read_form(rest)[1]
        checked(keys, "w")
    except UsageError as error:
        keys = {"refused": error.hint}
    assert all(value is not None for value in keys.values())
