"""TL-R2-CAP-SANITY: what an adapter claims is there; what is there unclaimed is a warning."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from agentos_action.gates.check import Check, Outcome, failed, passed
from agentos_action.records.tool import ToolCapabilities

#: The capabilities that a probe of one question proves or refutes.
PROBED = ("stream", "json_mode", "json_schema", "grammar", "function_call")

#: The check that fails where somebody answers, and wrongly.
HEALTH = "CAP-HEALTH-CHECK"

_TITLES = {
    "stream": "stream: an answer comes in more than one piece",
    "json_mode": "json_mode: an answer is a JSON object",
    "json_schema": "json_schema: an answer is valid against its schema",
    "grammar": "grammar: an answer obeys a grammar that no answer meets by itself",
    "function_call": "function_call: an answer is one call, its arguments valid",
}


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of one question: whether the capability showed, and what was seen."""

    there: bool
    said: str
    pieces: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is claimed, and what every probe showed; a capability that nobody asked for is missing in `probed`.

    `context_tokens` is what the adapter says when asked, `used_tokens` what its longest call took; `diff` says why a
    run came to no diff, empty where it did.
    """

    supports: ToolCapabilities
    local: bool
    connected: bool
    health: str
    probed: dict[str, Probed] = field(default_factory=dict)
    context_tokens: int | None = None
    used_tokens: int | None = None
    diff: str = ""


def _shown(name: str, claims: Claims) -> Outcome:
    declared, seen = bool(getattr(claims.supports, name)), claims.probed.get(name)
    facts = {"declared": declared, "seen": seen.said if seen else None, "pieces": seen.pieces if seen else None}
    if declared and seen is None:
        return failed("it is declared, and nothing was asked that would show it", **facts)
    if declared and seen is not None:
        said = f"it is declared; asked for it, came: {seen.said}"
        return passed(said, **facts) if seen.there else failed(said, **facts)
    if seen is not None and seen.there:
        return Outcome("passed", "it is not declared", facts, (f"it is there and not declared: {seen.said}",))
    return passed("it is not declared, and not to be had", **facts)


def _context(claims: Claims) -> Outcome:
    declared, asked, used = claims.supports.context_tokens, claims.context_tokens, claims.used_tokens
    facts = {"declared": declared, "asked": asked, "used": used}
    told = [tokens for tokens in (declared, asked) if tokens is not None]
    if not told:
        return passed("no number is declared", **facts)
    if min(told) <= 0:
        return failed(f"{min(told)} tokens hold nothing", **facts)
    if len(set(told)) > 1:
        return failed(f"{declared} are declared, {asked} are told when asked", **facts)
    if used is not None and used > told[0]:
        return failed(f"{told[0]} are declared, a call took {used}", **facts)
    return passed(f"{told[0]} tokens, of which a call took {used}", **facts)


def _diff(claims: Claims) -> Outcome:
    declared = claims.supports.supports_diff
    facts = {"declared": declared, "seen": not claims.diff}
    if declared:
        return (
            failed(f"declared, but {claims.diff}", **facts) if claims.diff else passed("a run came to a diff", **facts)
        )
    if not claims.diff:
        return Outcome("passed", "it is not declared", facts, ("a run came to a diff, which is not declared",))
    return passed("it is not declared, and no run came to a diff", **facts)


def _patch(claims: Claims) -> Outcome:
    # A run reads every answer as a diff or as edits: there is no other patch that it could take.
    declared = claims.supports.supports_patch
    return (
        failed("declared, and no run takes another patch than a diff", declared=True)
        if declared
        else passed("it is not declared, and no run takes another patch than a diff", declared=False)
    )


def _health(claims: Claims) -> Outcome:
    declared = claims.supports.supports_health_check
    facts = {"declared": declared, "seen": claims.connected}
    if declared != claims.connected:
        said = "is declared, but the probe says" if declared else "is not declared, but the probe says"
        return failed(f"a health check {said}: {claims.health}", **facts)
    return passed("the probe walks its steps" if declared else "it is not declared", **facts)


def _mode(claims: Claims) -> Outcome:
    mode = claims.supports.execution_mode
    if mode == "local" and not claims.local:
        return failed("local is declared, and what is asked stands elsewhere", declared=mode)
    # A cloud service's protocol spoken by a server on this machine stays what it is.
    return passed(f"{mode} is declared, and no prompt goes further than that says", declared=mode)


CHECKS: tuple[Check[Claims], ...] = (
    *(Check(f"CAP-{name.upper().replace('_', '-')}", _TITLES[name], partial(_shown, name)) for name in PROBED),
    Check("CAP-CONTEXT-TOKENS", "context_tokens: more than nothing, and no less than a call takes", _context),
    Check("CAP-DIFF", "supports_diff: a run comes to a diff", _diff),
    Check("CAP-PATCH", "supports_patch: nothing is claimed that no run takes", _patch),
    Check(HEALTH, "supports_health_check: the whole probe is walked", _health),
    Check("CAP-EXECUTION-MODE", "execution_mode: local is what stands on this machine", _mode),
)
