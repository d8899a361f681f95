"""The verdict as a whole: every rule runs, every finding is told, and only it can seal an acceptance."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.executor.apply import contents
from agentos_action.patches.parse import to_patch
from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.records.policy import Limits, Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.records.verdict import Accepted, Finding, Verdict
from agentos_action.verifier.may_change import may_change
from agentos_action.verifier.names import is_git
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify
from tests.bases import BASE_ID, written

AROUND = Surroundings(BASE_ID)
POLICY_SHA = "f" * 64
NAMES = st.text(st.characters(exclude_categories=()), min_size=1, max_size=12) | st.text(
    "agit.~/ \\:\u200b", min_size=1
)


def creating(*paths: str, policy: Policy | None = None, found_before: tuple[Finding, ...] = ()) -> Verdict:
    """Judge new files of these names."""
    patch = to_patch(FileChange(None, path, None, FileVersion(b"x\n")) for path in paths)
    return verify(Subject(patch, policy or Policy(), AROUND), POLICY_SHA, found_before=found_before)


def test_a_name_of_a_hundred_thousand_parts_is_no_trap_for_time() -> None:
    name = "a/" * 100_000 + "b"
    began = time.process_time()
    assert [finding.id for finding in creating(name, "a", "a/b").result.errors].count("paths.through") == 2
    assert time.process_time() - began < 20


def accepted() -> Accepted:
    """Return a sealed acceptance."""
    verdict = creating("a.py").accepted
    assert verdict is not None
    return verdict


def test_an_acceptance_carries_what_was_judged() -> None:
    verdict = accepted()
    assert (verdict.policy_sha256, verdict.base) == (POLICY_SHA, BASE_ID)
    assert contents(verdict) == {"a.py": b"x\n"}
    result = creating("a.py").result
    assert (result.files, result.added, result.removed) == (("a.py",), 1, 0)


def test_every_finding_of_every_rule_is_told() -> None:
    limits = Limits(max_files=1)
    verdict = creating(".git/x", "agentos.toml", "z", policy=Policy(allowed_paths=("src/**",), limits=limits))
    assert [(finding.id, finding.path) for finding in verdict.result.errors] == [
        ("paths.git-folder", ".git/x"),
        ("paths.not-allowed", "agentos.toml"),
        ("paths.not-allowed", "z"),
        ("protected.place", "agentos.toml"),
        ("size.files", None),
    ]


def test_an_error_found_before_refuses_and_a_warning_does_not() -> None:
    error = Finding(id="patch.x", message="m")
    warning = Finding(id="patch.y", message="m", severity="warning")
    assert creating("a", found_before=(error,)).accepted is None
    verdict = creating("a", found_before=(warning,))
    assert verdict.accepted is not None
    assert verdict.accepted.warnings == verdict.result.warnings == (warning,)


def test_the_same_subject_gets_the_same_verdict() -> None:
    assert creating("a", ".git/x") == creating("a", ".git/x")


@pytest.mark.parametrize("seal", [None, object(), True])
def test_nobody_else_can_make_an_acceptance(seal: object) -> None:
    fields = {field.name: getattr(accepted(), field.name) for field in dataclasses.fields(Accepted)}
    with pytest.raises(TypeError, match="made by"):
        Accepted(**{**fields, "seal": seal})


def test_an_acceptance_cannot_be_changed() -> None:
    verdict = accepted()
    with pytest.raises(dataclasses.FrozenInstanceError):
        verdict.diff = "other"  # type: ignore[misc]


@given(NAMES)
def test_any_name_gets_a_verdict_that_can_be_written_down(name: str) -> None:
    clean = name.encode("utf-8", "surrogateescape") if not any("\ud800" <= c <= "\udfff" for c in name) else b"x"
    verdict = creating(clean.decode("utf-8", "surrogateescape"))
    assert written(verdict.result)
    assert verdict.result.is_valid == (verdict.accepted is not None)


@given(st.binary(min_size=1, max_size=8))
def test_a_name_of_any_bytes_gets_a_verdict_that_can_be_written_down(raw: bytes) -> None:
    verdict = creating(raw.decode("utf-8", "surrogateescape"))
    assert written(verdict.result)


@given(NAMES, st.sampled_from([(), ("src/**",)]))
def test_what_is_asked_before_the_model_agrees_with_the_verdict(name: str, allowed: tuple[str, ...]) -> None:
    if any("\ud800" <= char <= "\udfff" for char in name) or name.endswith(" "):
        name = "plain"
    policy = Policy(allowed_paths=allowed or ("**",))
    early = [finding.id for finding in may_change(name, policy, AROUND)]
    late = [finding.id for finding in creating(name, policy=policy).result.errors]
    assert early == late


@given(
    st.sampled_from([".git", ".GIT", ".Git", "git~1", "GIT~2", ".git.", ".git ", ".git . .", ".git:", ".git::$DATA"]),
    st.sampled_from(["", "a/", "a/b/"]),
    st.sampled_from(["", "/config", "/hooks/x"]),
)
def test_no_spelling_of_the_git_folder_passes(spelling: str, before: str, after: str) -> None:
    ids = [finding.id for finding in creating(f"{before}{spelling}{after}").result.errors]
    assert "paths.git-folder" in ids


@given(st.text(alphabet="\u200b\u200c\u200d\u2060\ufeff\u00ad", min_size=1, max_size=2), st.integers(0, 4))
def test_invisible_characters_inside_hide_nothing(hidden: str, at: int) -> None:
    name = f"{'.git'[:at]}{hidden}{'.git'[at:]}"
    assert is_git(name)
    assert creating(f"{name}/x").accepted is None


@pytest.mark.parametrize("name", [".gitignore", "git", ".gi", "agit~1", "git~", "git~a", ".github", "x.git"])
def test_what_only_looks_like_the_git_folder_is_none(name: str) -> None:
    assert not is_git(name)
