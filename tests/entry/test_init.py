"""`agentos init`: what it writes is taken by those who read it, nothing is overwritten, and a person is asked."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentos_action.entry.commands.init import wanted
from agentos_action.entry.start.source import Source, given, of_clone
from agentos_action.errors import UsageError
from agentos_action.sidecar.launch import Sidecar
from agentos_action.sidecar.models import Model
from agentos_action.tasks import dispatch
from agentos_action.tasks.form import read_form
from tests.git import commit_all, git, init_repo, write_files
from tests.runs import CLI, cli

BIN, ROOT = Path(sys.executable).parent, Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SOURCE = f"octo/agentos-action@{COMMIT}"
OPENAI = ("--provider", "openai", "--model", "gpt-x")
WORKFLOW, FORM, HOOKS = ".github/workflows/agentos.yml", ".github/ISSUE_TEMPLATE/agentos.yml", ".pre-commit-config.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return init_repo(tmp_path / "repo")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which nothing is configured, installed or answers."""
    cache = str(tmp_path / "cache")
    return {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": cache, "OLLAMA_HOST": "127.0.0.1:9", "NO_COLOR": "1"}


def passes(*argv: str | Path, cwd: Path) -> None:
    done = subprocess.run([BIN / argv[0], *argv[1:]], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def init(repo: Path, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = cli("init", "--json", *arguments, cwd=repo, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_everything_written_passes_the_checks_of_those_who_read_it(tmp_path: Path, env: dict[str, str]) -> None:
    models = [["embedded"], ["anthropic", "--model", "claude-x"], ["llamacpp:box"]]
    repos = [init_repo(tmp_path / model[0].partition(":")[0]) for model in models]
    for repo, model in zip(repos, models, strict=True):
        told = init(repo, env, "--all", "--issue-form", "--source", SOURCE, "--provider", *model)
        assert told["written"] == ["agentos.toml", WORKFLOW, HOOKS, FORM]
        assert told["left"] == []
        passes("agentos", "check", cwd=repo)
        check_workflow(yaml.safe_load((repo / WORKFLOW).read_text(encoding="utf-8")))
        check_hooks(yaml.safe_load((repo / HOOKS).read_text(encoding="utf-8")))
    workflows = [repo / WORKFLOW for repo in repos]
    assert len({file.read_text(encoding="utf-8") for file in workflows}) == 3
    passes("pre-commit", "validate-config", *(repo / HOOKS for repo in repos), cwd=tmp_path)
    passes("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows, cwd=tmp_path)
    forms = [repo / FORM for repo in repos]
    passes("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *forms, cwd=tmp_path)
    passes("zizmor", "--offline", "--no-progress", "--persona", "pedantic", *workflows, cwd=tmp_path)


def check_workflow(workflow: dict[Any, Any]) -> None:
    """Assert that the action knows what the workflow says to it, by inputs and by the event."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = next(iter(workflow["jobs"].values()))["steps"][-1]
    assert step["uses"] == SOURCE
    assert set(step["with"]) <= set(action["inputs"])
    assert step["with"]["delivery"] == "pull-request"
    asked = workflow[True]["workflow_dispatch"] or {"inputs": {}}  # `on` is a truth value in YAML
    assert set(asked["inputs"]) <= {*dispatch.KEYS, "files"}


def check_hooks(config: dict[str, Any]) -> None:
    """Assert that the hooks are ours, at the commit."""
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (config["repos"][0]["repo"], config["repos"][0]["rev"]) == ("https://github.com/octo/agentos-action", COMMIT)
    assert {hook["id"] for hook in config["repos"][0]["hooks"]} <= {hook["id"] for hook in manifest}


def test_what_is_filled_into_the_form_is_understood(repo: Path, env: dict[str, str]) -> None:
    init(repo, env, "--issue-form")
    fields = yaml.safe_load((repo / FORM).read_text(encoding="utf-8"))["body"]
    answers = ["Rename it.", "a.py\nb c.py", "_No response_", "The help shows it."]
    labels = [field["attributes"]["label"] for field in fields]
    text = "\n\n".join(f"### {label}\n\n{said}" for label, said in zip(labels, answers, strict=True))
    assert read_form(text) == (
        "Rename it.\n\nHow to see that it is done:\nThe help shows it.",
        {"files": ("a.py", "b", "c.py")},
    )
    # What is shown as an example is what may be written there.
    shown = [field["attributes"].get("placeholder", "") for field in fields]
    text = "\n\n".join(f"### {label}\n\n{said}" for label, said in zip(labels, shown, strict=True))
    assert read_form(text)[1] == {"files": ("src/cli.py", "README.md"), "allowed_paths": ("src/**", "README.md")}


def test_what_was_written_before_a_file_that_cannot_be_is_told(repo: Path, env: dict[str, str]) -> None:
    write_files(repo, {".github": "somebody's file\n"})
    done = cli("init", "--all", "--source", SOURCE, *OPENAI, cwd=repo, env=env)
    assert done.returncode == 2
    assert f"{WORKFLOW} cannot be written" in done.stderr
    assert "Written before it, and whole: agentos.toml." in done.stderr
    assert sorted(path.name for path in repo.iterdir()) == [".git", ".github", "agentos.toml"]


def test_a_second_time_nothing_is_touched(repo: Path, env: dict[str, str]) -> None:
    init(repo, env, "--all", "--source", SOURCE, *OPENAI)
    files = {name: (repo / name).read_bytes() for name in ("agentos.toml", WORKFLOW, HOOKS, FORM)}
    told = init(repo, env, "--yes", "--source", SOURCE, "--provider", "llamacpp")
    assert (told["written"], len(told["left"]), told["next"]) == ([], 4, [])
    assert {name: (repo / name).read_bytes() for name in files} == files
    # A second [model] would be no TOML.
    assert (told["left"][0]["by_hand"], "[model] of its own" in told["left"][0]["why"]) == ("", True)
    write_files(repo, {"agentos.toml": "[limits]\nmax_files = 3\n"})
    told = init(repo, env, "--policy", "--provider", "llamacpp")
    assert told["left"][0]["by_hand"] == '[model]\nprovider = "llamacpp"'


def test_without_a_known_source_hooks_are_those_of_this_machine(repo: Path, env: dict[str, str]) -> None:
    # This installation is a clone, which may have an origin or none.
    known = of_clone(Path(__file__).parents[2]) is not None
    told = init(repo, env, "--workflow", "--hook", "--policy")
    assert (WORKFLOW in told["written"]) is known
    passes("pre-commit", "validate-config", HOOKS, cwd=repo)
    config = yaml.safe_load((repo / HOOKS).read_text(encoding="utf-8"))
    assert (config["repos"][0]["repo"] == "local") is not known
    # In other stages there may be nothing staged, or no MERGE_HEAD yet.
    assert known or all(hook["stages"] == ["pre-commit"] for hook in config["repos"][0]["hooks"])
    assert told["model"]["provider"] == "embedded"
    assert "agentos model install smollm2-135m" in told["next"]


def test_the_commands_that_come_next_can_be_copied(repo: Path, env: dict[str, str]) -> None:
    below = repo / "be low"
    below.mkdir()
    init(below, env, "--hook", "--source", SOURCE, "--provider", "ollama")
    # The hook that is there by now would refuse the policy.
    told = init(below, env, "--policy", "--provider", "ollama")
    assert told["next"][:2] == [
        f"cd {repo}",
        'git add agentos.toml && SKIP=agentos-verify git commit -m "Add AgentOS"',
    ]
    # Here pre-commit is installed, there it is not.
    for path, first in ((f"{BIN}{os.pathsep}{os.environ['PATH']}", []), (str(below), ["pip install pre-commit"])):
        there = init_repo(repo.parent / f"hooks{len(first)}")
        steps = init(there, env | {"PATH": path}, "--hook", "--source", SOURCE, "--provider", "ollama")["next"]
        assert steps[1:-1] == [*first, "pre-commit install"]
    assert "SKIP" not in init(init_repo(repo.parent / "new"), env, "--policy", "--provider", "ollama")["next"][0]


def test_an_issue_form_is_not_written_where_nothing_would_read_it(repo: Path, env: dict[str, str]) -> None:
    told = init(repo, env, "--all", "--provider", "embedded", "--source", SOURCE)
    assert [row["file"] for row in told["left"]] == [FORM]


def test_a_dry_run_writes_nothing(repo: Path, env: dict[str, str]) -> None:
    told = init(repo, env, "--all", "--dry-run", "--source", SOURCE, *OPENAI)
    assert len(told["written"]) == 4
    assert sorted(path.name for path in repo.iterdir()) == [".git"]


def test_an_entry_is_added_to_hooks_that_are_there(repo: Path, env: dict[str, str]) -> None:
    own = "repos:\n- repo: local\n  hooks:\n  - {id: x, name: x, entry: x, language: system}\nfail_fast: true\n"
    write_files(repo, {HOOKS: own})
    (repo / HOOKS).chmod(0o600)
    init(repo, env, "--hook", "--source", SOURCE)
    text = (repo / HOOKS).read_text(encoding="utf-8")
    passes("pre-commit", "validate-config", HOOKS, cwd=repo)
    assert text.startswith(own.removesuffix("fail_fast: true\n"))
    assert text.endswith("\nfail_fast: true\n")
    assert (repo / HOOKS).stat().st_mode & 0o777 == 0o600
    write_files(repo, {HOOKS: "repos: []\n"})
    done = cli("init", "--hook", "--source", SOURCE, cwd=repo, env=env)
    assert (repo / HOOKS).read_text(encoding="utf-8") == "repos: []\n"
    assert f"    - repo: https://github.com/octo/agentos-action\n      rev: {COMMIT}" in done.stderr


def test_nothing_is_written_through_a_link(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repo / ".github").symlink_to(tmp_path / "elsewhere")
    (repo / "agentos.toml").symlink_to("nowhere")
    told = init(repo, env, "--all", "--source", SOURCE, *OPENAI)
    assert told["written"] == [HOOKS]
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert ".github is a symbolic link" in {row["why"] for row in told["left"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nobody is here to be asked"),
        (["--all", "--provider", "nobody"], "there is no provider 'nobody'"),
        (["--all", "--provider", "scripted"], "there is no provider 'scripted'"),
        (["--all", "--model", "x"], "no provider"),
        (["--all", "--provider", "openai"], "no model of openai is named"),
        (["--all", "--provider", "ollama", "--model", 'x"\ny'], "cannot be written"),
        (["--all", "--source", "octo/agentos-action@main"], "names no commit"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(
    repo: Path, env: dict[str, str], arguments: list[str], said: str
) -> None:
    done = cli("init", *arguments, cwd=repo, env=env)
    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(path.name for path in repo.iterdir()) == [".git"]


@pytest.mark.model
def test_the_model_is_one_that_answers_here(
    repo: Path, env: dict[str, str], tmp_path: Path, llama: Sidecar, embedded_model: Model
) -> None:
    profile = {"provider": "llamacpp", "name": "box", "base_url": llama.base_url, "api_key_ref": "env:BOX_KEY"}
    write_files(tmp_path / "home/.agentos/profiles", {"box.json": json.dumps(profile)})
    env |= {"BOX_KEY": llama.api_key, "XDG_STATE_HOME": str(tmp_path / "state")}
    digest = ("--sha256", embedded_model.sha256)
    installed = cli("model", "install", str(embedded_model.path), *digest, "--name", "own", cwd=repo, env=env)
    assert installed.returncode == 0, installed.stderr
    sidecar = json.loads(
        cli("sidecar", "start", "--model", "own", "--threads", "1", "--json", cwd=repo, env=env).stdout
    )
    try:
        told = init(repo, env, "--policy")
    finally:
        assert cli("sidecar", "stop", cwd=repo, env=env).returncode == 0
    assert [one["provider"] for one in told["found"]] == ["llamacpp:box", "llamacpp", "embedded"]
    assert told["found"][1]["details"] == f"the sidecar with own, at {sidecar['base_url']}"
    assert (repo / "agentos.toml").read_text(encoding="utf-8").endswith('[model]\nprovider = "llamacpp:box"\n')


def test_at_a_terminal_a_person_is_asked(repo: Path, env: dict[str, str]) -> None:
    person, terminal = pty.openpty()
    try:
        outer = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        with subprocess.Popen(
            [*CLI, "init", "--source", SOURCE], cwd=repo, env={**outer, **env}, stdin=terminal, stderr=terminal
        ) as asked:
            # What is neither yes nor no is asked again.
            os.write(person, b"\nno\nja\nY\nn\n")
            assert asked.wait(60) == 0
    finally:
        os.close(terminal)
        os.close(person)
    assert sorted(path.name for path in repo.iterdir()) == [".git", HOOKS, "agentos.toml"]


@pytest.mark.parametrize(("came", "asked"), [(None, 3), (Source("octo/agentos-action", COMMIT), 4)])
def test_nobody_is_asked_for_what_cannot_be_written(
    came: Source | None, asked: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * asked))
    names = wanted(came, asks=True, asked=[], everything=False)
    assert ("workflow" in names, len(names)) == (came is not None, asked)
    said = capsys.readouterr().err
    assert said.count(WORKFLOW) == 1
    assert ("is not known: give --source OWNER/REPO@COMMIT\n" in said) == (came is None)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://github.com/octo/agentos-action.git", "https://github.com/octo/agentos-action"),
        ("https://x:secret@git.example.org/octo/agentos-action", "https://git.example.org/octo/agentos-action"),
        ("git@github.com:octo/agentos-action.git", "https://github.com/octo/agentos-action"),
        ("ssh://git@github.com/octo/agentos-action", "https://github.com/octo/agentos-action"),
        ("/srv/git/agentos-action", None),
        ("https://github.com/octo/deep/agentos-action", None),
        ("https://[", None),
    ],
)
def test_a_clone_knows_where_it_came_from(repo: Path, url: str, wanted: str | None) -> None:
    write_files(repo, {"a": ""})
    commit = commit_all(repo)
    assert of_clone(repo) is None
    git(repo, "remote", "add", "origin", url)
    found = of_clone(repo)
    assert (found.url if found else None) == wanted
    assert found is None or found.action == f"octo/agentos-action@{commit}"
    assert of_clone(repo / "below") is None


def test_a_source_is_a_commit() -> None:
    assert given(SOURCE) == Source("octo/agentos-action", COMMIT)
    with pytest.raises(UsageError):
        given("octo/agentos-action@v1")
