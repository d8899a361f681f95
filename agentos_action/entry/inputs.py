"""What a workflow writes under `with:` (`AGENTOS_INPUT_*`) → the arguments of a command, and what the step needs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from agentos_action import __version__
from agentos_action.entry.delivery import WAYS
from agentos_action.errors import UsageError
from agentos_action.evidence.layout import SUMS
from agentos_action.records.run import Half, RunStatus
from agentos_action.settings.credentials import check_key
from agentos_action.settings.destination import binding, is_clear
from agentos_action.tasks.event import read_event

if TYPE_CHECKING:
    from agentos_action.records.run import RunReport

#: What a step can be: the whole way, or one of its halves.
MODES = ("run", "propose", "commit")
#: Input → option; the value is handed on as it is.
OPTIONS = {
    "task-file": "--task",
    "instruction": "--instruction",
    "recipe": "--recipe",
    "issue-number": "--issue",
    "provider": "--provider",
    "profile": "--profile",
    "base-url": "--base-url",
    "model": "--model",
    "base": "--base",
    "policy-ref": "--policy-ref",
    "timeout": "--timeout",
    "threads": "--threads",
    "sidecar-sha256": "--gguf-sha256",
    "sidecar-context": "--context",
    "delivery": "--delivery",
}
#: Input → option that is given once for each line.
LINES = {
    "allow-path": "--allow-path",
    "allowed-paths": "--allowed-paths",
    "forbidden-paths": "--forbidden-paths",
    "checks": "--check",
}
#: What only makes sense where a model is asked: a commit takes what a proposal left, and asks and runs nothing.
ASKING = (
    *("task-file", "instruction", "recipe", "files", "provider", "profile", "base-url", "model", "api-key", "base"),
    *("timeout", "threads", "sidecar-sha256", "sidecar-context", "checks"),
)
#: A run of a workflow leaves the branch that set it off alone; the task's id stands for `{task}`.
DEFAULT_BRANCH = "agentos/{task}"
DEFAULT_FAIL_ON = frozenset({"rejected", "tool_failed", "conflict", "boundary_violated"})
#: What no workflow can take for a success: nothing was done, or nobody knows what.
ALWAYS_FAIL = frozenset({"usage", "bug", "interrupted"})
MAX_RETENTION_DAYS = 400
_MAX_NAME = 200

_TRUTH = {"": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What `with:` says: the command (`half`), its arguments, the task in words, what fails the step, the artifact."""

    half: Half
    argv: tuple[str, ...]
    task: str
    evidence_name: str
    upload: bool
    fail_on: frozenset[str] = DEFAULT_FAIL_ON

    def fails(self, report: RunReport) -> bool:
        """Return whether a run that ended so fails the step."""
        return report.status in self.fail_on | ALWAYS_FAIL


NOTHING = Inputs("run", (), "none", "", upload=False)


class _Given:
    """The inputs as the environment holds them; an input that is empty is one that was not given."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str) -> str:
        return self._environment.get(f"AGENTOS_INPUT_{name.upper().replace('-', '_')}", "").strip()

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in re.split(r"[\n,]", self.text(name)) if word.strip()]

    def truth(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value not in _TRUTH:
            raise UsageError(f"the input {name} is {value!r}", "Write true or false.")
        found = _TRUTH[value]
        return default if found is None else found

    def one_of(self, name: str, words: Iterable[str], default: str) -> str:
        value, known = self.text(name) or default, tuple(words)
        if value not in known:
            raise UsageError(f"the input {name} is {value!r}", f"Write one of {', '.join(known)}.")
        return value


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Read `AGENTOS_INPUT_*`; raises UsageError naming the input that cannot be understood."""
    given = _Given(environment)
    _check_version(given.text("version"))
    half = cast("Half", given.one_of("mode", MODES, "run"))
    fail_on = _fail_on(given.words("fail-on"))
    _check_days(given.text("evidence-retention-days"))
    _check_name(given.text("evidence-name"))
    folder = Path(environment.get("RUNNER_TEMP") or tempfile.gettempdir(), "agentos-evidence")
    argv = [*_where(given, environment), f"--evidence={folder}", *_delivery(given, half)]
    if half == "commit":
        argv, task = [_proposal(given), *argv], f"the proposal {given.text('evidence')}"
    else:
        argv, task = [*argv, *_asking(given)], _task(given, environment)
    upload = given.truth("upload-evidence", default=True)
    return Inputs(half, tuple(argv), task, given.text("evidence-name"), upload, fail_on)


