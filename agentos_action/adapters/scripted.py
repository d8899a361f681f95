"""The adapter whose answer is a file: for tests, for replay, and for answers that came from elsewhere."""

from __future__ import annotations

from typing import Final

from agentos_action.adapters.base import MAX_ANSWER_BYTES, AdapterParts, AnswerFile, Draft, Expected, identity, settle
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.probe import Probe
from agentos_action.adapters.strict_json import NotStrictError, decode, loads
from agentos_action.adapters.text import one_line
from agentos_action.clock import Deadline
from agentos_action.records.model import Answer, OnTokens, Prompt, TokenUsage
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

MODEL_ID: Final = "scripted"
_EXPECTED: Final = Expected(MODEL_ID, None)
_TODO: Final = {
    Code.BAD_UTF8: "Save the answer as UTF-8.",
    Code.BAD_JSON: 'Write one object a line: {"answer": "..."}.',
    Code.BAD_SHAPE: 'Write one object a line: {"answer": "..."}.',
    Code.TOO_LARGE: "Give a smaller answer.",
    Code.EMPTY_ANSWER: "Give an answer with text in it.",
}


class Scripted:
    """Gives the text of a file for every call, or the lines of a `.jsonl` file one call after the other."""

    provider = "scripted"
    execution_mode: ExecutionMode = "local"
    reads_prompt = False
    works_in_tree = False
    requested_model: str | None = None
    endpoint: str | None = None

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self._file, self._clock = parts.answer, parts.clock
        name = one_line(parts.answer.name, 80) if parts.answer else "The answer file"
        self._faults = Faults(name, todo=_TODO)
        self._answers: list[str] | None = None
        self._given = 0

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Tell whether an answer was given and can be read; no answer is used up."""
        steps = Probe(
            adapter=self,
            list_models=lambda _within: self._models(),
            choose=lambda _within: _EXPECTED,
            complete=lambda _within: self._answers,
            faults=self._faults,
            clock=self._clock,
        )
        return steps.run(deadline, full=full)

    def supports(self) -> ToolCapabilities:
        """Return that it does nothing but answer."""
        return ToolCapabilities(execution_mode=self.execution_mode)

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:  # noqa: ARG002 - the port's form
        """Return the next answer, whatever is asked."""
        answers = self._read()
        repeats = self._file is not None and not _is_lines(self._file)
        if not repeats and self._given >= len(answers):
            raise self._faults.error(Code.OUT_OF_ANSWERS, f"It had {len(answers)}.")
        text = answers[0 if repeats else self._given]
        self._given += 1
        answer = settle(Draft(text, "stop", MODEL_ID, TokenUsage()), _EXPECTED, self._faults, 0)
        on_tokens(1)
        return answer

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: a file has no context."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: a file counts nothing."""
        return None

    def close(self) -> None:
        """Do nothing; there is nothing to let go of."""

    def _models(self) -> tuple[str, ...]:
        self._read()
        return (MODEL_ID,)

    def _read(self) -> list[str]:
        if self._answers is None:
            if self._file is None:
                raise self._faults.error(Code.NO_ANSWER)
            try:
                self._answers = self._parse(self._file)
            except NotStrictError as error:
                raise self._faults.error(error.code, str(error)) from error
        return self._answers

    def _parse(self, file: AnswerFile) -> list[str]:
        # A text of so many characters has at least as many bytes.
        if len(file.content) > MAX_ANSWER_BYTES:
            raise self._faults.error(Code.TOO_LARGE)
        text = decode(file.content) if isinstance(file.content, bytes) else file.content
        if not _is_lines(file):
            return [text]
        lines = enumerate(text.split("\n"), start=1)
        return [self._answer(line, number) for number, line in lines if line.strip()]

    def _answer(self, line: str, number: int) -> str:
        try:
            value = loads(line)
        except NotStrictError as error:
            raise self._faults.error(error.code, f"Line {number}: {error}") from error
        answer = value.get("answer") if isinstance(value, dict) else None
        if not isinstance(answer, str):
            raise self._faults.error(Code.BAD_SHAPE, f"Line {number} is no object with a text called answer.")
        return answer


def _is_lines(file: AnswerFile) -> bool:
    return file.name.endswith(".jsonl")


def create(profile: Profile, parts: AdapterParts) -> Scripted:
    """Build the adapter; the answer is read at the first call."""
    return Scripted(profile, parts)
