"""The recorded answers of a proposal, read again as the first half read them; no model is asked."""

from __future__ import annotations

from agentos_action.errors import ToolError
from agentos_action.evidence.proposal import Proposal, Row
from agentos_action.patches.resolve import resolve
from agentos_action.pipeline.ask import ONE_ANSWER, Asked, fill
from agentos_action.pipeline.prepare import Grounds, plan_recipe
from agentos_action.pipeline.walk import Walk
from agentos_action.recipes.drive import StopAsking
from agentos_action.records.model import Prompt
from agentos_action.records.recipe import Place
from agentos_action.records.verdict import Finding

FAILED = "failed"


def asked_again(walk: Walk, proposal: Proposal, grounds: Grounds) -> Asked:
    """Return what the recorded answers come to on the proposal's own base."""
    if grounds.task.recipe is not None:
        return _filled_again(walk, proposal, grounds)
    answers = [row.answer for row in proposal.rows if row.finish_reason != FAILED]
    if len(answers) != 1:
        said = f"the bundle holds {len(answers)} answers where one was asked for"
        return Asked(findings=(Finding(id="bundle.answers", message=said, hint="Propose it again."),))
    limits = grounds.policy.policy.limits
    read = proposal.read
    resolved = resolve(
        answers[0],
        read.edit_format,
        grounds.base,
        limits.max_answer_bytes,
        files=read.files,
        max_hunks=limits.max_hunks,
    )
    return Asked.of(resolved)


def _filled_again(walk: Walk, proposal: Proposal, grounds: Grounds) -> Asked:
    """Let the recipe build the files once more, each place from its recorded answers, in their order."""
    recipe = walk.parts.load_recipe(grounds.task.recipe or "")
    plan = plan_recipe(walk, recipe, grounds.task, grounds.base, grounds.policy.policy)
    waiting: dict[str | None, list[Row]] = {}
    for row in proposal.rows:
        waiting.setdefault(row.place, []).append(row)

    def recorded(place: Place, prompt: Prompt) -> str | None:  # noqa: ARG001 - the form of a question
        rows = waiting.get(place.id)
        row = rows.pop(0) if rows else None
        if row is None or (row.finish_reason == FAILED and row.raw_error_code not in ONE_ANSWER):
            raise StopAsking(ToolError("here the model's answers end", category="network", code="no_answer"))
        return None if row.finish_reason == FAILED else row.answer

    limits = grounds.policy.policy.limits
    try:
        return fill(recipe, plan, grounds.base, limits, ask=recorded, on_place=walk.observer.place)
    except ToolError as error:
        message = f"its answers fill no place that the recipe finds now: {error.message}"
        hint = "The policy or the version may be another by now: propose it again."
        return Asked(findings=(Finding(id="bundle.answers", message=message, hint=hint),))
