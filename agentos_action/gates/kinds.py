"""TL-R2-OKIND-N1: an output's kind and its content go together, or the judge that everybody has refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from agentos_action.folder import FolderBase
from agentos_action.gates.check import Check, Outcome, all_hold, failed
from agentos_action.gates.ground import ground
from agentos_action.gates.pairs import FILES, NEGATIVE, POSITIVE, Pair
from agentos_action.pipeline.answer import AnswerCase, Judgement, judge_answer
from agentos_action.settings.policy import built_in

#: What was judged, by the pair's id.
Judged = Mapping[str, Judgement]


def judge_all() -> dict[str, Judgement]:
    """Judge every pair as `agentos judge` does, against a gate's own files under the built-in policy."""
    with ground(FILES) as own:
        base, policy = FolderBase(own.repo), built_in().policy
        cases = {pair.id: AnswerCase(pair.answer, base, policy, kind=pair.kind) for pair in (*NEGATIVE, *POSITIVE)}
        return {name: judge_answer(case) for name, case in cases.items()}


def _refused(pair: Pair, said: Judged) -> Outcome:
    judgement = said.get(pair.id)
    if judgement is None:
        return failed("it was not judged")
    found = [finding.id for finding in judgement.findings if finding.severity == "error"]
    claims = {
        f"the verdict is {judgement.verdict}, not reject": judgement.verdict == "reject",
        f"the findings are {', '.join(found) or 'none'}, not {pair.expected}": pair.expected in found,
        "it would change files all the same": not judgement.after,
    }
    return all_hold(f"refused by {pair.expected}", claims, kind=pair.kind, verdict=judgement.verdict, findings=found)


def _taken(pair: Pair, said: Judged) -> Outcome:
    judgement = said.get(pair.id)
    if judgement is None:
        return failed("it was not judged")
    wanted = "accept" if pair.kind == "diff" else "no_change"
    found = [finding.id for finding in judgement.findings]
    claims = {f"the verdict is {judgement.verdict} ({', '.join(found)}), not {wanted}": judgement.verdict == wanted}
    return all_hold(f"{wanted}, as it should", claims, kind=pair.kind, verdict=judgement.verdict, findings=found)


CHECKS: tuple[Check[Judged], ...] = (
    *(Check(pair.id, pair.what, partial(_refused, pair)) for pair in NEGATIVE),
    *(Check(pair.id, f"goes together: {pair.what}", partial(_taken, pair)) for pair in POSITIVE),
)
