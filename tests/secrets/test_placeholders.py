"""What stands for a credential and is none."""

from __future__ import annotations

import pytest

from agentos_action.secrets.placeholders import is_placeholder


@pytest.mark.parametrize(
    "token", ["ghp_" + "x" * 36, "AKIAIOSFODNN7EXAMPLE", "sk-your-key-goes-here-12", "npm_" + "ab" * 18]
)
def test_made_up_tokens_are_placeholders(token: str) -> None:
    assert is_placeholder(token)


@pytest.mark.parametrize("token", ["ghp_" + "a1B2" * 9, "AKIA" + "A1B2C3D4" * 2, "xoxb-1234-5678-abcdef"])
def test_others_are_not(token: str) -> None:
    assert not is_placeholder(token)
