"""The table of gates: their names, their folders, what they prove, and how each comes to its checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.finalize import finalize_health
from agentos_action.gates import capabilities, end_to_end, kinds
from agentos_action.gates.check import CheckResult, judged, unjudged
from agentos_action.gates.claims import claimed
from agentos_action.gates.provider import checks_of
from agentos_action.gates.seen import gather
from agentos_action.gates.setting import Setting
from agentos_action.gates.walks import Unreached, asked, committed, history
from agentos_action.records.tool import ToolHealth

#: Gate of a provider → provider, how its check ids begin.
PROVIDERS = {
    "TL-R2-LMSTUDIO": ("lmstudio", "LMS"),
    "TL-R2-LLAMACPP": ("llamacpp", "LLC"),
    "TL-R2-OLLAMA": ("ollama", "OLL"),
    "TL-R2-OPENAI": ("openai", "OAI"),
    "TL-R2-ANTHROPIC": ("anthropic", "ANT"),
    "TL-R2-CLAUDE_CLI": ("claude_cli", "CLI"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one gate: its checks, the bundle of its run, the health, further texts for `audit/`.

    `why` tells why it could not run, empty where it could.
    """

    checks: tuple[CheckResult, ...]
    why: str = ""
    bundle: Path | None = None
    health: ToolHealth | None = None
    mock: bool = False
    texts: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate; `tell` runs it with a setting and puts the bundle of its run below the folder that it is given."""

    name: str
    title: str
    check_ids: tuple[str, ...]
    tell: Callable[[Setting, Path], Told]

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.name.lower().replace("-", "_")


def _provider(provider: str, prefix: str, setting: Setting, runs: Path) -> Told:
    checks = checks_of(prefix)
    with asked(setting, provider, runs) as found:
        if isinstance(found, Unreached):
            return _unreached(unjudged(checks, found.why), found)
        seen = gather(found)
        return Told(judged(checks, seen), bundle=found.folder, health=found.health, mock=found.mock)


def _end_to_end(setting: Setting, runs: Path) -> Told:
    with committed(setting, runs) as found:
        if isinstance(found, Unreached):
            return _unreached(unjudged(end_to_end.CHECKS, found.why), found)
        told = {"tl_r1_git_log.txt": history(found).encode()}
        seen = gather(found)
        health = found.health or _taped(seen.event("health_check"))
        checks = judged(end_to_end.CHECKS, seen)
        return Told(checks, bundle=found.folder, health=health, mock=found.mock, texts=told)


def _capabilities(setting: Setting, runs: Path) -> Told:
    with claimed(setting, runs) as found:
        if isinstance(found, Unreached):
            checks = unjudged(capabilities.CHECKS, found.why)
            if found.wrong:
                wrong = {"status": "failed"}
                checks = tuple(
                    check.model_copy(update=wrong) if check.id == capabilities.HEALTH else check for check in checks
                )
            return _unreached(checks, found)
        claims, left, reached = found
        checks = judged(capabilities.CHECKS, claims)
        rows = [
            canonical({"capability": name, "there": one.there, "said": one.said, "pieces": one.pieces}) + b"\n"
            for name, one in claims.probed.items()
        ]
        mock = setting.mocks(reached.health.provider)
        texts = {"probes.jsonl": b"".join(rows)}
        return Told(checks, bundle=left.folder if left else None, health=reached.health, mock=mock, texts=texts)


def _kinds(_setting: Setting, _runs: Path) -> Told:
    said = kinds.judge_all()
    rows = [
        canonical({"id": name, "verdict": one.verdict, "findings": _ids(one)}) + b"\n" for name, one in said.items()
    ]
    return Told(judged(kinds.CHECKS, said), texts={"judgements.jsonl": b"".join(rows)})


def _ids(judgement: Any) -> list[str]:  # noqa: ANN401 - a judgement
    return [finding.id for finding in judgement.findings]


def _unreached(checks: tuple[CheckResult, ...], found: Unreached) -> Told:
    return Told(checks, why=found.why, health=found.reached.health if found.reached else None)


def _taped(line: dict[str, Any]) -> ToolHealth | None:
    """Return the health that the run's tape tells, None where it ended before."""
    told = {name: line[name] for name in ToolHealth.model_fields if name in line}
    return finalize_health(ToolHealth.model_validate(told)) if told else None


GATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        Gate(
            "TL-R1",
            "end to end: task, tool, diff, verify, apply, commit, history",
            tuple(check.id for check in end_to_end.CHECKS),
            _end_to_end,
        ),
        *(
            Gate(
                name,
                f"{provider}: health, minimal run, diff, power boundary, result",
                tuple(check.id for check in checks_of(prefix)),
                partial(_provider, provider, prefix),
            )
            for name, (provider, prefix) in PROVIDERS.items()
        ),
        Gate(
            "TL-R2-CAP-SANITY",
            "every declared capability is real",
            tuple(check.id for check in capabilities.CHECKS),
            _capabilities,
        ),
        Gate(
            "TL-R2-OKIND-N1",
            "kinds and diffs that do not match are refused",
            tuple(check.id for check in kinds.CHECKS),
            _kinds,
        ),
    )
}
