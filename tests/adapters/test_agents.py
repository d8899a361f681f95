"""Agent commands as adapters: health, how they are called, what is read of their words, what they leave behind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from agentos_action.adapters.agent import Agent
from agentos_action.adapters.base import AdapterParts
from agentos_action.adapters.claude_cli import RULES
from agentos_action.adapters.descendants import all_ended
from agentos_action.adapters.faults import Faults
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError, UsageError
from agentos_action.process import run
from agentos_action.records.model import Message, Prompt
from agentos_action.records.profile import Profile
from tests.agents import install

PROMPT = Prompt((Message("system", "The rules"), Message("user", "Mend\nthe roof")), 100)
DIFF = "diff --git a/a b/a\n"
SHIPPED = Path(__file__).parents[2] / "profiles/llm"


@dataclass
class Copy:
    """A workspace without a repository: what counts here is the call."""

    folder: Path
    home: Path
    hidden: tuple[Path, ...] = ()

    def changes(self) -> str:
        """Return a diff that is no secret to anybody."""
        return DIFF


@dataclass
class Copies:
    """Gives the one workspace of a test, each time it is asked for."""

    top: Path
    hidden: tuple[Path, ...] = ()

    @contextmanager
    def __call__(self) -> Iterator[Copy]:
        folder, home = self.top / "tree", self.top / "throw-away"
        folder.mkdir(exist_ok=True)
        home.mkdir(exist_ok=True)
        yield Copy(folder, home)


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path)


def claude(copies: Copies | None = None, *, key: str | None = None, **fields: Any) -> Agent:
    profile = Profile.model_validate({"provider": "claude_cli", "name": "claude_cli", **fields})
    made = create(profile, AdapterParts(api_key=key, workspace=copies))
    assert isinstance(made, Agent)
    return made


def other(copies: Copies | None = None, *, key: str | None = None, **agent: Any) -> Agent:
    rules = {"command": ["worker"], "sandbox": "none", **agent}
    profile = {"provider": "cli", "name": "worker", "api_key_ref": "env:WORKER_KEY", "agent": rules}
    made = create(Profile.model_validate(profile), AdapterParts(api_key=key, workspace=copies))
    assert isinstance(made, Agent)
    return made


@pytest.mark.parametrize(
    ("plan", "status", "category", "step"),
    [
        ({}, "connected", None, "model"),
        ({"version_exit": 2}, "unreachable", "runtime", "none"),
        ({"logged_in": False}, "invalid_token", "auth", "models"),
    ],
)
def test_health(  # its three outcomes and their steps
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Any], status: str, category: str | None, step: str
) -> None:
    install(tmp_path, monkeypatch, code="raise SystemExit('a model was asked')", **plan)
    health = claude().health_check(Deadline(60), full=True)
    assert (health.status, health.error_category, health.probe_step) == (status, category, step), health
    assert health.details


def test_health_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    health = claude().health_check(Deadline(60))
    assert (health.status, health.error_category, health.raw_error_code) == (
        "not_configured",
        "config",
        "agent_missing",
    )


def test_health_of_a_version_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install(tmp_path, monkeypatch)
    (folder / "claude").write_text("#!/bin/sh\nsleep 60\n")
    health = claude().health_check(Deadline(1.5))
    assert (health.status, health.raw_error_code) == ("unreachable", "agent_broken")


@pytest.mark.parametrize(
    ("said", "status"), [("error: unknown command 'auth'", "connected"), ("Not logged in", "invalid_token")]
)
def test_an_old_version_without_a_login_command_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, status: str
) -> None:
    folder = install(tmp_path, monkeypatch)
    (folder / "claude").write_text(f'#!/bin/sh\n[ "$1" = auth ] && {{ echo "{said}" >&2; exit 1; }}\nexit 0\n')
    assert claude().health_check(Deadline(60)).status == status


def test_how_claude_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies) -> None:
    real = tmp_path / "real"
    (real / ".claude").mkdir(parents=True)
    (real / ".claude/.credentials.json").write_text("{}")
    (real / ".ssh").mkdir()
    (real / ".ssh/id_rsa").write_text("secret")
    monkeypatch.setenv("HOME", str(real))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not this one")
    install(tmp_path, monkeypatch, note=str(tmp_path / "throw-away/note.json"))
    rules = {**RULES.model_dump(), "sandbox": "none"}
    answer = claude(copies, key="the key", model="opus", agent=rules).run(PROMPT, Deadline(60), lambda _count: None)
    note = json.loads((tmp_path / "throw-away/note.json").read_text())
    assert note["arguments"][:3] == ["--print", "--output-format", "json"]
    assert note["arguments"][-2:] == ["--model", "opus"]
    assert note["told"] == "The rules\n\nMend\nthe roof"
    assert note["cwd"] == str(tmp_path / "tree")
    assert note["home"][:2] == [".claude", ".claude/.credentials.json"]
    assert [name[:4] for name in note["home"][2:]] == ["tmp-"]
    assert note["environment"]["ANTHROPIC_API_KEY"] == "the key"
    assert note["environment"]["HOME"] == note["environment"]["XDG_CONFIG_HOME"].removesuffix("/.config")
    assert "the key" not in " ".join(note["arguments"])
    assert (answer.text, answer.model_id, answer.usage.prompt, answer.usage.cached) == (
        DIFF,
        "claude-sonnet-4-5",
        50,
        30,
    )


@pytest.mark.parametrize("way", ["argument", "file"])
def test_how_an_instruction_is_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies, way: str
) -> None:
    note = tmp_path / "throw-away/note.json"
    install(tmp_path, monkeypatch, name="worker", stdin=False, note=str(note), says="I mended it.")
    mark = {"argument": "{instruction}", "file": "--from={file}"}[way]
    adapter = other(copies, instruction=way, command=["worker", "-m", "{model}", "do", mark], key="k1234567")
    answer = adapter.run(PROMPT, Deadline(60), lambda _count: None)
    told = json.loads(note.read_text())
    assert told["environment"]["WORKER_KEY"] == "k1234567"
    assert told["arguments"][0] == "do"
    assert answer.model_id == "worker"
    if way == "argument":
        assert told["arguments"][1:] == ["The rules\n\nMend\nthe roof"]
    else:
        place = Path(told["arguments"][1].removeprefix("--from="))
        assert place.read_text() == "The rules\n\nMend\nthe roof"
        assert not place.is_relative_to(told["cwd"])


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"result": {"is_error": True, "result": "Invalid API key · Please run /login"}}, "not_logged_in"),
        ({"says": "Invalid API key · Please run /login", "exit": 1}, "not_logged_in"),
        ({"result": {"is_error": True, "result": "Credit balance is too low"}, "exit": 1}, "quota"),
        ({"result": {"is_error": True, "result": "API Error: 529 Overloaded"}, "exit": 1}, "overloaded"),
        ({"result": {"is_error": True, "result": "Prompt is too long"}}, "context_overflow"),
        ({"result": {"subtype": "error_max_turns", "result": ""}}, "agent_failed"),
        ({"result": {"is_error": True, "result": "Something else"}}, "agent_failed"),
        ({"says": '{"type": "result", "is_err', "exit": 1}, "agent_failed"),
        ({"says": '{"type": "result", "is_err'}, "bad_json"),
        ({"says": '{"is_error": "no"}'}, "bad_shape"),
        ({"says": "[]"}, "bad_shape"),
        ({"exit": 7}, "agent_failed"),
    ],
)
def test_what_claude_says_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies, plan: dict[str, Any], code: str
) -> None:
    install(tmp_path, monkeypatch, **plan)
    rules = {**RULES.model_dump(), "sandbox": "none"}
    with pytest.raises(ToolError) as caught:
        claude(copies, agent=rules).run(PROMPT, Deadline(60), lambda _count: None)
    assert caught.value.raw_error_code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    "says", ["Done.", '[{"type": "system"}, {"type": "result", "result": "Done."}]', '{"type": "result"}']
)
def test_plain_words_and_lists_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies, says: str
) -> None:
    install(tmp_path, monkeypatch, says=says)
    rules = {**RULES.model_dump(), "sandbox": "none"}
    answer = claude(copies, agent=rules).run(PROMPT, Deadline(60), lambda _count: None)
    assert (answer.text, answer.model_id, answer.usage.prompt) == (DIFF, "claude", None)


def test_the_key_is_in_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies) -> None:
    code = "sys.stderr.write('\\x1b[31m::error::' + os.environ['WORKER_KEY'])"
    install(tmp_path, monkeypatch, name="worker", code=code, exit=1)
    with pytest.raises(ToolError) as caught:
        other(copies, key="topsecretkey").run(PROMPT, Deadline(60), lambda _count: None)
    assert "topsecretkey" not in caught.value.message
    assert "::error" not in caught.value.message
    assert "\x1b" not in caught.value.message


def test_a_home_file_that_leads_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "login").symlink_to("/etc/hostname")
    monkeypatch.setenv("HOME", str(real))
    install(tmp_path, monkeypatch, name="worker")
    with pytest.raises(ToolError) as caught:
        other(copies, home_files=["missing", "login"]).run(PROMPT, Deadline(60), lambda _count: None)
    assert (caught.value.category, caught.value.raw_error_code) == ("config", "agent_home")


def test_a_login_takes_the_place_of_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    for name in ("tmp", "instruction.md"):
        (real / name).write_text("login")
    monkeypatch.setenv("HOME", str(real))
    code = (
        "home = pathlib.Path(os.environ['HOME']); sys.exit([(home / n).read_text() for n in ('tmp', 'instruction.md')]"
    )
    install(tmp_path, monkeypatch, name="worker", code=f"{code} != ['login'] * 2)")
    rules: dict[str, Any] = {"command": ["worker", "{file}"], "instruction": "file"}
    rules |= {"home_files": ["tmp", "instruction.md"]}
    assert other(copies, **rules).run(PROMPT, Deadline(60), lambda _count: None).text == DIFF


def test_a_model_s_name_is_no_option_of_the_command() -> None:
    with pytest.raises(UsageError, match="begins with '-'"):
        claude(model="--dangerously-skip-permissions")


def test_health_is_told_where_the_folder_we_stand_in_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert claude().health_check(Deadline(60)).status == "connected"
    # The fixture goes back to where it came from; nothing else may find the folder gone.
    monkeypatch.chdir(tmp_path)


def test_a_profile_without_a_command_is_told() -> None:
    with pytest.raises(UsageError, match="names no agent command"):
        create(Profile(provider="cli", name="x"))


def test_an_agent_without_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    with pytest.raises(UsageError, match="without files"):
        claude().run(PROMPT, Deadline(60), lambda _count: None)


@pytest.mark.parametrize("file", [SHIPPED / f"{name}.json" for name in ("claude_cli", "codex", "gemini", "opencode")])
def test_the_shipped_profiles_are_whole(file: Path) -> None:
    profile = Profile.model_validate_json(file.read_bytes())
    assert profile.agent is not None
    assert profile.name == file.stem
    assert {"argument": "{instruction}", "file": "{file}"}.get(profile.agent.instruction, "") in "".join(
        profile.agent.command
    )
    if profile.provider == "claude_cli":
        assert profile.agent == RULES


DAEMON = """
import os, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(200)
"""


def test_a_daemon_is_found_and_ended_and_what_was_there_before_is_not(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    before = psutil.Popen(["sleep", "300"])
    try:
        with all_ended(Faults("worker")):
            run(["python3", "-c", DAEMON, str(note)], timeout=120)
            until = time.monotonic() + 120
            while not (note.exists() and note.read_text()) and time.monotonic() < until:
                time.sleep(0.01)
            daemon = int(note.read_text())
            assert psutil.pid_exists(daemon)
        assert not psutil.pid_exists(daemon)
        assert before.is_running()
        assert before.status() != psutil.STATUS_ZOMBIE
    finally:
        before.kill()
        before.wait()
    with pytest.raises(ChildProcessError):
        os.waitpid(daemon, os.WNOHANG)
