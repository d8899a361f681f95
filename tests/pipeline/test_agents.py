"""Runs with an agent command: it works in a copy, its changes become a commit, and the repository is out of reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.pipeline.run import run
from agentos_action.records.observer import Nobody
from agentos_action.records.run import ModelWish, RunReport
from agentos_action.wiring import parts
from tests.agents import install, sandboxed
from tests.git import git, make_repo
from tests.runs import CLI, cli, request, state_of, tape_of
from tests.waiting import until_asleep

CLAUDE = ModelWish(provider="claude_cli")
EDIT = "pathlib.Path('a.txt').write_text('1\\n')"
needs_bubblewrap = pytest.mark.skipif(not sandboxed(), reason="bubblewrap makes no sandbox here")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "one\n", "b/c.txt": "two\n", ".gitignore": "build/\n"})


def profile(home: Path, **agent: Any) -> ModelWish:
    """Write a profile of the user's own for the command `worker` and return the wish for it."""
    folder = home / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    rules = {"command": ["worker"], **agent}
    (folder / "worker.json").write_text(json.dumps({"provider": "cli", "name": "worker", "agent": rules}))
    return ModelWish(profile="worker")


def asked(repo: Path, tmp_path: Path, wish: ModelWish = CLAUDE, **changes: Any) -> RunReport:
    return run(request(repo, tmp_path, flags=wish, **changes), parts(), Nobody())


def event(report: RunReport, name: str) -> dict[str, Any]:
    return next(line for line in tape_of(report) if line["event"] == name)


