"""Every key of the policy, narrowed by a task: less counts, more does not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.narrowing import Narrowing
from agentos_action.records.patch import RUNGS
from agentos_action.records.policy import PERMISSIONS, CheckRules, CommitRules, Limits, Policy, TrustRules
from agentos_action.records.reading import read
from agentos_action.settings.narrow import narrow
from agentos_action.tasks.file import parse_task


def names(table: type[Any]) -> tuple[str, ...]:
    """Return the keys of a table."""
    return tuple(field.name for field in fields(table))


#: (where the key stands, the policy's value, one that narrows it, one that would widen it)
ROWS: list[tuple[str, Any, Any, Any]] = [
    ("max_placement", "indent", "exact", "similar"),
    ("allow_new_files", True, False, None),
    ("allow_new_files", False, False, True),
    ("allow_delete", True, False, None),
    ("allow_delete", False, False, True),
    ("allow_rename", True, False, None),
    ("allow_rename", False, False, True),
    ("allow_exec_bit", True, False, None),
    ("allow_exec_bit", False, False, True),
    ("protect_manifests", False, True, None),
    ("protect_manifests", True, True, False),
    *((f"limits.{name}", 100, 7, 1_000) for name in names(Limits)),
    ("trust.permission", "write", "admin", "read"),
    ("trust.users", None, ("ada",), None),
    ("trust.bots", ("renovate[bot]", "ours[bot]"), ("ours[bot]",), ("ours[bot]", "renovate[bot]", "theirs[bot]")),
    ("checks.timeout_seconds", 60.0, 5.0, 600.0),
    ("checks.sandbox", "none", "bubblewrap", None),
    ("checks.sandbox", "bubblewrap", "bubblewrap", "none"),
    ("commit.sign", "git", "always", None),
    ("commit.sign", "always", "always", "git"),
]
TABLES: dict[str, type[Any]] = {"limits": Limits, "trust": TrustRules, "checks": CheckRules, "commit": CommitRules}


def nested(key: str, value: object) -> dict[str, Any]:
    """Return `{"a": {"b": value}}` for `a.b`."""
    table, _, name = key.rpartition(".")
    return {table: {name: value}} if table else {name: value}


def policy_with(key: str, value: object) -> Policy:
    return read(Policy, nested(key, value))


def value_of(policy: Policy, key: str) -> object:
    found: object = policy
    for part in key.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("key", "own", "less", "more"), ROWS)
def test_a_task_narrows_every_key_and_widens_none(key: str, own: object, less: object, more: object) -> None:
    policy = policy_with(key, own)
    assert value_of(narrow(policy, Narrowing.model_validate(nested(key, less))), key) == less
    if more is not None:
        assert value_of(narrow(policy, Narrowing.model_validate(nested(key, more))), key) == own
    assert narrow(policy, Narrowing()) == policy


def test_the_names_of_task_and_policy_are_both_asked() -> None:
    policy = policy_with("trust.users", ("Ada", "bob"))
    assert narrow(policy, Narrowing.model_validate(nested("trust.users", ("ada", "eve")))).trust.users == ("Ada",)
    assert narrow(policy, Narrowing.model_validate(nested("trust.users", ("eve",)))).trust.users == ()


def test_every_key_of_the_policy_is_narrowed_or_named_here_as_one_that_a_task_cannot_touch() -> None:
    elsewhere = {
        # The task's own lists are asked beside the policy's, see verifier/rules/paths.py.
        *("allowed_paths", "forbidden_paths", "commit.branches"),
        # Where prompts go, what is read and what makes a task is not a task's to say.
        *("model", "context", "triggers"),
        # A task that brought commands, folders or names would widen what runs, what it sees, as whom it commits.
        *("checks.commands", "checks.readable", "checks.environment", "commit.author", "commit.committer"),
    }
    keys = {
        f"{name}.{inner}" if name in TABLES else name
        for name in names(Policy)
        for inner in (names(TABLES[name]) if name in TABLES else ("",))
    }
    assert keys - elsewhere == {key for key, *_ in ROWS}


@pytest.mark.parametrize("line", ['[checks]\ncommands = ["true"]', '[commit]\nauthor = "A <a@b>"', "[model]\n"])
def test_a_task_that_brings_what_only_a_policy_may_say_is_refused_by_name(line: str) -> None:
    with pytest.raises(UsageError, match=r"task\.md:\d: unknown key"):
        parse_task(f"+++\n{line}\n+++\nDo it.\n", "task.md", default_id="x")


def test_a_task_file_narrows() -> None:
    front = (
        'max_placement = "exact"\nallow_delete = false\n[limits]\nmax_files = 2\n[commit]\nbranches = ["agentos/**"]'
    )
    task = parse_task(f"+++\n{front}\n+++\nDo it.\n", "task.md", default_id="x")
    assert task.narrow is not None
    policy = narrow(Policy(), task.narrow)
    assert (policy.max_placement, policy.allow_delete, policy.limits.max_files) == ("exact", False, 2)
    assert task.narrow.commit.branches == ("agentos/**",)
    assert policy.allow_new_files


def test_a_task_that_says_nothing_narrows_nothing() -> None:
    assert parse_task("Do it.\n", "task.md", default_id="x").narrow is None


@given(st.sampled_from(RUNGS), st.sampled_from(RUNGS), st.sampled_from(PERMISSIONS), st.sampled_from(PERMISSIONS))
def test_the_stricter_of_two_counts(own: str, wished: str, has: str, asks: str) -> None:
    policy = read(Policy, {"max_placement": own, "trust": {"permission": has}})
    wish = Narrowing.model_validate({"max_placement": wished, "trust": {"permission": asks}})
    found = narrow(policy, wish)
    assert RUNGS.index(found.max_placement) == min(map(RUNGS.index, (policy.max_placement, wish.max_placement or own)))
    assert PERMISSIONS.index(found.trust.permission) == max(map(PERMISSIONS.index, (has, asks)))
