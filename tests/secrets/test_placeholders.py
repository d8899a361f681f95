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


@pytest.mark.parametrize(
    "token",
    [
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIA1234567890ABCDEF",
        "SK0123456789abcdef0123456789abcdef",
        "sk_test_51Habcdefghijklmnopqrstu",
    ],
)
def test_runs_of_the_alphabet_are_placeholders(token: str) -> None:
    assert is_placeholder(token)
    assert not is_placeholder(token[::-1])


def test_what_is_published_for_everybody_is_a_placeholder_and_what_is_like_it_is_not() -> None:
    azurite = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    stripe = "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"
    for token in (azurite, "AccountKey=" + azurite, stripe):
        assert is_placeholder(token)
        assert not is_placeholder(token[:-8] + "0a1B2c3D")