def _where(given: _Given, environment: Mapping[str, str]) -> list[str]:
    """Return the arguments of every mode that say what may be changed, and where."""
    argv = [f"{option}={given.text(name)}" for name, option in OPTIONS.items() if given.text(name)]
    branch = given.text("branch") or DEFAULT_BRANCH
    argv.append(f"--branch={branch}")
    if not given.text("policy-ref") and (base := _pull_request_base(environment)):
        argv.append(f"--policy-ref={base}")
    argv += ["--dry-run"] * given.truth("dry-run", default=False)
    return [*argv, *(f"{option}={line}" for name, option in LINES.items() for line in given.lines(name))]


def _asking(given: _Given) -> list[str]:
    """Return the arguments of a run or proposal that say who is asked, and about which files."""
    if given.text("evidence"):
        raise UsageError("the input evidence is for mode commit", "Write mode: commit, or leave evidence out.")
    sidecar = given.text("sidecar") or "none"
    argv = {"none": [], "embedded": ["--embedded"]}.get(sidecar, [f"--gguf={sidecar}"])
    if sidecar not in {"none", "embedded"} and not given.text("sidecar-sha256"):
        message = f"the input sidecar is {sidecar!r}, and sidecar-sha256 is empty"
        raise UsageError(
            message, "Write none, embedded, or the path of a GGUF file and its digest (sha256sum shows it)."
        )
    if sidecar == "none" and given.text("sidecar-context"):
        raise UsageError("the input sidecar-context is given without a sidecar", "Write sidecar: embedded, or a path.")
    if sidecar in {"none", "embedded"} and given.text("sidecar-sha256"):
        raise UsageError("the input sidecar-sha256 is for a GGUF file", "Give the file's path in sidecar.")
    _check_key(given, sidecar)
    argv += ["--no-content"] * (not given.truth("evidence-content", default=True))
    files = given.lines("files")
    if files:
        # A name that begins with a dash is a file all the same.
        argv += ["--files", *(f"./{file}" if file.startswith("-") else file for file in files)]
    return argv


def _check_key(given: _Given, sidecar: str) -> None:
    """Raise UsageError, which never repeats it, for a key that is none or has nobody to go to."""
    if not given.text("api-key"):
        return
    try:
        check_key(given.text("api-key"))
    except UsageError as error:
        raise UsageError(f"the input api-key: {error.message}", "Give it from a secret of the repository.") from None
    if sidecar != "none":
        raise UsageError("the input api-key is given, and a sidecar needs none", "Leave one of the two out.")
    address = given.text("base-url")
    bound = binding(address) if address else ""
    if bound and is_clear(bound):
        message = "the input api-key would travel unencrypted to the host of base-url"
        raise UsageError(message, "Give an https:// address, or one of this machine.")


def _proposal(given: _Given) -> str:
    """Return the folder to commit; of one that holds a single bundle, that bundle."""
    wrong = next((name for name in ASKING if given.text(name)), None)
    if given.text("sidecar") not in {"", "none"}:
        wrong = "sidecar"
    if not given.truth("evidence-content", default=True):
        wrong = "evidence-content"
    if wrong is not None:
        message = f"the input {wrong} says nothing to mode commit"
        raise UsageError(message, "Give it to the step with mode propose; a commit takes what that one left.")
    if not given.text("evidence"):
        raise UsageError("the input evidence is empty", "Name the folder that mode propose left, for mode commit.")
    folder = Path(given.text("evidence")).absolute()
    try:
        inside = [] if (folder / SUMS).exists() else [file.parent for file in folder.glob(f"*/{SUMS}")]
        empty = folder.is_dir() and not inside and not (folder / SUMS).exists()
    except OSError as error:
        message = f"the input evidence names a folder that cannot be read: {error.strerror}"
        raise UsageError(message, "Name the folder that mode propose left, and let this job read it.") from error
    if empty:
        hint = "Name the folder that mode propose left, or that its artifact was downloaded to."
        raise UsageError(f"the input evidence names {str(folder)!r}, which holds no evidence of a run", hint)
    return str(inside[0] if len(inside) == 1 else folder)