def test_what_an_agent_edits_is_committed(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, code=EDIT + "; os.remove('b/c.txt'); pathlib.Path('n.txt').write_text('x')")
    report = asked(repo, tmp_path)
    assert (report.status, report.message) == ("committed", "on main"), report
    assert git(repo, "show", "HEAD:a.txt") == "1\n"
    assert git(repo, "show", "--format=", "--name-status", "HEAD") == "M\ta.txt\nD\tb/c.txt\nA\tn.txt\n"
    assert "AgentOS-Model: claude_cli/claude-sonnet-4-5" in git(repo, "log", "-1", "--format=%B")
    assert (report.usage.prompt_tokens, report.usage.cached_tokens, report.usage.completion_tokens) == (50, 30, 5)
    started, checked = event(report, "tool_dispatch_started"), event(report, "boundary_checked")
    assert started["sandbox"] == ("bubblewrap" if sandboxed() else "none")
    assert (checked["full"], checked["wrote_files"], checked["committed"]) == (True, False, False)
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_an_agent_that_changes_nothing_is_no_change(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = "os.makedirs('build'); open('build/out', 'w').write('x')"
    install(tmp_path, monkeypatch, code=made + "; os.mkdir('__pycache__'); open('__pycache__/x.pyc', 'w')")
    report = asked(repo, tmp_path)
    assert (report.status, report.exit_code, report.diff) == ("no_change", 0, ""), report


def test_an_agent_is_bound_by_the_allowed_paths(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = tmp_path / "task.md"
    task.write_text('+++\nallowed_paths = ["b/**"]\n+++\nChange it\n')
    install(tmp_path, monkeypatch, code=EDIT)
    report = asked(repo, tmp_path, task_file=task, instruction=None)
    assert (report.status, report.exit_code) == ("rejected", 1), report
    assert {finding.id for finding in report.findings} >= {"paths.not-allowed"}


def test_an_agent_that_makes_a_repository_inside_is_rejected(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, code="os.makedirs('sub/.git'); open('sub/.git/config', 'w').write('[core]\\n')")
    report = asked(repo, tmp_path)
    assert report.status == "rejected", report


def test_an_agent_is_told_the_task_and_sees_no_secret(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / ".env").write_text("A=1\n")
    (repo / "token.txt").write_text("ghp_" + "a1" * 18 + "\n")
    (repo / "out").symlink_to("/etc")
    git(repo, "add", "-A", "-f")
    git(repo, "commit", "-q", "-m", "secrets")
    for name in ("GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AGENTOS_X", "MY_SECRET", "GIT_DIR", "WANTED"):
        monkeypatch.setenv(name, "value")
    code = (
        "print(told, file=sys.stderr); pathlib.Path('seen.txt').write_text("
        "json.dumps([told, dict(os.environ), sorted(map(str, pathlib.Path('.').glob('*')))]))"
    )
    install(tmp_path, monkeypatch, name="worker", code=code)
    wish = profile(tmp_path / "no-home", environment=["WANTED", "GITHUB_*"])
    report = asked(repo, tmp_path, wish, instruction="Mend the roof")
    assert report.status == "committed", report
    told, environment, files = json.loads(git(repo, "show", "HEAD:seen.txt"))
    assert "Mend the roof" in told
    assert "Do not commit" in told
    assert files == [".git", ".gitignore", "a.txt", "b"]
    assert environment["WANTED"] == "value"
    assert not {"GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AGENTOS_X", "MY_SECRET", "GIT_DIR"} & environment.keys()
    kept = {finding.path for finding in report.findings if finding.id == "context.kept-out"}
    assert kept == {".env", "token.txt", "out"}
    assert git(repo, "ls-files") == ".env\n.gitignore\na.txt\nb/c.txt\nout\nseen.txt\ntoken.txt\n"


@pytest.mark.parametrize(
    ("plan", "category", "code"),
    [
        ({"sleep": 200}, "runtime", "agent_timeout"),
        ({"crash": 3}, "runtime", "agent_failed"),
        (
            {"result": {"is_error": True, "result": "Invalid API key · Please run /login"}, "exit": 1},
            "auth",
            "not_logged_in",
        ),
        ({"logged_in": False}, "auth", "not_logged_in"),
        ({"version_exit": 1}, "runtime", "agent_broken"),
        ({"code": "os.kill(os.getpid(), 9)"}, "runtime", "agent_failed"),
    ],
)
def test_an_agent_that_fails_is_a_failed_tool(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: dict[str, Any], category: str, code: str
) -> None:
    install(tmp_path, monkeypatch, **plan)
    before = state_of(repo)
    report = asked(repo, tmp_path, timeout=6.0 if "sleep" in plan else 60.0)
    assert (report.status, report.exit_code) == ("tool_failed", 3), report
    assert (report.error_category, report.raw_error_code) == (category, code), report
    assert state_of(repo) == before
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_no_agent_is_not_configured(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    report = asked(repo, tmp_path)
    assert (report.status, report.error_category, report.raw_error_code) == ("tool_failed", "config", "agent_missing")


def test_a_program_of_the_repository_is_not_started(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path, monkeypatch, code=EDIT)
    for name in ("claude", "claude.json"):
        (folder / name).rename(repo / "b" / name)
    monkeypatch.setenv("PATH", f"{repo / 'b'}:b:/usr/bin:/bin")
    monkeypatch.chdir(repo)
    report = asked(repo, tmp_path)
    assert (report.status, report.raw_error_code) == ("tool_failed", "agent_missing"), report


def test_much_noise_is_no_trouble(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, name="worker", code=EDIT, noise=20_000_000)
    assert asked(repo, tmp_path, profile(tmp_path / "no-home")).status == "committed"


def test_a_recipe_and_bounded_hosts_are_no_work_for_an_agent(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, code=EDIT)
    (repo / "agentos.toml").write_text('[model]\nhosts = ["models.example.org"]\n')
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "policy")
    assert "names hosts" in asked(repo, tmp_path).message
    (repo / "m.py").write_text("def f():\n    return 1\n")
    git(repo, "rm", "-qf", "agentos.toml")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "no policy")
    report = asked(repo, tmp_path, instruction=None, recipe="docstrings")
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "edits files by itself" in report.message


def test_of_several_commands_the_first_that_is_there_is_taken(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, name="opencode", stdin=False, code=EDIT)
    report = asked(repo, tmp_path, ModelWish(provider="cli"))
    assert (report.status, report.model_id) == ("committed", "opencode"), report


#: Every way out of the copy that a program could try; each is told the repository's place.
DOORS = {
    "absolute path": "pathlib.Path({repo!r}, 'a.txt').write_text('taken\\n')",
    "new file": "pathlib.Path({repo!r}, 'new.txt').write_text('taken\\n')",
    "odd name": "open(os.fsencode({repo!r}) + b'/caf\\xe9', 'w').close()",
    "new folder": "os.mkdir({repo!r} + '/made')",
    "parent path": "open(os.path.relpath({repo!r} + '/a.txt'), 'w').write('taken\\n')",
    "git commit": "subprocess.run(['git', '--git-dir', {repo!r} + '/.git', '--work-tree', {repo!r}, 'commit', '-qm',"
    " 'mine', '--allow-empty'])",
    "GIT_DIR": "subprocess.run(['git', 'branch', 'mine'], env={{**os.environ, 'GIT_DIR': {repo!r} + '/.git'}})",
    "a hook": "p = pathlib.Path({repo!r}, '.git/hooks/post-commit'); p.parent.mkdir(exist_ok=True); p.write_text('x')",
    "config": "open({repo!r} + '/.git/config', 'a').write('[core]\\n\\tpager = evil\\n')",
    "other objects": "open({repo!r} + '/.git/objects/info/alternates', 'w').write('/elsewhere\\n')",
    "forged journal": "open({repo!r} + '/.git/agentos/journal.json', 'w').write('{{}}')",
    "proc": "open(f'/proc/{{os.getppid()}}/cwd/a.txt', 'w').write('taken\\n')",
    "background": "subprocess.Popen([sys.executable, '-c', {later!r}], start_new_session=True,"
    " stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)",
}
_LATER = (
    "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nwhile not os.path.exists({until!r}): time.sleep(0.01)\n"
    "open({file!r}, 'w').write('taken')"
)


#: An agent that gives what it left in the background so much time to write.
_WAIT = (
    "def taken():\n    try: return open({file!r}).read() == 'taken'\n    except OSError: return False\n"
    "until = time.monotonic() + {seconds}\nwhile not taken() and time.monotonic() < until: time.sleep(0.01)"
)


def through(door: str, repo: Path, until: Path | None = None, seconds: float = 0.3) -> str:
    """Return what goes through a door; what is in the background waits there until a file is there.

    The agent lets it work until it has written, for so many seconds at most.
    """
    later = _LATER.format(until=str(until or repo), file=str(repo / "a.txt"))
    tried = DOORS[door].format(repo=str(repo), later=later)
    # What is locked raises, and the agent goes on as if nothing were.
    caught = f"try:\n    {tried}\nexcept OSError as error:\n    print(error, file=sys.stderr)"
    return (
        f"{EDIT}\n{caught}\n{_WAIT.format(file=str(repo / 'a.txt'), seconds=seconds) if door == 'background' else ''}"
    )


@pytest.mark.parametrize("door", DOORS)
def test_without_a_sandbox_every_door_is_seen(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.chdir(repo)
    install(tmp_path, monkeypatch, name="worker", code=through(door, repo, seconds=60))
    if door == "proc":
        monkeypatch.setenv("PWD", str(repo))
    head = git(repo, "rev-parse", "HEAD")
    done = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="none"))
    assert (done.status, done.exit_code, done.commit) == ("boundary_violated", 5, None), done
    found = event(done, "boundary_checked")
    assert found["wrote_files"] or found["committed"]
    assert found["committed"] == (door in {"git commit", "GIT_DIR"}), found
    if door != "git commit":
        assert git(repo, "rev-parse", "HEAD") == head
    assert {finding.id for finding in done.findings} >= {"agent.unsandboxed"}
    assert verify_bundle(Path(done.evidence or "")).problems == ()


