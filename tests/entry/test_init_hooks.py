"""The entry that is added to somebody's hooks: the file means what it meant, and the entry besides; or it is left."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.entry.start.hook_entry import added, has_ours

ENTRY = "- repo: local\n  hooks:\n    - id: agentos-verify # told\n      entry: agentos verify\n"

SAFE = [
    "repos:\n- repo: a\n  rev: b\n",
    "repos:\n  - repo: a\n    rev: b",
    "# head\n---\nrepos:  # all\n\n  # first\n  - repo: a\n\n  - repo: b\n    hooks:\n      - id: c\n\n\nci: {}\n",
    "fail_fast: true\nrepos:\n    -   repo: a\n        hooks:\n        -   id: b\n# end\n",
    "repos:\r\n- repo: a\r\n  rev: b\r\nci:\r\n  skip: [x]\r\n",
    "repos:\n- repo: a\n  text: |\n    one\n    # no comment\n\n    two\n    # neither\n\n# a comment\nci: {}\n",
    "repos:\n- repo: a\n  text: |\n    one\n  # a comment\n",
    "repos:\n- repo: a\n  text: 'two\n\n    lines'\n",
    "repos:\n- {repo: a, rev: b}\n- repo: c\n  rev: &anchor d\n",
]
LEFT = [
    "",
    "repos: []\n",
    "repos:\n",
    "repos:\n# nothing\n",
    "repos: [{repo: a}]\n",
    "repos:\n  [{repo: a}]\n",
    " repos:\n - repo: a\n",
    '"repos":\n- repo: a\n',
    "repos: &all\n- repo: a\n",
    "repos:\n-\trepo: a\n",
    "repos:\n- repo: a\n---\nrepos:\n- repo: b\n",
    "repos:\n- repo: a\n...\n",
    "%YAML 1.2\n---\nrepos:\n- repo: a\n",
    "- repo: a\n",
    "repos:\n- repo: a\nrepos:\n- repo: b\n",
    "{repos: [\n{repo: a}]}\n",
    "repos:\n- repo: a\n  list: [b,\nc]\n",
]


def check(text: str) -> None:
    after = added(text, ENTRY)
    assert after is not None
    before, read = yaml.safe_load(text), yaml.safe_load(after)
    before["repos"] += yaml.safe_load(ENTRY)
    assert read == before
    # Nothing but lines that come in.
    kept = iter(after.splitlines())
    assert all(any(line == other for other in kept) for line in text.splitlines())
    assert ("\r\n" in after) is ("\r\n" in text)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text
    assert after.endswith("\n")


@pytest.mark.parametrize("text", SAFE)
def test_the_entry_is_the_last_and_all_else_stays(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", LEFT)
def test_what_cannot_be_added_to_safely_is_left(text: str) -> None:
    assert added(text, ENTRY) is None


LINES = st.sampled_from(
    [
        "repos:",
        "- repo: a",
        "  - repo: b",
        "  rev: c",
        "    text: |",
        "      # deep",
        "  # mid",
        "# margin",
        "",
        "ci: {}",
    ]
)


@given(st.lists(LINES, max_size=9))
def test_whatever_is_added_to_means_what_it_meant(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if isinstance(read, dict) and isinstance(read.get("repos"), list) and added(text, ENTRY) is not None:
        check(text)


@pytest.mark.parametrize(
    ("line", "ours"),
    [("    - id: agentos-verify", True), ("      id: 'agentos-run'", True), ("# id: agentos-verify", False)],
)
def test_a_hook_of_ours_is_seen(line: str, ours: bool) -> None:  # noqa: FBT001 - a row of the table
    assert has_ours(f"repos:\n{line}\n") is ours
