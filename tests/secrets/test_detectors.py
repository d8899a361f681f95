"""The detectors of detect-secrets: what they hit passes the gate before them, and long or odd lines cost little."""

from __future__ import annotations

import importlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.secrets.detectors import DETECTORS, credentials, worth

ASCII = st.characters(min_codepoint=32, max_codepoint=126)
PATTERNS = [
    pytest.param(name, pattern, id=f"{kind}-{number}")
    for module, name, kind in DETECTORS
    for number, pattern in enumerate(
        getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name).denylist
    )
]


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_a_detector_hits_is_worth_a_look(name: str, pattern: re.Pattern[str], data: st.DataObject) -> None:
    del name
    line = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=ASCII))
    assert worth(line) == {0}


def test_only_lines_worth_it_are_named() -> None:
    assert worth("x = 1\nk = '" + "0a1b2c3d" * 4 + "-us5'\nthe laws of clouds\n") == {1}


def test_a_part_of_a_longer_word_is_no_credential() -> None:
    key = "AKIA" + "B2C3D4E5" * 2
    assert list(credentials(f"x = {key}")) == [(key, "aws-key")]
    assert list(credentials(f"x = Z{key}Z")) == []


def test_a_commit_beside_aws_is_no_credential() -> None:
    assert list(credentials("aws key of commit '" + "0a1b2c3d" * 5 + "'")) == []


@pytest.mark.parametrize("piece", ["cl_key ", "aws key '", "sg.", "https://hooks.slack.com/services/T", "xoxb-1-"])
def test_odd_lines_are_no_trap_for_time(piece: str) -> None:
    started = time.process_time()
    for line in [(piece * 2000)[:1999], piece + " " * 1900]:
        worth(line)
        list(credentials(line))
    assert time.process_time() - started < 10
