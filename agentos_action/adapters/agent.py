"""An agent command as an adapter: it works in a throw-away export, and its answer is what changed there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentos_action import process
from agentos_action.adapters import jail
from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.descendants import all_ended
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.probe import Probe
from agentos_action.adapters.surroundings import at_home, copy_home, find_program, variables
from agentos_action.adapters.text import one_line
from agentos_action.clock import Deadline
from agentos_action.errors import UsageError
from agentos_action.process import Finished
from agentos_action.records.model import Answer, OnTokens, Prompt, TokenUsage
from agentos_action.records.profile import AgentRules, Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

_MAX_OUTPUT = 4 * 1024 * 1024
_LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command's output tells: its words, and where it knows them the model and the tokens."""

    text: str = ""
    model: str | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one command speaks: `read` takes its output or raises ToolError, `logged_in` what its login command said.

    `key_variable` is where it looks for an API key.
    """

    key_variable: str
    read: Callable[[Finished, Faults], Said]
    logged_in: Callable[[Finished], bool]


class Agent:
    """A program that changes files by itself; it is given an export, a home of its own, and a time limit."""

    execution_mode: ExecutionMode = "cloud"  # it sends what it reads where it likes
    reads_prompt = True
    works_in_tree = True
    endpoint: str | None = None

    def __init__(self, profile: Profile, parts: AdapterParts, rules: AgentRules, dialect: Dialect) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.provider, self.requested_model = profile.provider, profile.model
        self._rules, self._dialect, self._parts = rules, dialect, parts
        self._name = one_line(Path(rules.command[0]).name, 80)
        if (profile.model or "").startswith("-"):
            # A repository's policy may name the model, and its name becomes an argument.
            raise UsageError(f"the model's name begins with '-', which {self._name} would take for an option")
        self._faults = Faults(self._name, hidden=(parts.api_key or "",))
        self._expected = Expected(profile.model or self._name, None)

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:  # noqa: ARG002 - costs nothing
        """Tell whether the command is there, runs and is logged in; no model is asked, which would cost money."""
        steps = Probe(
            adapter=self,
            list_models=self._version,
            choose=self._login,
            complete=lambda _within: None,
            faults=self._faults,
            clock=self._parts.clock,
        )
        return steps.run(deadline, full=False)

    def supports(self) -> ToolCapabilities:
        """Return that it changes files and nothing else that could be asked for."""
        return ToolCapabilities(execution_mode=self.execution_mode)

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Let the command work in an export; the answer is the diff of what it changed there."""
        if self._parts.workspace is None:
            raise UsageError(f"{self._name} was opened without files to work on", "Use it in a run.")
        started = self._parts.clock.monotonic()
        with self._parts.workspace() as workspace:
            cell = jail.Cell(workspace.folder, workspace.home, hidden=workspace.hidden)
            copy_home(self._rules.home_files, cell.home, self._faults)
            instruction = "\n\n".join(message.content for message in prompt.messages)
            argv, given = self._told(instruction, cell.home)
            output = _Output(on_tokens)
            ended = self._call(argv, cell, deadline.remaining(), given=given, on_stdout=output.add)
            ended = Finished(ended.returncode, bytes(output.kept), ended.stderr, ended.timed_out, ended.truncated)
            if ended.timed_out:
                raise self._faults.error(Code.AGENT_TIMEOUT)
            said = self._dialect.read(ended, self._faults)
            if ended.returncode != 0:
                raise failed(ended, said.text, self._faults)
            diff = workspace.changes()
        duration = round(1000 * (self._parts.clock.monotonic() - started))
        return settle(Draft(diff, "stop", said.model, said.usage), self._expected, self._faults, duration)

    def sandbox(self) -> jail.Kind | None:
        """Return how the command is kept apart on this machine; None where it must be and cannot."""
        return jail.kind(self._rules, self._hidden())

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: the command cares for that itself."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: the command counts when it is done."""
        return None

    def close(self) -> None:
        """Do nothing; every call ended what it started."""

    def _told(self, instruction: str, home: Path) -> tuple[list[str], bytes]:
        """Return the command line and its input that hand over the instruction and the wanted model."""
        words = {"{model}": self.requested_model or ""}
        given = b""
        if self._rules.instruction == "stdin":
            given = instruction.encode("utf-8", "replace")
        elif self._rules.instruction == "argument":
            words["{instruction}"] = instruction.replace("\0", "\ufffd")
        else:
            # Its name is new, so that it takes the place of no file of the login.
            handle, name = tempfile.mkstemp(dir=home, prefix="instruction-", suffix=".md")
            with os.fdopen(handle, "wb") as file:
                file.write(instruction.encode("utf-8", "replace"))
            words["{file}"] = name
        return [_filled(part, words) for part in _with_model(self._rules.command, self.requested_model)], given

    def _call(
        self,
        argv: list[str],
        cell: jail.Cell,
        seconds: float,
        *,
        given: bytes = b"",
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> Finished:
        foreign = _foreign(cell.hidden)
        outer = variables(self._rules.environment, foreign)
        program = find_program(argv[0], outer["PATH"], foreign, self._faults)
        argv = [str(program), *argv[1:]]
        sandbox = jail.kind(self._rules, cell.hidden)
        if sandbox is None:
            raise self._faults.error(Code.NO_SANDBOX)
        if sandbox == "bubblewrap":
            folders = (program.parent, program.resolve().parent)
            argv = jail.enclosed(argv, jail.Cell(cell.folder, cell.home, folders, cell.hidden))
        with all_ended(self._faults):
            return process.run(
                argv,
                timeout=seconds,
                cwd=cell.folder,
                env=self._environment(outer, cell.home),
                input=given,
                max_output=_MAX_OUTPUT,
                on_stdout=on_stdout,
            )

    def _environment(self, outer: Mapping[str, str], home: Path) -> dict[str, str]:
        key = {self._dialect.key_variable: self._parts.api_key} if self._parts.api_key else {}
        return {**at_home(outer, home), **key}

    def _version(self, deadline: Deadline) -> tuple[str, ...]:
        ended = self._look(self._rules.version_command or (self._rules.command[0], "--version"), deadline)
        if ended.timed_out or ended.returncode != 0:
            raise self._faults.error(Code.AGENT_BROKEN, self._faults.quote(ended.stderr_text or ended.stdout_text))
        return ()

    def _login(self, deadline: Deadline) -> Expected:
        if self._rules.login_command:
            ended = self._look(self._rules.login_command, deadline)
            if not ended.timed_out and not self._dialect.logged_in(ended):
                raise self._faults.error(Code.NOT_LOGGED_IN)
        return self._expected

    def _look(self, argv: tuple[str, ...], deadline: Deadline) -> Finished:
        """Run a command that only looks, in an empty folder."""
        with tempfile.TemporaryDirectory(prefix="agentos-look-") as name:
            top = Path(name).resolve()
            cell = jail.Cell(top / "empty", top / "home", hidden=self._hidden())
            cell.folder.mkdir()
            cell.home.mkdir()
            copy_home(self._rules.home_files, cell.home, self._faults)
            return self._call(list(argv), cell, min(deadline.remaining(), _LOOK_SECONDS))

    def _hidden(self) -> tuple[Path, ...]:
        """Return the folders of the repository that the run is about; none where only health is asked."""
        return self._parts.workspace.hidden if self._parts.workspace else ()


def _foreign(hidden: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the folders whose programs are not started: the repository's, else those of the one we stand in."""
    if hidden:
        return hidden
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return ()  # the folder we were started in is gone
    return tuple(folder for folder in (here, *here.parents) if (folder / ".git").exists())


@dataclass(slots=True)
class _Output:
    """Standard output as it comes: the first of it is kept, all of it is progress."""

    on_tokens: OnTokens
    kept: bytearray = field(default_factory=bytearray)
    pieces: int = 0

    def add(self, chunk: bytes) -> None:
        self.kept += chunk[: _MAX_OUTPUT - len(self.kept)]
        if chunk:
            self.pieces += 1
            self.on_tokens(self.pieces)


def failed(ended: Finished, text: str, faults: Faults) -> Exception:
    """Return the error of a command that ended with an exit code, in its own last words."""
    how = f"Signal {-ended.returncode}." if ended.returncode < 0 else f"Exit code {ended.returncode}."
    words = faults.quote(text.strip() or ended.stderr_text.strip() or ended.stdout_text.strip())
    return faults.error(Code.AGENT_FAILED, f"{how} {words}".strip())


def _with_model(command: tuple[str, ...], model: str | None) -> list[str]:
    """Return the command line; without a model what says `{model}` goes, and the option before it."""
    if model is not None:
        return list(command)
    kept: list[str] = []
    for part in command:
        if "{model}" not in part:
            kept.append(part)
        elif part == "{model}" and kept and kept[-1].startswith("-"):
            kept.pop()
    return kept


def _filled(part: str, words: Mapping[str, str]) -> str:
    # One at a time and never again: what an instruction says is not looked through.
    for mark, text in words.items():
        if mark in part:
            return part.replace(mark, text)
    return part
