"""Every case folder: what each rule accepts and rejects, as small files (their format: tests/cases/README.md)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentos_action.patches.parse import parse, to_patch
from agentos_action.patches.render import digest
from agentos_action.records.patch import MODE_FILE, FileChange, FileVersion, Patch, Placed
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.records.verdict import Verdict
from agentos_action.secrets.scan import scan
from agentos_action.settings.policy import load_policy
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import RULES, verify
from tests.bases import Files, written

CASES = Path(__file__).parents[1] / "cases"
KEYS = {
    "why",
    "findings",
    "change",
    "files",
    "policy",
    "task_allowed",
    "task_forbidden",
    "task_within",
    "exceptions",
    "modes",
    "kind",
    "placed",
    "tamper",
}


def files(rule: str, side: str) -> list[Path]:
    """Return the case files of a rule's side."""
    return sorted((CASES / rule / side).glob("*.toml"))


def named(side: str) -> list[Any]:
    """Return every case of a side as a parameter with a short name."""
    folders = sorted(path.name for path in CASES.iterdir() if path.is_dir())
    return [pytest.param(file, id=f"{rule}-{file.stem}") for rule in folders for file in files(rule, side)]


def version(case: dict[str, str], side: str) -> FileVersion | None:
    """Return one side of a case's change."""
    if side not in case:
        return None
    mode = int(case[f"{side}_mode"], 8) if f"{side}_mode" in case else MODE_FILE
    return FileVersion(case[side].encode(), mode)


def change(case: dict[str, str]) -> FileChange:
    """Return a case's change."""
    old, new = version(case, "old"), version(case, "new")
    old_path = case.get("old_path", case["path"]) if old else None
    return FileChange(old_path, case["path"] if new else None, old, new)


def base_of(case: dict[str, Any], more: Mapping[str, str] | None = None) -> Files:
    """Return the files that a case starts from, and others that it does not speak of."""
    changes = [change(each) for each in case.get("change", ())]
    contents = {each.old_path: each.old.content for each in changes if each.old_path and each.old}
    modes = {each.old_path: each.old.mode for each in changes if each.old_path and each.old}
    modes.update({path: int(mode, 8) for path, mode in case.get("modes", {}).items()})
    contents = {**dict.fromkeys(case.get("modes", ()), b"elsewhere"), **contents}
    return Files({**(more or {}), **dict.fromkeys(case.get("files", ()), b"x\n"), **contents}, modes)


def judged(file: Path) -> tuple[dict[str, Any], Verdict]:
    """Judge a case as the pipeline would."""
    case = tomllib.loads(file.read_text(encoding="utf-8"))
    assert set(case) <= KEYS
    assert case["why"]
    patch = to_patch(change(each) for each in case.get("change", ()))
    for said, instead in case.get("tamper", {}).items():
        assert said in patch.text
        text = patch.text.replace(said, instead)
        patch = Patch(text, digest(text), patch.changes, parse(text))
    base = base_of(case)
    subject = Subject(
        patch,
        load_policy(Files({"agentos.toml": case["policy"]})).policy if "policy" in case else Policy(),
        surroundings(base, patch.changes),
        task_allowed=tuple(case.get("task_allowed", ())),
        task_forbidden=tuple(case.get("task_forbidden", ())),
        task_within=tuple(case.get("task_within", ())),
        exceptions=tuple(case.get("exceptions", ())),
        output_kind=case.get("kind", "diff"),
        placements=tuple(Placed(**each) for each in case.get("placed", ())),
        leaks=scan(patch.files, base, deep=True),
    )
    return case, verify(subject, "0" * 64)


@pytest.mark.parametrize("file", named("accept"))
def test_what_a_rule_accepts_is_accepted(file: Path) -> None:
    case, verdict = judged(file)
    assert verdict.result.errors == ()
    assert verdict.result.is_valid
    assert verdict.accepted is not None
    assert "findings" not in case


@pytest.mark.parametrize("file", named("reject"))
def test_what_a_rule_rejects_is_rejected_with_exactly_these_findings(file: Path) -> None:
    case, verdict = judged(file)
    assert sorted(finding.id for finding in verdict.result.errors) == case["findings"]
    assert verdict.accepted is None
    assert not verdict.result.is_valid
    assert all(finding.message and finding.hint for finding in verdict.result.errors)
    assert written(verdict.result)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_cases_of_either_side(rule: str) -> None:
    assert files(rule, "accept")
    assert files(rule, "reject")


def test_every_case_folder_is_a_rule_and_every_rule_a_module() -> None:
    rules = Path(verify.__globals__["__file__"]).parent / "rules"
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == set(RULES)
    assert {path.stem for path in rules.glob("*.py")} - {"__init__"} == set(RULES)