@needs_bubblewrap
@pytest.mark.parametrize("door", DOORS)
def test_in_a_sandbox_no_door_leads_out(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    monkeypatch.chdir(repo)
    install(tmp_path, monkeypatch, name="worker", code=through(door, repo))
    before = state_of(repo)
    done = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="bubblewrap"))
    assert done.status == "committed", done
    assert git(repo, "show", "--format=", "--name-only", "HEAD") == "a.txt\n"
    changed = {name for name, state in state_of(repo).items() if before.get(name) != state}
    assert {name for name in changed if not name.startswith(".git/")} == {"a.txt"}
    assert git(repo, "branch", "--format=%(refname:short)") == "main\n"
    assert not (repo / ".git/hooks/post-commit").exists()
    # What stands above an agent in its sandbox works in the export too, so that door leads into it.
    assert (repo / "a.txt").read_text() == ("taken\n" if door == "proc" else "1\n")


def test_a_health_check_that_writes_is_seen(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = install(tmp_path, monkeypatch, name="worker")
    for code in (0, 1):
        (folder / "worker").write_text(f"#!/bin/sh\necho taken{code} >{repo}/a.txt\nexit {code}\n")
        report = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="none"))
        assert (report.status, report.exit_code) == ("boundary_violated", 5), report


#: What an agent without a sandbox could do to the evidence of its own run; `{run}` is its folder.
FORGERIES = {
    "a line more": "open({run} + '/audit/run_tape.jsonl', 'a').write('{{}}\\n')",
    "no line": "open({run} + '/audit/run_tape.jsonl', 'w').close()",
    "no tape": "os.remove({run} + '/audit/run_tape.jsonl')",
    "a file more": "open({run} + '/patch/prompts.jsonl', 'w').write('forged')",
    "another health": "open({run} + '/reports/health_summary.json', 'w').write('{{}}')",
    "nothing": "__import__('shutil').rmtree({run})",
    "a link": "os.rename({run}, {run} + 'x'); os.symlink({run} + 'x', {run})",
}


