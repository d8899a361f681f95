"""The policy file: what holds without one, what is refused with file, line and key, and its digest."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.policy import UNREADABLE, Limits, Policy, check_allowed_glob, check_forbidden_glob
from agentos_action.repo import RepoView
from agentos_action.settings.policy import MAX_POLICY_BYTES, load_policy
from agentos_action.verifier.globs import allows, forbids
from tests.bases import Files
from tests.git import make_repo

WHERE = "agentos.toml@0123456789"


def refusal(text: str | bytes) -> str:
    """Return the message with which the policy is refused."""
    with pytest.raises(UsageError) as caught:
        load_policy(Files({"agentos.toml": text}))
    return caught.value.message


def test_without_a_file_the_built_in_policy_holds() -> None:
    loaded = load_policy(Files({"a.py": ""}))
    assert loaded.source == "built-in"
    assert loaded.policy == Policy()
    assert loaded.policy.allowed_paths == ("**",)
    assert loaded.policy.limits == Limits()
    assert loaded.policy.context.unreadable == UNREADABLE
    assert loaded.policy.triggers.label == "agentos"
    assert len(loaded.sha256) == 64


def test_every_table_of_a_policy_is_read() -> None:
    text = (
        'allowed_paths = ["src/**"]\nforbidden_paths = ["*.lock"]\n[limits]\nmax_files = 3\n'
        '[model]\nprovider = "llamacpp:big"\nallow = ["local"]\nhosts = ["h"]\n[context]\nforbidden_paths = ["x"]\n'
        '[triggers]\nlabel = "bot: do it"\n'
    )
    policy = load_policy(Files({"agentos.toml": text})).policy
    assert (policy.allowed_paths, policy.forbidden_paths) == (("src/**",), ("*.lock",))
    assert policy.limits.max_files == 3
    assert (policy.model.provider, policy.model.allow, policy.model.hosts) == ("llamacpp:big", ("local",), ("h",))
    assert policy.context.forbidden_paths == ("x",)
    assert policy.triggers.label == "bot: do it"


def test_its_digest_is_that_of_sha256sum_on_the_file(tmp_path: Path) -> None:
    content = b'allowed_paths = ["a"]\r\n# \xc3\xa9\r\n'
    repo = make_repo(tmp_path, {"agentos.toml": content})
    view = RepoView.open(repo)
    loaded = load_policy(view.snapshot(view.commit_of("HEAD")))
    said = subprocess.run(["sha256sum", repo / "agentos.toml"], capture_output=True, text=True, check=True).stdout
    assert loaded.sha256 == said.split()[0] == hashlib.sha256(content).hexdigest()
    assert loaded.policy.allowed_paths == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('allowed_path = ["a"]\n', f"{WHERE}:1: unknown key 'allowed_path'"),
        ("[limits]\nmax_file = 1\n", f"{WHERE}:2: unknown key 'limits.max_file'"),
        ("[limits]\nmax_files = 'many'\n", f"{WHERE}:2: key 'limits.max_files': "),
        ("[limits]\nmax_files = 0\n", f"{WHERE}:2: key 'limits.max_files': "),
        ("[limits]\nmax_files = -1\n", f"{WHERE}:2: key 'limits.max_files': "),
        ("allowed_paths = 'a'\n", f"{WHERE}:1: key 'allowed_paths': "),
        ("\nforbidden_paths = [1]\n", f"{WHERE}:2: key 'forbidden_paths': "),
        ("[model]\nallow = ['lokal']\n", f"{WHERE}:2: key 'model.allow': "),
        ("[model]\nprofile = 'a'\nprovider = 'b'\n", f"{WHERE}:1: key 'model': name a profile or a provider"),
        ("forbidden_paths = ['ok', '!']\n", f"{WHERE}:1: key 'forbidden_paths': '!' is no pattern"),
        ("forbidden_paths = ['[z-a]']\n", f"{WHERE}:1: key 'forbidden_paths': '[z-a]' is no pattern"),
        ("[context]\nforbidden_paths = ['a\\']\n", f"{WHERE}:2: key 'context.forbidden_paths': "),
        ("[triggers]\nlabels = 'a'\n", f"{WHERE}:2: unknown key 'triggers.labels'"),
        ("[triggers]\nlabel = 3\n", f"{WHERE}:2: key 'triggers.label': "),
        ("[triggers]\nlabel = '  '\n", f"{WHERE}:2: key 'triggers.label': "),
        ("[triggers]\nlabel = 'agentos '\n", f"{WHERE}:2: key 'triggers.label': "),
        (f"[triggers]\nlabel = '{'x' * 51}'\n", f"{WHERE}:2: key 'triggers.label': "),
        ("limits = 3\n", f"{WHERE}:1: key 'limits': "),
        ("a b\n", f"{WHERE}:1: not valid TOML: "),
        ("[model]\r\nallow = \r\n", f"{WHERE}:2: not valid TOML: "),
        (b"# caf\xe9\n", f"{WHERE}: not UTF-8 (byte 5)"),
        ("x" * (MAX_POLICY_BYTES + 1), f"{WHERE}: larger than {MAX_POLICY_BYTES} bytes"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(text: str | bytes, message: str) -> None:
    assert refusal(text).startswith(message)


BAD_GLOBS = ["", " ", "!x", "/x", "x/", "a\\\\b", "..", "a/../b", "./a", "a/./b", "a//b", "a\\u0000b"]


@pytest.mark.parametrize("pattern", BAD_GLOBS)
def test_a_bad_glob_on_the_allowed_side_is_refused(pattern: str) -> None:
    assert refusal(f'\nallowed_paths = ["ok", "{pattern}"]\n').startswith(f"{WHERE}:2: key 'allowed_paths': ")


@pytest.mark.parametrize("pattern", ["**", "src/**", "*.py", "a/*/b.py", "[ab].py", "?", "docs/**/*.md", "..a", "a b"])
def test_a_good_glob_is_kept_as_it_is(pattern: str) -> None:
    assert check_allowed_glob(pattern) == pattern


GLOB_TEXT = st.text(alphabet="ab*?[]!^-/\\ {}|()+.~@:#\n\u0130", max_size=12)


@given(GLOB_TEXT, st.sampled_from(["a", "a/b", "[", "ab/.b", "a b"]))
def test_a_glob_that_a_policy_takes_can_be_asked(pattern: str, path: str) -> None:
    try:
        kept = check_allowed_glob(pattern)
    except ValueError:
        kept = "**"
    assert allows((kept,), path) in {True, False}


@pytest.mark.parametrize(
    ("pattern", "twofold"),
    [("[\\]a]", True), ("x/[!\\b]", True), ("a[b]\\[c\\]", False), ("[]a]\\*", False), ("[]" * 500, False)],
)
def test_a_class_with_a_backslash_is_refused(pattern: str, twofold: bool) -> None:  # noqa: FBT001 - a parameter
    try:
        check_forbidden_glob(pattern)
    except ValueError as error:
        assert ("read in two ways" in str(error)) is twofold  # noqa: PT017 - what else is wrong is no matter here
    else:
        assert not twofold


@given(GLOB_TEXT, st.sampled_from(["a", "a/b", "[", "ab/.b", "a b"]))
def test_a_forbidden_pattern_is_refused_by_the_policy_or_can_be_asked(pattern: str, path: str) -> None:
    try:
        policy = Policy(forbidden_paths=(check_forbidden_glob(pattern),))
    except ValueError:
        policy = Policy()
    assert forbids(policy.forbidden_paths, path) in {True, False}


def test_thousands_of_patterns_can_be_asked() -> None:
    patterns = tuple(f"src/{number}/**" for number in range(1_100))
    assert allows(patterns, "src/1099/x.py")
    assert not allows(patterns, "src/1100/x.py")
