"""The real command line in real processes: bad input, exit codes, one JSON object, nothing but data on stdout."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from agentos_action.entry.cli import COMMANDS
from tests.git import git, make_repo
from tests.runs import cli, diff_answer, state_of


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n", "m.py": "def f(x):\n    return x\n"})


@pytest.fixture
def answer(tmp_path: Path) -> str:
    file = tmp_path / "answer.md"
    file.write_text(diff_answer("a.txt", "one", "1"))
    return str(file)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(command: str, tmp_path: Path) -> None:
    done = cli(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"agentos {command}" in done.stdout.partition("example:")[2]


def test_help_names_the_exit_codes_and_no_command_is_usage(tmp_path: Path) -> None:
    assert "130 interrupted" in cli("--help", cwd=tmp_path).stdout
    assert cli(cwd=tmp_path).returncode == 2
    assert cli("--version", cwd=tmp_path).stdout.startswith("agentos 0.")


def test_a_run_prints_the_diff_on_stdout_and_talks_on_stderr(repo: Path, answer: str) -> None:
    done = cli("run", "--instruction", "Change a.txt", "--answer", answer, cwd=repo)
    assert done.returncode == 0, done.stderr
    assert done.stdout == git(repo, "diff", "--no-color", "--no-ext-diff", "HEAD^", "HEAD").replace(
        git(repo, "diff", "HEAD^", "HEAD").split("\n")[1] + "\n", ""
    )
    assert "committed" in done.stderr


def test_json_is_one_object_with_the_contracts_fields(repo: Path, answer: str) -> None:
    done = cli("run", "--instruction", "Change a.txt", "--answer", answer, "--json", cwd=repo)
    said = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert {"status", "exit_code", "error_category", "raw_error_code", "message", "hint", "run_id", "evidence"} <= set(
        said
    )
    assert {"findings", "diff", "files", "commit", "branch", "model_id", "requested_model", "usage"} <= set(said)
    names = {"total", "settings", "context", "tool", "patch", "verify", "execute", "evidence"}
    assert set(said["timing_ms"]) == names
    assert (said["status"], said["exit_code"], said["error_category"]) == ("committed", 0, None)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "--instruction", "x", "--repo", "/nowhere"], 2, "not inside a git repository"),
        (["run", "--task", "none.md", "--provider", "scripted"], 2, "none.md: No such file"),
        (["run", "--provider", "scripted"], 2, "there is nothing to do"),
        (["run", "--instruction", "x", "--profile", "none"], 2, "there is no profile 'none'"),
        (["run", "--instruction", "x", "--provider", "none"], 2, "none"),
        (["run", "--instruction", "x", "--embedded", "--provider", "llamacpp"], 2, "--embedded cannot be combined"),
        (["run", "--instruction", "x", "--embedded", "--model", "none"], 2, "none"),
        (["run", "--instruction", "x", "--answer", "none.md"], 2, "none.md: No such file"),
        (["run", "--instruction", "x", "--base", "none", "--provider", "scripted"], 2, "'none' names no commit"),
        (["run", "--instruction", "x", "--policy-ref", "none", "--provider", "scripted"], 2, "'none' names no commit"),
        (["run", "--instruction", "x", "--allow-path", "../x", "--provider", "scripted"], 2, "--allow-path"),
        (["run", "--instruction", "x", "--files", "none.py", "--provider", "scripted"], 2, "none.py"),
        (["run", "--instruction", "x", "--timeout", "-1"], 2, "seconds"),
        (["run", "--instruction", "x", "--provider", "llamacpp", "--base-url", "ftp://x"], 2, "http://"),
        (["recipe", "show", "none"], 2, "docstrings"),
        (["schema", "none"], 2, "there is no `agentos schema none`"),
        (["evidence", "verify", "none"], 2, "none is not a folder"),
        (["verify", "--range", "main"], 2, "is not A..B"),
        (["verify", "--diff", "none"], 2, "none: No such file"),
        (["model", "install", "none.gguf"], 2, "sha256"),
        (["sidecar", "start", "--model", "none"], 2, "none"),
        (["frobnicate"], 2, "there is no `agentos frobnicate`"),
        (["rnu"], 2, "Perhaps run is meant."),
        (["run", "--threads", "many"], 2, "--threads: 'many' is no number of threads (1 to 512)"),
        (["run", "--threads", "0"], 2, "'0' is no number of threads"),
        (["run", "--instruction", "x", "--policy-ref", ""], 2, "--policy-ref is empty"),
        (["run", "--instruction", "x", "--base", " "], 2, "--base is empty"),
        (["sidecar", "start", "--port", "many"], 2, "--port is 'many', which is no whole number"),
        (["verify"], 2, "one of --staged, --range, --diff is needed"),
        (["evidence", "verify"], 2, "DIR is missing"),
        (["evidence", "merge"], 2, "DIR, --into are missing"),
        (["hook", "audit", "--evidence", ""], 2, "'' is not a folder"),
        (["run", "--edit-format", "poem"], 2, "--edit-format is 'poem'\n  Write one of auto, unified_diff, "),
        (["run", "--task"], 2, "--task needs a value"),
        (["run", "--json=x"], 2, "--json takes no value"),
        (["hook", "run", "--task", "x", "--recipe", "y"], 2, "--recipe and --task do not go together"),
    ],
)
def test_bad_input_is_told_in_two_lines_with_its_exit_code(
    repo: Path, arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    before = state_of(repo)
    done = cli(*arguments, cwd=repo, env={"HOME": str(tmp_path)})
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert state_of(repo) == before


def test_nothing_is_staged_in_a_bare_repository(repo: Path) -> None:
    bare = repo.with_name("bare.git")
    git(repo, "clone", "-q", "--bare", str(repo), str(bare))
    done = cli("verify", "--staged", cwd=bare)
    assert (done.returncode, "this repository is bare" in done.stderr) == (2, True)


def test_bad_input_with_json_is_one_object(repo: Path) -> None:
    done = cli("run", "--instruction", "x", "--profile", "none", "--json", cwd=repo)
    said = json.loads(done.stdout)
    assert (said["status"], said["exit_code"], said["error_category"]) == ("usage", 2, "config")
    assert json.loads(cli("recipe", "show", "none", "--json", cwd=repo).stdout)["exit_code"] == 2


def test_a_server_that_is_down_is_a_network_failure(repo: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    done = cli("run", "--instruction", "x", "--provider", "llamacpp", "--base-url", url, "--json", cwd=repo)
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"], said["error_category"]) == (3, "tool_failed", "network")
    health = cli("tool", "health", "--base-url", url, "--json", cwd=repo)
    told = json.loads(health.stdout)
    assert (health.returncode, told["status"], told["error_category"]) == (3, "unreachable", "network")


def test_the_task_file_is_read_and_its_errors_name_line_and_key(repo: Path, answer: str, tmp_path: Path) -> None:
    task = tmp_path / "task.md"
    task.write_text('+++\nid = "first"\nfiles = ["a.txt"]\n+++\nChange one to 1.\n')
    done = cli("run", "--task", str(task), "--answer", answer, "--json", cwd=repo)
    assert json.loads(done.stdout)["status"] == "committed"
    task.write_text('+++\nid = "first"\nfile = ["a.txt"]\n+++\nChange one to 1.\n')
    done = cli("run", "--task", str(task), "--answer", answer, cwd=repo)
    assert done.returncode == 2
    assert f"{task}:3: unknown key 'file'" in done.stderr


def test_verify_judges_what_is_staged(repo: Path) -> None:
    (repo / "a.txt").write_text("two\n")
    git(repo, "add", "-A")
    assert cli("verify", "--staged", cwd=repo).returncode == 0
    (repo / ".github").mkdir()
    (repo / ".github/x.yml").write_text("a: 1\n")
    git(repo, "add", "-A")
    refused = cli("verify", "--staged", cwd=repo, env={"PRE_COMMIT": "1"})
    assert refused.returncode == 1
    assert "[protected.place]" in refused.stderr
    # Where no list is there yet, one without `**` would close everything else.
    assert "write allowed_paths = ['**', '.github/x.yml'] in agentos.toml." in " ".join(refused.stderr.split())
    assert refused.stderr.endswith("Once without this hook: SKIP=agentos-verify git commit\n")
    git(repo, "commit", "-qm", "x")
    assert cli("verify", "--range", "HEAD^..HEAD", cwd=repo).returncode == 1
    assert json.loads(cli("verify", "--range", "HEAD^..HEAD", "--json", cwd=repo).stdout)["is_valid"] is False


def test_the_repair_of_a_policy_that_cannot_be_read_has_a_way_in(repo: Path) -> None:
    (repo / "agentos.toml").write_text("[limts]\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "a slip")
    done = cli("verify", "--staged", cwd=repo)
    assert done.returncode == 2
    assert "'limts'" in done.stderr
    assert "The commit that repairs it: SKIP=agentos-verify git commit\n" in done.stderr


def test_evidence_of_a_run_verifies_and_a_changed_byte_does_not(repo: Path, answer: str) -> None:
    said = json.loads(cli("run", "--instruction", "x", "--answer", answer, "--json", cwd=repo).stdout)
    good = cli("evidence", "verify", said["evidence"], "--json", cwd=repo)
    (bundle,) = json.loads(good.stdout)["bundles"]
    assert (good.returncode, bundle["valid"], bundle["commit_checked"]) == (0, True, "yes")
    diff = Path(said["evidence"], "patch/canonical.diff")
    diff.write_bytes(diff.read_bytes().replace(b"+1", b"+2"))
    bad = cli("evidence", "verify", said["evidence"], cwd=repo)
    assert bad.returncode == 1
    assert "NOT VALID" in bad.stderr


def test_git_variables_of_a_hook_do_not_lead_elsewhere(repo: Path, answer: str, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", {"z.txt": "z\n"})
    env = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}
    done = cli("run", "--instruction", "x", "--answer", answer, "--json", cwd=repo, env=env)
    assert json.loads(done.stdout)["status"] == "committed"
    assert git(other, "log", "--oneline").count("\n") == 1


def test_help_loads_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys; from agentos_action.entry.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'httpx', 'pygit2', 'pydantic', 'rich', 'unidiff', 'psutil'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