@pytest.mark.parametrize(
    ("forgery", "moment"),
    # The health that is written after the check takes the place of one that was there before.
    [
        (forgery, moment)
        for forgery in FORGERIES
        for moment in ("health", "work")
        if (forgery, moment) != ("another health", "health")
    ],
)
def test_evidence_that_an_agent_forges_is_seen_and_put_back(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgery: str, moment: str
) -> None:
    runs = repo / ".git/agentos/runs"
    forged = FORGERIES[forgery].format(run=f"next(map(str, pathlib.Path({str(runs)!r}).iterdir()))")
    folder = install(tmp_path, monkeypatch, name="worker", code=f"{EDIT}\n{forged if moment == 'work' else ''}")
    if moment == "health":
        worker = folder / "worker"
        head, _, rest = worker.read_text().partition('if "--version" in arguments:\n')
        worker.write_text(f'{head}if "--version" in arguments:\n    {forged}\n{rest}')
    report = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="none"))
    assert (report.status, report.exit_code, report.commit) == ("boundary_violated", 5, None), report
    assert any(change["path"].startswith("evidence: ") for change in event(report, "boundary_checked")["changed"])
    assert verify_bundle(Path(report.evidence or "")).problems == ()
    assert not Path(report.evidence or "").is_symlink()


def test_a_proposal_of_an_agent_is_committed_without_it(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path, monkeypatch, code=EDIT)
    proposed = cli("propose", "--provider", "claude_cli", "--instruction", "Do it", "--json", cwd=repo)
    bundle = json.loads(proposed.stdout)["evidence"]
    (folder / "claude").unlink()
    done = cli("commit", bundle, "--json", cwd=repo)
    assert json.loads(done.stdout)["status"] == "committed", done
    assert git(repo, "show", "HEAD:a.txt") == "1\n"


