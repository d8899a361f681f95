"""TL-R2-*: one provider through a user's run: health, minimal run, diff, power boundary, the result's structure."""

from __future__ import annotations

from pydantic import ValidationError

from agentos_action.evidence.chain import Line
from agentos_action.evidence.finalize import assert_h2_evidence, normalize_endpoint
from agentos_action.gates.check import Check, Outcome, all_hold, failed, skipped
from agentos_action.gates.ground import differences
from agentos_action.gates.seen import Seen
from agentos_action.records.tool import ToolHealth, ToolResult

#: How far a probe has to come: a test answer costs money in the cloud and with an agent command.
_FAR = {"local": "shape", "cloud": "model"}


def checks_of(prefix: str) -> tuple[Check[Seen], ...]:
    """Return the five checks of a provider's gate under its own ids."""
    return (
        Check(f"{prefix}-A", "health: the probe walks all its steps and is told as the layer tells it", _health),
        Check(f"{prefix}-B", "minimal run: the tool is asked once and answers", _minimal),
        Check(f"{prefix}-C", "diff valid: the answer became one diff that the rules accept and git takes", _diff),
        Check(f"{prefix}-D", "power boundary: the tool changed nothing in the repository", _boundary),
        Check(
            f"{prefix}-E", "result structure: every field of the contract, a clean endpoint, whole evidence", _result
        ),
    )


def _health(seen: Seen) -> Outcome:
    probed, taped = seen.health, _taped_health(seen.event("health_check"))
    if probed is None:
        return failed("there is no health")
    if isinstance(taped, str):
        return failed(taped)
    facts = {"endpoint": probed.endpoint, "probe_step": probed.probe_step, "latency_ms": probed.latency_ms}
    for health in (probed, taped):
        try:
            assert_h2_evidence(health)
        except ValueError as error:
            return failed(str(error), **facts)
        if health.status != "connected":
            return failed(f"{health.status} ({health.raw_error_code}): {health.details}", **facts)
    claims = {
        f"the probe came to {probed.probe_step!r} only": probed.probe_step == _FAR[probed.execution_mode],
        "probe and run speak of two endpoints": probed.endpoint == taped.endpoint,
        "probe and run speak of two adapters": probed.adapter_id == taped.adapter_id,
        f"it is the health of {probed.provider!r}": probed.provider == seen.left.provider,
    }
    return all_hold(f"connected, up to step {probed.probe_step}", claims, **facts)


def _taped_health(line: Line) -> ToolHealth | str:
    """Return the health that the tape tells, or what keeps it from being one."""
    if not line:
        return "the tape has no health_check"
    told = {name: line[name] for name in ToolHealth.model_fields if name in line}
    try:
        return ToolHealth.model_validate(told)
    except ValidationError as error:
        return f"the tape's health is none: {_first(error)}"


def _minimal(seen: Seen) -> Outcome:
    done = seen.event("tool_dispatch_completed")
    if not done:
        return failed(f"nothing was asked; {seen.ended}")
    calls, model = done.get("calls"), done.get("model_id")
    claims = {
        f"the tool failed ({done.get('raw_error_code')}); {seen.ended}": done.get("status") == "success",
        f"it was asked {calls} times": calls == 1,
        "nobody says which model answered": isinstance(model, str) and bool(model),
        "the asking has no beginning on the tape": bool(seen.event("tool_dispatch_started")),
    }
    result = seen.result
    usage, spent = result.get("usage"), result.get("duration_ms")
    return all_hold(f"answered by {model}", claims, model_id=model, calls=calls, usage=usage, duration_ms=spent)


def _diff(seen: Seen) -> Outcome:
    verdict = seen.verdict
    if verdict is None:
        return skipped(f"no diff was judged; {seen.ended}")
    if not seen.event("tool_dispatch_completed").get("model_id"):
        return skipped(f"there was no answer to judge; {seen.ended}")
    digests = seen.event("checks_completed").get("digests")
    digest = digests.get("diff") if isinstance(digests, dict) else None
    errors = ", ".join(str(error.get("id")) for error in verdict.get("errors") or [] if isinstance(error, dict))
    claims = {
        f"the rules refuse it: {errors}": verdict.get("is_valid") is True and not errors,
        f"the answer became no diff; {seen.ended}": bool(seen.diff),
    }
    if seen.diff:
        claims |= {
            f"git refuses it: {seen.git_refuses}": not seen.git_refuses,
            "the diff is not the one whose digest is on the tape": digest == seen.diff_sha256,
            f"it is about {verdict.get('files')}, not {seen.path}": verdict.get("files") == [seen.path],
        }
    return all_hold(
        f"one diff of {seen.path}; judged was its form and its way, not what the model means",
        claims,
        files=verdict.get("files"),
        added=verdict.get("added"),
        removed=verdict.get("removed"),
        sha256=seen.diff_sha256,
    )


def _boundary(seen: Seen) -> Outcome:
    measured = seen.event("boundary_checked")
    if not measured:
        return skipped(f"the boundary was not measured; {seen.ended}")
    other = differences(seen.before, seen.after)
    told = {name: measured.get(name) for name in ("wrote_files", "committed", "changed", "full", "status")}
    claims = {
        f"changed while the tool ran: {', '.join(other)}": not other,
        "the run itself measured that files were written": told["wrote_files"] is False,
        "the run itself measured a commit": told["committed"] is False,
        f"the run itself measured: {told['changed']}": told["changed"] == [] and told["status"] == "success",
        "the repository was not measured whole": told["full"] is True,
    }
    return all_hold("HEAD, refs, index, work tree, configuration and hooks are as they were", claims, **told)


def _result(seen: Seen) -> Outcome:
    found, left = seen.result, seen.left
    if not found:
        return skipped(f"the tool has no result; {seen.ended}")
    missing = [name for name in ToolResult.model_fields if name != "diff" and name not in found]
    if missing:
        return failed(f"fields are missing: {', '.join(missing)}")
    try:
        result = ToolResult.model_validate({**found, "diff": seen.diff})
    except ValidationError as error:
        return failed(f"it is no result: {_first(error)}")
    where = result.endpoint
    claims = {
        f"the endpoint {where!r} is more than host[:port]": where == normalize_endpoint(where),
        f"it is the result of {result.provider!r}": result.provider == left.provider,
        "it is not the result of this run": result.tool_run_id == seen.summary.get("run_id"),
        f"mock is {result.mock}": result.mock is left.mock,
        f"output_kind is {result.output_kind!r}": (result.output_kind == "diff") == bool(seen.diff),
        f"the evidence does not verify: {'; '.join(seen.problems)}": not seen.problems,
    }
    facts = {"endpoint": where, "adapter_id": result.adapter_id, "mock": result.mock, "status": result.status}
    return all_hold("a whole result in whole evidence", claims, **facts)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
