"""Which instances a bare provider stands for, and when another model may answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.clock import Clock
from agentos_action.records.policy import ModelChoice
from agentos_action.records.run import ModelWish
from agentos_action.records.tool import HealthStatus, ToolHealth
from agentos_action.settings.choose import ChosenModel, choose_model
from agentos_action.settings.instances import first_ready, strict


def choose(home: Path, **wish: str) -> ChosenModel:
    chosen = choose_model(
        flags=ModelWish(**wish),
        environment=ModelWish(),
        policy=ModelChoice(),
        embedded=False,
        base=None,
        home=home,
    )
    assert chosen is not None
    return chosen


def user_profile(home: Path, **fields: object) -> None:
    (home / "profiles").mkdir(exist_ok=True)
    named = {"provider": "llamacpp", "name": "mine", "base_url": "http://127.0.0.1:1", **fields}
    (home / "profiles/mine.json").write_text(json.dumps(named), "utf-8")


def health(status: HealthStatus, *models: str) -> ToolHealth:
    return ToolHealth(
        adapter_id="llamacpp",
        provider="llamacpp",
        execution_mode="local",
        status=status,
        details="x",
        error_category=None if status == "connected" else "model",
        models=models,
        checked_at=Clock().now(),
        latency_ms=1,
    )


def test_a_bare_provider_stands_for_all_its_instances_in_order_and_never_the_embedded(home: Path) -> None:
    user_profile(home, instances=[{"name": "second", "model": "own"}])
    chosen = choose(home, provider="llamacpp")
    names = [one.profile.name for one in (chosen, *chosen.others)]
    assert names[:3] == ["mine", "second", "llamacpp"]
    assert "embedded" not in names
    assert len(set(names)) == len(names)
    assert [one.profile.model for one in (chosen, *chosen.others)][:3] == [None, "own", None]
    wished = choose(home, provider="llamacpp", model="wanted")
    assert {one.profile.model for one in (wished, *wished.others)} == {"wanted"}
    assert {one.others for one in chosen.others} == {()}


@pytest.mark.parametrize(
    "wish",
    [
        {"provider": "llamacpp", "instance": "mine"},
        {"profile": "mine"},
        {"provider": "llamacpp", "base_url": "http://127.0.0.1:2"},
        {"provider": "scripted"},
    ],
)
def test_whoever_is_named_stands_alone(home: Path, wish: dict[str, str]) -> None:
    user_profile(home)
    assert choose(home, **wish).others == ()


def test_first_all_are_asked_for_the_wanted_model_only(home: Path) -> None:
    user_profile(home, on_missing_model="first_ready")
    wanted = choose(home, profile="mine", model="wanted")
    assert strict(wanted).profile.on_missing_model == "fail"
    anybody = choose(home, profile="mine")
    assert strict(anybody) is anybody
    embedded = choose(home, profile="embedded", model="smollm2-135m")
    assert strict(embedded) is embedded


def test_another_model_may_answer_where_its_profile_says_so_and_it_has_one(home: Path) -> None:
    user_profile(home, on_missing_model="first_ready")
    lenient = choose(home, profile="mine", model="wanted")
    firm = strict(lenient)
    missing = health("model_missing", "small")
    assert first_ready([firm, lenient], [missing, missing]) == 1
    assert first_ready([lenient], [health("model_missing")]) is None
    assert first_ready([lenient], [health("unreachable", "small")]) is None
    assert first_ready([firm], [missing]) is None
