"""The executable bit in an answer: read, rendered as git writes it, taken by git, refused by the rule or committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.patches.parse import to_patch
from agentos_action.patches.resolve import resolve
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, FileChange
from tests.bases import Files
from tests.git import commit_all, git, git_run, make_repo
from tests.runs import scripted

FILES = {"run.sh": "echo\n", "tool": "one\ntwo\n", "a.txt": "x\n"}
MODES = {"tool": MODE_EXEC}
SET = "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n"
NEW = "diff --git a/n.sh b/n.sh\nnew file mode 100755\n--- /dev/null\n+++ b/n.sh\n@@ -0,0 +1 @@\n+echo\n"
TAKEN = (
    "diff --git a/tool b/tool\nold mode 100755\nnew mode 100644\n--- a/tool\n+++ b/tool\n"
    "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
)
EMPTY = "diff --git a/e.sh b/e.sh\nnew file mode 100755\n"
RENAMED = (
    "diff --git a/run.sh b/go.sh\nold mode 100644\nnew mode 100755\nsimilarity index 100%\n"
    "rename from run.sh\nrename to go.sh\n"
)
ANSWERS = {"set": SET, "new": NEW, "taken": TAKEN, "empty": EMPTY, "renamed": RENAMED, "all": SET + TAKEN + NEW}
POLICY = "allow_exec_bit = true\n"


def read(answer: str) -> tuple[FileChange, ...]:
    """Return the changes of an answer about FILES."""
    resolved = resolve(answer, "auto", Files(FILES, MODES), 10**6)
    assert resolved.findings == ()
    return resolved.changes


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository that holds FILES."""
    made = make_repo(tmp_path, FILES)
    (made / "tool").chmod(0o755)
    commit_all(made, "modes")
    return made


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("frame", ["{}", "Here:\n\n```diff\n{}```\n"])
def test_the_canonical_diff_makes_what_git_apply_makes_of_the_answer(answer: str, frame: str, repo: Path) -> None:
    patch = to_patch(read(frame.format(answer)))
    trees = []
    for text in (answer, patch.text):
        git(repo, "apply", "--index", "-", stdin=text.encode())
        trees.append(git(repo, "write-tree"))
        git(repo, "reset", "--quiet", "--hard")
    assert trees[0] == trees[1]
    assert [(file.old_mode, file.new_mode) for file in patch.files] == [
        (None, None) if change.old and change.new and change.old.mode == change.new.mode else _modes(change)
        for change in sorted(patch.changes, key=lambda change: change.path)
    ]
    assert read(patch.text) == patch.changes


def _modes(change: FileChange) -> tuple[int | None, int | None]:
    return (change.old.mode if change.old else None, change.new.mode if change.new else None)


@pytest.mark.parametrize(
    ("mode", "meant"), [("100755", MODE_EXEC), ("100775", MODE_EXEC), ("100664", MODE_FILE), ("100600", MODE_FILE)]
)
def test_a_mode_is_read_as_git_reads_it(mode: str, meant: int, repo: Path) -> None:
    answer = NEW.replace("100755", mode)
    (change,) = read(answer)
    assert change.new is not None
    assert change.new.mode == meant
    git(repo, "apply", "--index", "-", stdin=answer.encode())
    assert git(repo, "ls-files", "--stage", "n.sh").startswith(f"{meant:o} ")


@pytest.mark.parametrize(
    "answer",
    [
        SET.replace("100755", "120000"),
        SET.replace("100755", "160000"),
        SET.replace("100755", "040000"),
        SET.replace("100755", "000000"),
        NEW.replace("100755", "120000"),
        NEW.replace("100755", "104755"),
        RENAMED.replace("100755", "120000"),
    ],
)
def test_no_other_mode_is_read_at_all(answer: str) -> None:
    (finding,) = resolve(answer, "auto", Files(FILES, MODES), 10**6).findings
    assert finding.id == "patch.mode-change"


def test_the_mode_in_a_line_of_index_counts_for_a_new_file_only() -> None:
    new = NEW.replace("new file mode 100755", "index 0000000..1234567 100755")
    (change,) = read(new)
    assert change.new is not None
    assert change.new.mode == MODE_EXEC
    told = NEW.replace("100755\n", "100644\nindex 0000000..1234567 100755\n")
    (change,) = read(told)
    assert change.new is not None
    assert change.new.mode == MODE_FILE
    (change,) = read(
        "diff --git a/a.txt b/a.txt\nindex 0000000..1234567 100755\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-x\n+y\n"
    )
    assert change.new is not None
    assert change.new.mode == MODE_FILE


@pytest.mark.parametrize("mode", ["120000", "160000", "040000"])
def test_a_line_of_index_makes_no_link_of_a_new_file_and_no_file_of_a_link(mode: str) -> None:
    answer = NEW.replace("new file mode 100755", f"index 0000000..1234567 {mode}")
    (finding,) = resolve(answer, "auto", Files(FILES, MODES), 10**6).findings
    assert finding.id == "patch.mode-change"


def test_the_mode_a_file_has_already_is_no_change() -> None:
    assert to_patch(read(SET.replace("run.sh", "tool"))).text == ""
    assert to_patch(read(SET.replace("100755", "100644"))).text == ""


def test_two_modes_for_one_file_contradict_each_other() -> None:
    other = SET.replace("100644", "1").replace("100755", "100644").replace("old mode 1\n", "old mode 100755\n")
    (finding,) = resolve(SET + other, "auto", Files(FILES, MODES), 10**6).findings
    assert finding.id == "patch.contradiction"


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_run_refuses_the_bit_unless_the_policy_opens_it(answer: str, repo: Path, tmp_path: Path) -> None:
    refused = scripted(repo, tmp_path, answer, branch="refused")
    assert refused.status == "rejected"
    assert {finding.id for finding in refused.findings} <= {"kinds.mode", "kinds.executable"}
    assert git_run(repo, "rev-parse", "--verify", "refused").returncode != 0
    (repo / "agentos.toml").write_text(POLICY)
    commit_all(repo, "policy")
    git(repo, "apply", "--index", "-", stdin=answer.encode())
    wanted = git(repo, "write-tree").strip()
    git(repo, "reset", "--quiet", "--hard")
    report = scripted(repo, tmp_path, answer, branch="taken")
    assert report.status == "committed", report.message
    assert git(repo, "rev-parse", "taken^{tree}").strip() == wanted


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_checked_out_files_follow_the_bit(answer: str, repo: Path, tmp_path: Path) -> None:
    (repo / "agentos.toml").write_text(POLICY)
    commit_all(repo, "policy")
    assert scripted(repo, tmp_path, answer).status == "committed"
    assert git(repo, "status", "--porcelain") == ""