def _delivery(given: _Given, half: Half) -> list[str]:
    """Return the arguments of a delivery; raises UsageError for one that is none, that cannot be, or has no token."""
    way = given.one_of("delivery", WAYS, "none")
    if way != "none" and half == "propose":
        message = f"the input delivery is {way!r}, and mode propose makes no commit to deliver"
        raise UsageError(message, "Deliver in the step with mode commit.")
    if way == "pull-request" and not given.text("github-token"):
        hint = "Give it `${{ github.token }}`, or an App's token; it opens the pull request."
        raise UsageError("the input github-token is empty", hint)
    draft, comment = given.truth("draft", default=False), given.truth("comment", default=True)
    return [
        *(["--draft"] * draft),
        *(["--no-comment"] * (not comment)),
        *(f"--label={label}" for label in given.words("labels")),
    ]


def _task(given: _Given, environment: Mapping[str, str]) -> str:
    told = [(name, given.text(name)) for name in ("recipe", "task-file", "instruction")]
    words = ", ".join(f"{name} {value}" for name, value in told if value)
    if words:
        return words
    if given.text("issue-number"):
        return f"issue {given.text('issue-number')}"
    name = environment.get("GITHUB_EVENT_NAME")
    return f"what the event {name} asks for" if name else "none"


def _fail_on(words: list[str]) -> frozenset[str]:
    # `applied` is what a hook ends with.
    known = set(get_args(RunStatus)) - {"applied"}
    wrong = next((word for word in words if word not in known and word != "none"), None)
    hint = f"Write some of {', '.join(sorted(known))}; or none."
    if wrong is not None:
        raise UsageError(f"the input fail-on names {wrong!r}, which is no status of a step", hint)
    if "none" in words and set(words) != {"none"}:
        raise UsageError("the input fail-on names none and a status", hint)
    return frozenset(words) - {"none"} if words else DEFAULT_FAIL_ON


def _check_version(wanted: str) -> None:
    if wanted and wanted.removeprefix("v") != __version__:
        message = f"the input version is {wanted!r}, and this is {__version__}"
        raise UsageError(message, "Pin the action (`uses:`) to the commit of that release, or change version.")


def _check_name(text: str) -> None:
    """Raise UsageError for a name that no artifact can have: found out after the run, the evidence would be lost."""
    if len(text) > _MAX_NAME or not text.isprintable() or set(text) & set('\\/":<>|*?'):
        hint = f'Write one line of at most {_MAX_NAME} characters, without any of these: \\ / " : < > | * ?'
        raise UsageError("the input evidence-name cannot be an artifact's name", hint)


def _check_days(text: str) -> None:
    if text and not (re.fullmatch(r"[0-9]{1,3}", text) and 1 <= int(text) <= MAX_RETENTION_DAYS):
        hint = f"Write a number of days from 1 to {MAX_RETENTION_DAYS}, or leave it out for the repository's own."
        raise UsageError(f"the input evidence-retention-days is {text!r}", hint)


def _pull_request_base(environment: Mapping[str, str]) -> str | None:
    """Return the commit that a pull request goes to: its own head may not bring the policy it is judged by.

    Raises UsageError where the event says that it is about a pull request and does not name that commit.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    if not name.startswith("pull_request"):
        return None
    hint = "Give the input policy-ref, for example the name of the target branch."
    try:
        target = read_event(name, Path(environment.get("GITHUB_EVENT_PATH", ""))).target
    except UsageError as error:
        raise UsageError(error.message, hint) from error
    if target is None:
        raise UsageError("the event does not name the commit that the pull request goes to", hint)
    return target
