"""How several instances are asked for one model: first for that model only, then where another may answer instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentos_action.records.tool import ToolHealth
from agentos_action.settings.choose import ChosenModel


def strict(chosen: ChosenModel) -> ChosenModel:
    """Return it so that another model than the wanted is a fault: first all instances are asked for the wanted one."""
    profile = chosen.profile
    if profile.model is None or profile.on_missing_model == "fail" or profile.sidecar_model is not None:
        return chosen
    return replace(chosen, profile=profile.model_copy(update={"on_missing_model": "fail"}))


def first_ready(several: Sequence[ChosenModel], said: Sequence[ToolHealth]) -> int | None:
    """Return the place of the first instance that may answer with another model, and has one; None where none may."""
    for place, (chosen, health) in enumerate(zip(several, said, strict=True)):
        allowed = chosen.profile.on_missing_model == "first_ready"
        if allowed and health.status == "model_missing" and health.models:
            return place
    return None
