"""What a command does not import: a hook runs at every commit, and each module costs it milliseconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git import git, make_repo
from tests.runs import diff_answer

PROBE = (
    "import sys\nfrom agentos_action.entry.cli import main\ncode = main(sys.argv[2:])\n"
    "print('loaded:', *sorted(set(sys.argv[1].split()) & set(sys.modules)), file=sys.stderr)\nsys.exit(code)"
)
#: What says of this process who reads along.
READERS = {"FORCE_COLOR", "TTY_COMPATIBLE", "GITHUB_ACTIONS"}
HEAVY = "html rich httpx psutil platformdirs detect_secrets confusable_homoglyphs agentos_action.executor.commit"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n"})


def probed(repo: Path, heavy: str, *arguments: str, **environment: str) -> tuple[int, list[str], str]:
    """Return the exit code, which of these modules were loaded, and all of stderr."""
    kept = {name: value for name, value in os.environ.items() if name not in READERS}
    command = [sys.executable, "-c", PROBE, heavy, *arguments]
    env = {**kept, **environment}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=repo, env=env)
    return done.returncode, done.stderr.splitlines()[-1].split()[1:], done.stderr


HOOK = (
    f"{HEAVY} difflib pydantic pydantic_core annotated_types agentos_action.records.run agentos_action.records.receipt"
)


def test_a_hook_that_finds_nothing_loads_nothing_it_does_not_use(repo: Path) -> None:
    (repo / "a.txt").write_text("two\n")
    git(repo, "add", "-A")
    code, loaded, said = probed(repo, f"{HOOK} tomllib pathspec", "verify", "--staged")
    assert (code, loaded) == (0, [])
    assert "agentos verify: accepted (1 file, +1 -1, policy built-in)" in said


def test_a_hook_reads_no_certificates(repo: Path) -> None:
    (repo / "a.txt").write_text("two\n")
    git(repo, "add", "-A")
    code = (
        "import os\nfrom agentos_action.entry.cli import main\nassert main(['verify', '--staged']) == 0\n"
        "import pygit2\nprint(pygit2.settings.ssl_cert_file, os.environ['SSL_CERT_FILE'], 'SSL_CERT_DIR' in os.environ)"
    )
    mine = {name: value for name, value in os.environ.items() if name != "SSL_CERT_DIR"} | {"SSL_CERT_FILE": "/mine"}
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, env=mine, capture_output=True, text=True, check=True)
    assert done.stdout == "None /mine False\n"


def test_a_hook_reads_a_policy_without_the_records_of_pydantic(repo: Path) -> None:
    every = 'allowed_paths = ["**"]\n[limits]\nmax_files = 3\n[trust]\nusers = ["ada"]\n[checks]\ntimeout_seconds = 9\n'
    (repo / "agentos.toml").write_text(every)
    git(repo, "add", "-A")
    git(repo, "commit", "-m", "policy")
    (repo / "a.txt").write_text("two\n")
    git(repo, "add", "-A")
    code, loaded, said = probed(repo, f"{HOOK} pathspec", "verify", "--staged")
    assert (code, loaded) == (0, [])
    assert "policy agentos.toml@" in said
    (repo / "agentos.toml").write_text("[limits]\nmax_files = 'many'\n")
    git(repo, "commit", "-am", "a wrong one")
    (repo / "a.txt").write_text("three\n")
    git(repo, "add", "-A")
    code, loaded, said = probed(repo, HOOK, "verify", "--staged")
    assert (code, loaded) == (2, [])
    assert ":2: key 'limits.max_files': Input should be a valid integer" in said


def test_a_hook_tells_findings_as_json_without_them_too(repo: Path) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/x.yml").write_text("a: 1\n")
    git(repo, "add", "-A")
    code, loaded, _ = probed(repo, HOOK, "verify", "--staged", "--json")
    assert (code, loaded) == (1, [])


def test_findings_on_a_pipe_need_no_rich_and_read_the_same(repo: Path) -> None:
    (repo / ".github").mkdir()
    (repo / ".github/x.yml").write_text("a: 1\n")
    git(repo, "add", "-A")
    code, loaded, said = probed(repo, HEAVY, "verify", "--staged")
    assert (code, loaded) == (1, [])
    assert "error [protected.place] .github/x.yml\n  " in said
    code, loaded, coloured = probed(repo, HEAVY, "verify", "--staged", FORCE_COLOR="1", COLUMNS="100", TERM="xterm")
    assert (code, loaded) == (1, ["rich"])
    assert "\x1b[31merror\x1b[0m [protected.place] .github/x.yml" in coloured
    # The same words: without colours they are the plain lines.
    _, _, bare = probed(repo, HEAVY, "verify", "--staged", FORCE_COLOR="1", COLUMNS="100", TERM="xterm", NO_COLOR="1")
    assert bare.split()[:-2] == said.split()[:-1]


def test_a_scripted_run_without_a_token_in_sight_loads_no_detectors(repo: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer.md"
    answer.write_text(diff_answer("a.txt", "one", "1"))
    arguments = ("run", "--instruction", "x", "--answer", str(answer), "--json")
    code, loaded, _ = probed(repo, "rich httpx psutil detect_secrets", *arguments)
    assert (code, loaded) == (0, [])
