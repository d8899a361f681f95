"""The runs of the gates: each is a user's run, through the same pipeline, in a repository of the gate's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agentos_action.errors import EXIT_INTERRUPTED, UsageError
from agentos_action.gates import end_to_end, greeting
from agentos_action.gates.ground import Ground, git, ground, look
from agentos_action.gates.reach import Reached, chosen_for, reached
from agentos_action.gates.seen import Left
from agentos_action.gates.setting import Setting
from agentos_action.pipeline.run import run
from agentos_action.pipeline.walk import Parts
from agentos_action.records.observer import Nobody
from agentos_action.records.run import ModelWish, RunReport
from agentos_action.wiring import load_recipe


@dataclass(frozen=True, slots=True)
class Unreached:
    """There was nobody to ask: why, and what the probe found; `wrong` says that somebody answered, and wrongly."""

    why: str
    reached: Reached | None = None
    wrong: bool = False


@contextmanager
def asked(setting: Setting, provider: str, evidence: Path, wish: ModelWish | None = None) -> Iterator[Left | Unreached]:
    """Probe a provider and let it fill one blank: a proposal, so that nothing may change at all.

    `wish` is who is meant where it is not the provider's own gate that asks.
    """
    wish = wish or setting.wish_for(provider)
    chosen = chosen_for(setting, wish)
    if chosen is None:
        raise UsageError(f"no profile of {provider} is there", "See `agentos profile show`.")
    with reached(setting, chosen) as found:
        why = found.why_not
        works_in_tree = chosen.profile.agent is not None or (found.adapter is not None and found.adapter.works_in_tree)
    if why is not None:
        yield Unreached(why, found)
        return
    free = works_in_tree or setting.mocks(provider)
    with ground(greeting.FILES) as own:
        task = {"instruction": greeting.INSTRUCTION} if free else {"recipe": greeting.NAME}
        request = setting.asking(own.repo, evidence, flags=wish, half="propose", files=(greeting.PATH,), **task)
        before = look(own.repo)
        report = _walked(run(request, _with_greeting(setting.parts(provider)), Nobody()))
        yield Left(
            folder=_bundle(report),
            repo=own.repo,
            path=greeting.PATH,
            before=before,
            provider=provider,
            health=found.health,
            mock=setting.mocks(provider),
        )


@contextmanager
def committed(setting: Setting, evidence: Path) -> Iterator[Left | Unreached]:
    """Let the scripted provider, or the one that is named, add a footer, all the way to the commit."""
    wish = setting.wish if not setting.wish.silent else ModelWish(provider="scripted")
    chosen = chosen_for(setting, wish)
    if chosen is None:
        raise UsageError("no provider is named", "Name one with --provider, or name none: the gate has an answer.")
    provider, health = chosen.profile.provider, None
    if provider != "scripted":
        with reached(setting, chosen) as found:
            health, why = found.health, found.why_not
        if why is not None:
            yield Unreached(why, found)
            return
    with ground(end_to_end.FILES) as own:
        answer = _answer(own) if provider == "scripted" else None
        request = setting.asking(
            own.repo, evidence, flags=wish, answer=answer, instruction=end_to_end.INSTRUCTION, files=(end_to_end.PATH,)
        )
        before = look(own.repo)
        report = _walked(run(request, setting.parts(provider), Nobody()))
        yield Left(
            folder=_bundle(report),
            repo=own.repo,
            path=end_to_end.PATH,
            before=before,
            provider=provider,
            instruction=end_to_end.INSTRUCTION,
            health=health,
            mock=setting.mocks(provider),
        )


def history(left: Left) -> str:
    """Return the history of the gate's repository as a person reads it."""
    return git(left.repo, "log", "--stat", "--format=fuller")


def _answer(own: Ground) -> Path:
    file = own.top / "answer.md"
    file.write_text(end_to_end.ANSWER, encoding="utf-8")
    return file


def _with_greeting(made: Parts) -> Parts:
    return replace(made, load_recipe=lambda name: greeting.Greeting() if name == greeting.NAME else load_recipe(name))


def _walked(report: RunReport) -> RunReport:
    if report.exit_code == EXIT_INTERRUPTED:
        # The run has closed its own evidence; the gate is no further.
        raise KeyboardInterrupt
    return report


def _bundle(report: RunReport) -> Path:
    if report.evidence is None:
        raise UsageError("the gate's run has left no evidence", "Look for a full disk, or another --out.")
    return Path(report.evidence)
