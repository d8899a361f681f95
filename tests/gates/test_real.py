"""The gates against llama.cpp's own server with the real small model, in every protocol that it speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.gates.perform import named, perform
from agentos_action.gates.setting import Setting
from agentos_action.records.run import ModelWish, RunRequest
from agentos_action.sidecar.launch import Sidecar

pytestmark = pytest.mark.model

SHAPES = {
    "TL-R2-LLAMACPP": ("llamacpp", ""),
    "TL-R2-LMSTUDIO": ("lmstudio", "/v1"),
    "TL-R2-OPENAI": ("openai", "/v1"),
    "TL-R2-ANTHROPIC": ("anthropic", ""),
}


def setting(llama: Sidecar, provider: str, path: str, tmp_path: Path) -> Setting:
    keys = {f"{provider.upper()}_API_KEY": llama.api_key}
    request = RunRequest(repo=Path(), api_keys=keys, home=tmp_path / "home", cache=tmp_path / "cache")
    wish = ModelWish(provider=provider, base_url=llama.base_url + path, model=llama.model_name)
    return Setting(request, wish, 120.0)


@pytest.mark.parametrize("name", SHAPES)
def test_a_providers_gate_passes(name: str, llama: Sidecar, tmp_path: Path) -> None:
    (result,) = perform(named([name]), setting(llama, *SHAPES[name], tmp_path), tmp_path / "out", lambda _text: None)
    assert result.status == "passed", result.model_dump_json(indent=1)


def test_what_llama_cpp_claims_is_there(llama: Sidecar, tmp_path: Path) -> None:
    own = setting(llama, "llamacpp", "", tmp_path)
    (result,) = perform(named(["TL-R2-CAP-SANITY"]), own, tmp_path / "out", lambda _text: None)
    assert result.status == "passed", result.model_dump_json(indent=1)


def test_a_claim_that_the_model_cannot_keep_is_seen(llama: Sidecar, tmp_path: Path) -> None:
    # The protocol has function calls; this model writes prose in their place.
    own = setting(llama, "openai", "/v1", tmp_path)
    (result,) = perform(named(["TL-R2-CAP-SANITY"]), own, tmp_path / "out", lambda _text: None)
    assert [check.id for check in result.checks if check.status == "failed"] == ["CAP-FUNCTION-CALL"]
