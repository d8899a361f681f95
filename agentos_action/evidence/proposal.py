"""A bundle of `agentos propose`, taken as hostile: checked as evidence is, then read into what a commit needs of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agentos_action.errors import UsageError
from agentos_action.evidence.calls import Whole
from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.layout import ANSWERS, SUMS, TAPE
from agentos_action.evidence.reading import Problem, names, read, rows
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.record import Record
from agentos_action.records.task import EditFormat, ToolTask
from agentos_action.records.tool import ToolResult

T = TypeVar("T", bound=BaseModel)

#: A bundle is a few folders deep and small; what is more is somebody's trick.
MAX_LEVELS = 4
MAX_NAME = 200
MAX_TOTAL = 128 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Read(Record):
    """How the answer was read: which files the prompt showed, in which format, or that a recipe asked (`how`)."""

    model_config = ConfigDict(extra="ignore")
    files: tuple[str, ...]
    how: str
    edit_format: EditFormat = "auto"


class Row(Record):
    """One model call: what was answered, for which place of a recipe; `finish_reason` is `failed` for no answer.

    Without content the answer is empty.
    """

    model_config = ConfigDict(extra="ignore")
    place: str | None
    answer: str
    finish_reason: str
    raw_error_code: str | None = None


class Digests(Record):
    """What the tape says the proposal stands on."""

    model_config = ConfigDict(extra="ignore")
    prompts: str
    answers: str
    diff: str
    policy: str
    base: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a bundle proposes; every text in it may be a stranger's. `head` and `sums` name the bundle in the next.

    `unreplayable` says why its answers or its diff are not those that were, None where they are.
    """

    run_id: str
    status: str
    task: ToolTask
    read: Read
    rows: tuple[Row, ...]
    result: ToolResult
    digests: Digests
    unreplayable: str | None
    redacted: tuple[str, ...]
    capped: tuple[str, ...]
    checks: str
    workflow: dict[str, Any] | None
    head: str
    sums: str
    tape: tuple[Line, ...]


@contextmanager
def private_copy(folder: Path) -> Iterator[tuple[Path, list[Problem]]]:
    """Give a copy that nobody changes while it is read; follows no link. What is no bundle's is a problem.

    Raises UsageError where there is no room for a copy.
    """
    problems: list[Problem] = []
    with ExitStack() as stack:
        try:
            own = Path(stack.enter_context(TemporaryDirectory(prefix="agentos-bundle-")))
            _copy(folder, own, problems)
        except OSError as error:
            hint = "Check the space where temporary files go (TMPDIR)."
            raise UsageError(f"the bundle {folder} cannot be copied: {error.strerror}", hint) from error
        yield own, problems


def _copy(folder: Path, own: Path, problems: list[Problem]) -> None:
    total = 0
    for name in sorted(names(folder, problems)):
        if name.count("/") > MAX_LEVELS or len(name) > MAX_NAME:
            problems.append(Problem(name[:MAX_NAME], 0, "is no name that a bundle has"))
            return
        content = read(folder, name, problems)
        total += len(content or b"")
        if total > MAX_TOTAL:
            problems.append(Problem(name, 0, f"with it the bundle has more than {MAX_TOTAL} bytes"))
            return
        if content is not None:
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_bytes(content)


def read_proposal(folder: Path) -> tuple[Proposal | None, tuple[Problem, ...]]:
    """Check a bundle and read it; None, and what is wrong, where it is not what its tape and sums say it is."""
    checked = verify_bundle(folder)
    problems = list(checked.problems)
    if problems:
        return None, tuple(problems)
    tape = list(checked.tape)
    whole = Whole.of(event_of(tape, "checks_completed"))
    sums = hashlib.sha256(read(folder, SUMS, problems) or b"").hexdigest()
    answers = [
        _as(Row, _answered(line), ANSWERS, number, problems)
        for number, line in enumerate(_answers(folder, problems), 1)
    ]
    checks = event_of(tape, "checks_completed")
    loaded = event_of(tape, "task_loaded").get("task")
    task = _as(ToolTask, loaded if isinstance(loaded, dict) else {}, TAPE, _at(tape, "task_loaded"), problems)
    shown = _as(Read, event_of(tape, "context_built"), TAPE, _at(tape, "context_built"), problems)
    result = event_of(tape, "tool_result_verified")
    told = {key: value for key, value in result.items() if key in ToolResult.model_fields}
    tool = _as(ToolResult, told, TAPE, _at(tape, "tool_result_verified"), problems)
    listed = checks.get("digests")
    digests = _as(Digests, listed if isinstance(listed, dict) else {}, TAPE, _at(tape, "checks_completed"), problems)
    # These stand in evidence as they are: what names a thing of ours is not looked through for secrets.
    names_ours = [getattr(tool, key) for key in ("provider", "adapter_id", "tool_run_id")] if tool else []
    if not all(_NAME.fullmatch(name) for name in names_ours):
        at = _at(tape, "tool_result_verified")
        problems.append(Problem(TAPE, at, "provider, adapter_id or tool_run_id is no name of ours"))
    if problems or task is None or shown is None or tool is None or digests is None:
        return None, tuple(problems)
    workflow = tape[0].get("workflow")
    return Proposal(
        run_id=str(tape[0].get("run_id")),
        status=str(event_of(tape, "run_finished").get("status")),
        task=task,
        read=shown,
        rows=tuple(row for row in answers if row is not None),
        result=tool,
        digests=digests,
        unreplayable=why_not(whole),
        redacted=tuple(sorted(whole.redacted)),
        capped=tuple(sorted(whole.capped)),
        checks=str(checks.get("status")),
        workflow=workflow if isinstance(workflow, dict) else None,
        head=str(tape[-1].get("hash")),
        sums=sums,
        tape=tuple(tape),
    ), ()


#: What a hook left: nobody keeps the files that were staged then.
OF_AN_INDEX = "it began with the files of an index, which no commit has"


def why_not(whole: Whole) -> str | None:
    """Return why a bundle's answers cannot be read once more, None where they can."""
    if whole.replayable:
        return None
    if not whole.content:
        return "it was made with --no-content, so it holds digests in place of answers and diff"
    how = "redaction" if not whole.redacted.isdisjoint({"answers", "diff"}) else "the size that evidence keeps"
    return f"{how} changed an answer or the diff, so they are not recorded as they were"


def _answers(folder: Path, problems: list[Problem]) -> Iterator[Line]:
    return rows(folder, ANSWERS, problems) if (folder / ANSWERS).is_file() else iter(())


def _answered(row: Line) -> Line:
    return {**row, "answer": row.get("answer") or ""}


def _at(tape: list[Line], name: str) -> int:
    """Return the number of an event's line, from 1; 0 where the tape has none."""
    return next((number for number, line in enumerate(tape, 1) if line.get("event") == name), 0)


def _as(model: type[T], found: Line, file: str, line: int, problems: list[Problem]) -> T | None:
    """Return a line as a record; what keeps it from being one is a problem."""
    try:
        return model.model_validate_json(canonical(found))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if line else "the run did not come so far"
        problems.append(Problem(file, line, f"holds no {model.__name__}: {what}"))
        return None
