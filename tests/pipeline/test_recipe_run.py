"""A recipe along the corridor: scripted answers for exactness, the real small model for truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.run import ModelWish
from agentos_action.sidecar import models
from agentos_action.sidecar.launch import Sidecar
from tests.git import git, make_repo
from tests.runs import scripted, state_of, tape_of

SOURCE = """def mean(values):
    return sum(values) / len(values)


def done():
    '''Return True.'''
    return True
"""


def lines(*answers: str) -> str:
    return "".join(json.dumps({"answer": answer}) + "\n" for answer in answers)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {"m.py": SOURCE, "n.py": "def area(width, height):\n    return width * height\n", "bad.py": "def (:\n"}
    return make_repo(tmp_path / "repo", files)


def test_every_place_is_filled_and_committed(repo: Path, tmp_path: Path) -> None:
    answers = lines("Return the mean of the values.", "Return the area of a width and height.")
    report = scripted(repo, tmp_path, answers, recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert report.status == "committed", report.message
    assert report.placed == ("m.py::mean", "n.py::area")
    assert '    """Return the mean of the values."""\n' in git(repo, "show", "HEAD:m.py")
    assert "bad.py" in [alone.path for alone in report.left]
    assert git(repo, "log", "-1", "--format=%s") == "Fill 2 places in 2 files (docstrings)\n"
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_nothing_to_fill_asks_no_model(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "full", {"m.py": '"""A."""\n\n\ndef f():\n    """Return 1."""\n    return 1\n'})
    report = scripted(repo, tmp_path, "", recipe="docstrings", instruction=None)
    assert (report.status, report.exit_code) == ("no_change", 0)
    assert [line["event"] for line in tape_of(report)] == ["run_started", "task_loaded", "run_finished"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("max_model_calls = 1", "limits.max_model_calls is 1"),
        ("max_files = 1", "limits.max_files is 1"),
        ("max_hunks = 1", "allow 1 places"),
    ],
)
def test_a_limit_stops_and_says_what_is_left(repo: Path, tmp_path: Path, limits: str, said: str) -> None:
    (repo / "agentos.toml").write_text(f"[limits]\n{limits}\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "policy")
    answers = lines("Return the mean of the values.", "Return the area of a width and height.")
    report = scripted(repo, tmp_path, answers, recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert (report.status, report.placed) == ("committed", ("m.py::mean",))
    later = [alone for alone in report.left if alone.place_id == "n.py::area"]
    assert len(later) == 1
    assert said in later[0].reason


def test_a_forbidden_file_is_not_even_asked_about(repo: Path, tmp_path: Path) -> None:
    (repo / "agentos.toml").write_text("allowed_paths = ['n.py']\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "policy")
    answers = lines("Return the area of a width and height.")
    report = scripted(repo, tmp_path, answers, recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert report.placed == ("n.py::area",)


def test_an_unknown_recipe_lists_those_there_are(repo: Path, tmp_path: Path) -> None:
    for name, files in (("poems", ()), ("two words", ("m.py",))):
        report = scripted(repo, tmp_path, "", recipe=name, instruction=None, files=files)
        assert (report.status, report.exit_code) == ("usage", 2)
        assert "docstrings" in report.hint


def test_the_work_tree_target_changes_files_and_neither_index_nor_refs(repo: Path, tmp_path: Path) -> None:
    before = state_of(repo)
    answers = lines("Return the mean of the values.")
    report = scripted(
        repo,
        tmp_path,
        answers,
        recipe="docstrings",
        instruction=None,
        answer_name="a.jsonl",
        files=("m.py",),
        target="worktree",
    )
    assert (report.status, report.exit_code) == ("applied", 0)
    changed = {name for name, digest in state_of(repo).items() if before.get(name) != digest}
    assert changed == {"m.py"}


def test_what_was_filled_before_the_model_went_away_is_kept(repo: Path, tmp_path: Path) -> None:
    answers = lines("Return the mean of the values.")
    report = scripted(repo, tmp_path, answers, recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert (report.status, report.placed) == ("committed", ("m.py::mean",))
    assert any(alone.reason.startswith("left for the next run") for alone in report.left)
    completed = next(line for line in tape_of(report) if line["event"] == "tool_dispatch_completed")
    assert completed["stopped_early"] == "out_of_answers"


def test_a_recipe_whose_first_question_fails_is_a_failure(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, "", recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert (report.status, report.exit_code) == ("tool_failed", 3)


def test_a_recipe_beside_an_instruction_is_refused(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, "", recipe="docstrings", instruction="Add Austria")
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "--instruction and --recipe" in report.message


@pytest.mark.model
@pytest.mark.usefixtures("embedded_model")
def test_the_embedded_model_fills_places_and_its_server_ends(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, "", recipe="docstrings", instruction=None, embedded=True, flags=ModelWish())
    assert report.status == "committed", report.message
    assert report.model_id == "smollm2-135m"
    assert set(report.placed) == {"m.py::mean", "n.py::area"}
    assert (report.usage.cached_tokens or 0) > 0
    compile(git(repo, "show", "HEAD:m.py"), "m.py", "exec")
    assert verify_bundle(Path(report.evidence or "")).problems == ()


@pytest.mark.model
def test_a_real_server_that_runs_already_is_used(repo: Path, tmp_path: Path, llama: Sidecar) -> None:
    flags = ModelWish(provider="llamacpp", base_url=llama.base_url)
    keys = {"LLAMACPP_API_KEY": llama.api_key}
    report = scripted(
        repo, tmp_path, "", recipe="docstrings", instruction=None, flags=flags, api_keys=keys, secrets=(llama.api_key,)
    )
    assert report.status == "committed", report.message
    dispatched = next(line for line in tape_of(report) if line["event"] == "tool_dispatch_completed")
    assert dispatched["endpoint"] == llama.base_url.removeprefix("http://")


@pytest.mark.model
def test_a_free_task_with_a_real_model_ends_in_a_documented_status(
    repo: Path, tmp_path: Path, llama: Sidecar, embedded_model: models.Model
) -> None:
    flags = ModelWish(provider="llamacpp", base_url=llama.base_url, model=embedded_model.name)
    report = scripted(
        repo,
        tmp_path,
        "",
        instruction="Rename the parameter values to numbers in n.py",
        edit_format="structured",
        flags=flags,
        api_keys={"LLAMACPP_API_KEY": llama.api_key},
        timeout=60.0,
    )
    assert report.status in {"committed", "rejected", "no_change", "tool_failed"}
    built = next(line for line in tape_of(report) if line["event"] == "context_built")
    assert (built["how"], built["files"], built["counted"]) == ("mentioned", ["n.py"], True)
    assert built["context_tokens"] == llama.context_tokens


@pytest.mark.model
def test_a_prompt_that_does_not_fit_says_by_how_much(repo: Path, tmp_path: Path, llama: Sidecar) -> None:
    (repo / "long.txt").write_text("lorem ipsum dolor sit amet\n" * 2000)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "long")
    flags = ModelWish(provider="llamacpp", base_url=llama.base_url)
    keys = {"LLAMACPP_API_KEY": llama.api_key}
    report = scripted(repo, tmp_path, "", instruction="Shorten long.txt", flags=flags, api_keys=keys)
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "too many" in report.message
    assert f"holds {llama.context_tokens:,}" in report.message
