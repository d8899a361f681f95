"""Our own reader of dataclasses takes and refuses what pydantic would, at the same key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agentos_action.records.policy import Policy
from agentos_action.records.reading import Unfit, read

#: Rust's `\S` takes the four separators of files, groups, records and units for text, Python's does not.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1c\x1d\x1e\x1f"), max_size=8)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([10**400, -(10**400), 86_400, 86_401, 2**63]),
    st.floats(),
    TEXT,
    st.just(dt.date(1979, 5, 27)),
)
GOOD = st.sampled_from(
    [
        *("exact", "similar", "write", "local", "cloud", "bubblewrap", "none", "git", "always", "true", "GITHUB_TOKEN"),
        *("**", "a/*", "!", "[z-a]", "ada", "ci[bot]", "a\n", "x" * 101, "A B <a@b>", "/opt", "~/x", "../x", "PATH"),
    ]
)
ANY = st.recursive(
    st.one_of(SCALARS, GOOD),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=2)),
    max_leaves=4,
)


def table(fields: dict[str, object]) -> st.SearchStrategy[dict[str, Any]]:
    """Return tables of a schema's keys, with values that often fit and at times a key that it does not know."""
    known = {name: st.one_of(_fitting(schema), _fitting(schema), ANY) for name, schema in fields.items()}
    some = st.fixed_dictionaries({}, optional=known)
    return st.builds(
        lambda odd, more: {**more, **odd}, st.one_of(st.just({}), st.dictionaries(TEXT, ANY, max_size=1)), some
    )


def _fitting(schema: Any) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return table(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]["properties"])
    if "anyOf" in schema:
        return _fitting(schema["anyOf"][0])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "array":
        return st.lists(_fitting(schema["items"]), max_size=3)
    kinds = {"boolean": st.booleans(), "integer": st.integers(0, 9), "number": st.floats(0, 9), "string": GOOD}
    return kinds[schema["type"]]


ORACLE = TypeAdapter(Policy)
SCHEMA = ORACLE.json_schema()


@given(table(SCHEMA["properties"]))
def test_a_policy_is_taken_or_refused_as_pydantic_does_it(data: dict[str, Any]) -> None:
    assert _outcome(lambda: read(Policy, data)) == _outcome(lambda: ORACLE.validate_python(data))


def _outcome(work: Callable[[], Policy]) -> Policy | tuple[str, ...]:
    """Return the policy, or the keys that lead to the first value that is wrong."""
    try:
        return work()
    except Unfit as unfit:
        return unfit.path
    except ValidationError as error:
        return tuple(part for part in error.errors()[0]["loc"] if isinstance(part, str))


def test_more_patterns_than_a_policy_may_have_are_counted() -> None:
    with pytest.raises(Unfit, match="it has 1,001 items, more than 1,000"):
        read(Policy, {"allowed_paths": ["a"] * 1_001})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"limits": {"max_files": True}}, "Input should be a valid integer"),
        ({"limits": {"max_files": 0}}, "Input should be greater than 0"),
        ({"checks": {"timeout_seconds": 86_401}}, "Input should be less than or equal to 86400"),
        ({"checks": {"timeout_seconds": 10**400}}, "Input should be a number of fewer digits"),
        ({"checks": {"commands": [""]}}, "it has 0 characters, fewer than 1"),
        ({"trust": {"users": ["ada\n"]}}, "it should match the pattern "),
        ({"trust": {"permission": "owner"}}, "Input should be 'read', 'triage', 'write', 'maintain' or 'admin'"),
        ({"limits": 3}, "Input should be a table of keys"),
        ({"commit": {"author": "x"}}, "'x' is not of the form 'Name <name@example.org>'"),
    ],
)
def test_what_is_wrong_is_said(data: dict[str, Any], said: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(Policy, data)
    assert caught.value.said.startswith(said)


def test_whole_seconds_become_the_float_that_they_are() -> None:
    seconds = read(Policy, {"checks": {"timeout_seconds": 60}}).checks.timeout_seconds
    assert (seconds, type(seconds)) == (60.0, float)


@dataclass(frozen=True, kw_only=True)
class Needy:
    name: str
    more: int | None = None


def test_a_key_that_must_be_there_is_asked_for() -> None:
    assert read(Needy, {"name": "x", "more": None}) == Needy(name="x")
    with pytest.raises(Unfit, match="Field required") as caught:
        read(Needy, {"more": 1})
    assert caught.value.path == ("name",)
    with pytest.raises(Unfit) as caught:
        read(Needy, {"name": "x", "odd": 1})
    assert (caught.value.path, caught.value.known) == (("odd",), ("name", "more"))
