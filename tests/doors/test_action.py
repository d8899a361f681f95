"""The action under the real runner tool, with the real small model and with a server that says what no model should."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from agentos_action import __version__
from agentos_action.evidence.verify import verify_bundle
from agentos_action.sidecar.models import Model
from tests.adapters.faulty import CHAT, FaultyServer, chunk, reply, sse, stream
from tests.doors.runner import WorkflowRun, run_workflow
from tests.doors.test_summary import Page, assert_harmless
from tests.doors.tree import copy_of_this_tree
from tests.git import commit_all, git, init_repo, write_files

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("action")]

FORGED = (
    "::error::forged",
    "   ::set-output name=status::committed",
    "##[command]forged",
    "::stop-commands::pause",
    "</details><script>alert(1)</script>",
    "```",
    "````",
)
HOSTILE = "--- a/notes.txt\n+++ b/notes.txt\n@@ -1 +1,8 @@\n one\n" + "".join(f"+{line}\n" for line in FORGED)
KEY = "correct-horse-battery-staple"
REFUSED = "--- /dev/null\n+++ b/.github/workflows/forged.yml\n@@ -0,0 +1 @@\n+::error::forged\n"

WORKFLOW = """on: push
permissions: {}
jobs:
  doors:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
      - id: docstrings
        uses: ./
        with:
          recipe: docstrings
          files: examples/textkit/textkit/numbers.py
          sidecar: embedded
          threads: 1
          branch: agentos/docstrings
      - id: refused
        uses: ./
        continue-on-error: true
        with:
          instruction: Add a workflow
          files: notes.txt
          provider: llamacpp
          base-url: ${{ env.REFUSED_URL }}
          evidence-name: refused-evidence
      - id: hostile
        uses: ./
        with:
          instruction: "::error::from the task</code></details><script>"
          files: notes.txt
          provider: llamacpp
          base-url: ${{ env.HOSTILE_URL }}
          dry-run: true
      - id: wrong
        uses: ./
        continue-on-error: true
        with:
          recipe: docstrings
          dry-run: perhaps
      - id: kept
        uses: ./
        with:
          recipe: docstrings
          files: tests/git.py
          sidecar: embedded
          upload-evidence: "false "
      - id: proposed
        uses: ./
        with:
          mode: propose
          instruction: Add a line
          files: notes.txt
          allowed-paths: |
            docs/**
            notes.txt
          forbidden-paths: "*.md"
          provider: llamacpp
          base-url: ${{ env.HOSTILE_URL }}
          api-key: ${{ env.MODEL_KEY }}
          evidence-retention-days: 3
          version: ${{ env.VERSION }}
      - run: mkdir "$RUNNER_TEMP/proposals" && mv "$PROPOSAL" "$RUNNER_TEMP/proposals/"
        env:
          PROPOSAL: ${{ steps.proposed.outputs.evidence-path }}
      - id: committed
        uses: ./
        with:
          mode: commit
          evidence: ${{ runner.temp }}/proposals
          branch: agentos/committed
      - id: outside
        uses: ./
        with:
          instruction: Add a line
          files: notes.txt
          allowed-paths: docs/**
          provider: llamacpp
          base-url: ${{ env.HOSTILE_URL }}
          fail-on: tool_failed, conflict
          upload-evidence: false
      - id: other
        uses: ./
        continue-on-error: true
        with:
          recipe: docstrings
          version: 99.0.0
      - id: old
        uses: ./
        continue-on-error: true
        with:
          recipe: docstrings
          python: ${{ env.OLD_PYTHON }}
      - if: always()
        run: |
          printf '%s' "$STEPS" > "$PROOF"
          git push --quiet "$BARE" agentos/docstrings agentos/committed
          "$AGENTOS" evidence verify "$EVIDENCE" --repo .
        env:
          STEPS: ${{ toJSON(steps) }}
          AGENTOS: ${{ steps.docstrings.outputs.agentos }}
          EVIDENCE: ${{ steps.committed.outputs.evidence-path }}
"""


@dataclass(frozen=True)
class Doors:
    """What is left of one run of the workflow: the runner's log, the steps as it knows them, uploads, a remote."""

    run: WorkflowRun
    steps: dict[str, Any]
    uploads: Path
    bare: Path
    base: str
    keys: tuple[str, ...]


def answers(server: FaultyServer, text: str) -> None:
    """Make a server answer every chat with this text, and have room for a prompt."""
    server.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
    server.at[CHAT] = stream(sse(chunk(None), chunk(text), chunk(..., "stop")))


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, embedded_model: Model) -> Doors:
    """Run the workflow once for all tests of this module; it takes about as long as one installation with pip."""
    assert embedded_model.name == "smollm2-135m"
    folder = tmp_path_factory.mktemp("action")
    repo = copy_of_this_tree(folder / "repo")
    for old in (repo / ".github/workflows").iterdir():
        old.unlink()
    # The repository at hand may hold modules with the names of ours and of those that we import.
    shadow = "raise SystemExit('a module of the checked-out repository was imported')\n"
    files = {"notes.txt": "one\n", "pydantic.py": shadow, "venv.py": shadow, "pip.py": shadow}
    write_files(repo, {".github/workflows/doors.yml": WORKFLOW, **files})
    base = commit_all(repo, "the workflow")
    (folder / "old python").symlink_to("/usr/bin/false")
    bare = init_repo(folder / "bare")
    with FaultyServer() as refused, FaultyServer() as hostile:
        answers(refused, REFUSED)
        answers(hostile, HOSTILE)
        environment = {
            "REFUSED_URL": refused.base_url,
            "HOSTILE_URL": hostile.base_url,
            "PROOF": str(folder / "steps.json"),
            "BARE": str(bare),
            "MODEL_KEY": KEY,
            "VERSION": f"v{__version__}",
            "OLD_PYTHON": str(folder / "old python"),
            "STAND_IN_UPLOADS": str(folder / "uploads"),
        }
        run = run_workflow(repo, folder, environment)
        keys = tuple(request.headers.get("authorization", "") for request in hostile.seen if request.path == CHAT)
    assert (folder / "steps.json").is_file(), f"{run.said}\n{run.lines}"
    steps = json.loads((folder / "steps.json").read_text(encoding="utf-8"))
    return Doors(run, steps, folder / "uploads", bare, base, keys)


def test_the_recipe_commits_on_its_branch_and_says_so(doors: Doors) -> None:
    step = doors.steps["docstrings"]
    assert step["outcome"] == "success", doors.run.output("docstrings")
    outputs = step["outputs"]
    assert {key: outputs[key] for key in ("status", "exit-code", "error-category", "branch")} == {
        "status": "committed",
        "exit-code": "0",
        "error-category": "",
        "branch": "agentos/docstrings",
    }
    assert git(doors.bare, "rev-parse", "agentos/docstrings", "agentos/docstrings^").split() == [
        outputs["commit"],
        doors.base,
    ]
    changed = git(doors.bare, "show", "--format=", "--unified=0", outputs["commit"])
    added = [line for line in changed.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert len(added) == 3
    assert all(line.startswith('+    """') for line in added)
    assert outputs["diff-path"] == f"{outputs['evidence-path']}/patch/canonical.diff"


def test_the_evidence_is_uploaded_whole(doors: Doors) -> None:
    outputs = doors.steps["docstrings"]["outputs"]
    folder = doors.uploads / f"agentos-evidence-{outputs['run-id']}"
    checked = verify_bundle(folder)
    assert not checked.problems
    assert checked.commit == outputs["commit"]
    assert (folder / "patch/canonical.diff").read_text().startswith("diff --git a/examples/textkit/textkit/numbers.py")


def test_the_summary_shows_what_was_done(doors: Doors) -> None:
    text = doors.run.summary("docstrings")
    for said in ("## AgentOS: committed", "smollm2&#45;135m", "```diff\n", "inches_to_centimeters", "prompt"):
        assert said in text, said


def test_a_refusal_fails_the_step_and_is_uploaded_all_the_same(doors: Doors) -> None:
    step = doors.steps["refused"]
    assert step["outcome"] == "failure"
    assert (step["outputs"]["status"], step["outputs"]["exit-code"]) == ("rejected", "1"), doors.run.output("refused")
    assert (step["outputs"]["commit"], step["outputs"]["branch"]) == ("", "")
    assert not verify_bundle(doors.uploads / "refused-evidence").problems
    errors = [line for line in doors.run.commands("refused") if line["command"] == "error"]
    assert [(line["kvPairs"]["file"], line["kvPairs"]["title"]) for line in errors] == [
        (".github/workflows/forged.yml", "agentos: protected.place")
    ]
    assert "| error | <code>protected&#46;place</code>" in doors.run.summary("refused")


def test_what_a_model_writes_is_never_a_command(doors: Doors) -> None:
    assert doors.steps["hostile"]["outputs"]["status"] == "dry_run", doors.run.output("hostile")
    taken = [line["command"] for line in doors.run.commands("hostile")]
    assert taken[0] == "stop-commands"
    token = doors.run.commands("hostile")[0]["arg"]
    assert taken[1:] == [token]
    before, _, rest = doors.run.output("hostile").partition(f"::stop-commands::{token}\n")
    inside, end, after = rest.partition(f"\n::{token}::\n")
    assert end
    assert all(f"+{line}" in inside for line in FORGED)
    assert "forged" not in before + after
    assert "from the task" not in before + after


def test_what_a_model_writes_does_not_break_the_summary(doors: Doors) -> None:
    text, _, link = doors.run.summary("hostile").partition("[Evidence of this run](")
    assert link.partition("\n")[0] == f"{doors.steps['hostile']['outputs']['evidence-url']})"
    read = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert_harmless(read)
    assert all(f"+{line}" in read.text for line in FORGED)
    assert "::error::from the task</code></details><script>" in read.text


def test_a_wrong_input_is_named_and_nothing_runs(doors: Doors) -> None:
    step = doors.steps["wrong"]
    assert step["outcome"] == "failure"
    assert {key: step["outputs"][key] for key in ("status", "exit-code", "evidence-path")} == {
        "status": "usage",
        "exit-code": "2",
        "evidence-path": "",
    }
    errors = [line["arg"] for line in doors.run.commands("wrong") if line["command"] == "error"]
    assert errors == ["the input dry-run is 'perhaps'\nWrite true or false."]


def test_a_run_without_work_is_neutral_and_keeps_its_evidence_where_told(doors: Doors) -> None:
    outputs = doors.steps["kept"]["outputs"]
    assert (outputs["status"], outputs["exit-code"]) == ("no_change", "0")
    assert len(list(doors.uploads.iterdir())) == 5
    assert doors.steps["docstrings"]["outputs"]["evidence-url"] in doors.run.summary("docstrings")
    assert "not uploaded by this step" in doors.run.summary("kept")


def test_a_proposal_is_committed_by_a_step_that_asks_nobody(doors: Doors) -> None:
    proposed, committed = doors.steps["proposed"]["outputs"], doors.steps["committed"]["outputs"]
    assert (proposed["status"], proposed["commit"]) == ("dry_run", ""), doors.run.output("proposed")
    assert (committed["status"], committed["tokens"]) == ("committed", ""), doors.run.output("committed")
    assert git(doors.bare, "rev-parse", "agentos/committed").strip() == committed["commit"]
    added = git(doors.bare, "show", "--format=", "--unified=0", committed["commit"]).splitlines()
    assert all(f"+{line}" in added for line in FORGED)
    assert proposed["run-id"] in doors.run.summary("committed").replace("&#45;", "-")


def test_the_key_reaches_the_model_and_is_told_to_nobody_else(doors: Doors) -> None:
    assert [key for key in doors.keys if key] == [f"Bearer {KEY}"]
    assert KEY not in "".join(doors.run.output(step) + doors.run.summary(step) for step in doors.steps)
    assert not [file for file in doors.uploads.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]


def test_a_refusal_that_may_be_is_a_warning_and_still_told(doors: Doors) -> None:
    step = doors.steps["outside"]
    assert step["outcome"] == "success", doors.run.output("outside")
    assert (step["outputs"]["status"], step["outputs"]["exit-code"]) == ("rejected", "1")
    told = {line["command"]: line.get("kvPairs", {}).get("title") for line in doors.run.commands("outside")}
    assert told["warning"] == "agentos: paths.not-allowed"
    assert "error" not in told


def test_another_version_is_refused_before_anything_is_done(doors: Doors) -> None:
    step = doors.steps["other"]
    assert (step["outcome"], step["outputs"]["status"]) == ("failure", "usage")
    assert "the input version is '99.0.0'" in doors.run.output("other")


def test_what_fails_before_there_is_a_run_says_so_in_the_outputs_too(doors: Doors) -> None:
    step = doors.steps["old"]
    told = {name: value for name, value in step["outputs"].items() if value}
    assert step["outcome"] == "failure"
    assert told == {"status": "usage", "exit-code": "2", "error-category": "config"}
    errors = [line["arg"] for line in doors.run.commands("old") if line["command"] == "error"]
    assert errors == [
        "The input python does not name a Python of 3.11 or newer. actions/setup-python gives one.",
    ]


def test_all_steps_share_two_environments_with_and_without_the_embedded_model(doors: Doors) -> None:
    commands = {step["outputs"]["agentos"] for step in doors.steps.values() if step["outputs"].get("agentos")}
    assert len(commands) == 2