def test_what_is_staged_is_what_an_agent_of_a_hook_sees(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a.txt").write_text("staged\n")
    git(repo, "add", "a.txt")
    install(tmp_path, monkeypatch, code="p = pathlib.Path('a.txt'); p.write_text(p.read_text() + 'more\\n')")
    report = asked(repo, tmp_path, target="worktree")
    assert report.status == "applied", report
    assert (repo / "a.txt").read_text() == "staged\nmore\n"


@needs_bubblewrap
def test_in_a_sandbox_neither_the_repository_nor_keys_are_shown(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    for name in (".ssh/id_rsa", ".netrc", ".agentos/credentials.json"):
        (real / name).parent.mkdir(parents=True, exist_ok=True)
        (real / name).write_text("secret")
    monkeypatch.setenv("HOME", str(real))
    read = "def tried(p):\n  try: return open(p).read()\n  except OSError: return None\n"
    hidden = (".ssh/id_rsa", ".netrc", ".agentos/credentials.json")
    places = [str(repo / "a.txt"), *(str(real / name) for name in hidden)]
    code = f"{read}open('seen.txt', 'w').write(json.dumps([tried(p) for p in {places!r}]))"
    install(tmp_path, monkeypatch, name="worker", code=code)
    report = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="bubblewrap"))
    assert report.status == "committed", report
    assert [text or None for text in json.loads(git(repo, "show", "HEAD:seen.txt"))] == [None] * 4


@pytest.mark.parametrize("sandbox", ["none", pytest.param("bubblewrap", marks=needs_bubblewrap)])
def test_an_interrupted_agent_is_ended(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: str
) -> None:
    home = tmp_path / "user"
    profile(home / ".agentos", sandbox=sandbox)
    folder = install(tmp_path, monkeypatch, name="worker", code=EDIT, sleep=200)
    command = [*CLI, "run", "--profile", "worker", "--instruction", "Do it", "--json"]
    environment = {**os.environ, "HOME": str(home)}
    with subprocess.Popen(command, cwd=repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ours:
        until = time.monotonic() + 120
        while time.monotonic() < until and not _working(folder / "worker"):
            time.sleep(0.1)
        assert _working(folder / "worker")
        until_asleep(ours.pid)
        ours.send_signal(signal.SIGINT)
        said, _ = ours.communicate(timeout=120)
    assert ours.returncode == 130
    assert json.loads(said)["status"] == "interrupted"
    assert not _working(folder / "worker")
    assert (repo / "a.txt").read_text() == "one\n"


def _working(program: Path) -> bool:
    return any(line[1:2] == [str(program)] and "--version" not in line for line in _command_lines())


def _command_lines() -> list[list[str]]:
    return [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]


def test_a_process_that_waits_is_ended_before_it_writes(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = tmp_path / "now"
    install(tmp_path, monkeypatch, name="worker", code=through("background", repo, now))
    done = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="none"))
    assert done.status == "committed", done
    assert not any(str(now) in " ".join(line) for line in _command_lines())
    now.touch()
    time.sleep(0.3)
    assert (repo / "a.txt").read_text() == "1\n"


def test_a_sandbox_that_is_wanted_and_not_there_is_told(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path, monkeypatch, name="worker", code=EDIT)
    (folder / "bwrap").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bwrap").chmod(0o755)
    report = asked(repo, tmp_path, profile(tmp_path / "no-home", sandbox="bubblewrap"))
    assert (report.status, report.error_category, report.raw_error_code) == ("tool_failed", "config", "no_sandbox")


def test_the_command_line_runs_an_agent(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, code=EDIT)
    done = cli("run", "--provider", "claude_cli", "--model", "sonnet", "--instruction", "Do it", "--json", cwd=repo)
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"], report["requested_model"]) == (0, "committed", "sonnet"), done
