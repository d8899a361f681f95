"""`agentos judge`: one answer against a folder or a revision, and a stream of them that nothing stops."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.entry.commands.run import FORMATS
from agentos_action.entry.fail import spared
from agentos_action.pipeline.bulk import Line, lines, read_line
from agentos_action.records.task import EditFormat
from tests.git import git, make_repo
from tests.runs import CLI, cli, diff_answer, state_of
from tests.waiting import until_asleep

KEYS = ["verdict", "findings", "placement", "placements", "diff", "files_after"]
DIFF = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n"
ANSWER = diff_answer("a.txt", "one", "two")


def case(**changes: Any) -> dict[str, Any]:
    """Return a case that is accepted."""
    return {"id": "c", "answer": ANSWER, "files": {"a.txt": "one\n"}, **changes}


def judged(raw: bytes | str | dict[str, Any], number: int = 1, most: int = 100_000) -> dict[str, Any]:
    """Return what one line is answered with."""
    text = json.dumps(raw) if isinstance(raw, dict) else raw
    row = read_line(text.encode() if isinstance(text, str) else text, number, most).row()
    assert list(row) == ["id", *KEYS]
    found: dict[str, Any] = json.loads(json.dumps(row))
    return found


def ids(row: dict[str, Any]) -> list[str]:
    return [finding["id"] for finding in row["findings"]]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "one\n", "agentos.toml": 'allowed_paths = ["a.txt"]\n'})


@pytest.fixture
def answer(tmp_path: Path) -> str:
    file = tmp_path / "answer.md"
    file.write_text(ANSWER)
    return str(file)


# One answer.


def test_the_names_of_the_formats_are_those_of_the_record() -> None:
    assert get_args(EditFormat) == FORMATS


def test_an_answer_against_a_revision_gives_its_diff_and_touches_nothing(repo: Path, answer: str) -> None:
    (repo / "a.txt").write_text("other\n")
    before = state_of(repo)
    done = cli("judge", "--answer", answer, "--base", "HEAD", cwd=repo)
    assert (done.returncode, done.stdout) == (0, DIFF)
    assert "agentos judge: accepted (1 file, +1 -1, policy agentos.toml@" in done.stderr
    assert state_of(repo) == before


def test_an_answer_against_a_folder_holds_under_the_built_in_policy(repo: Path, tmp_path: Path) -> None:
    args = ("judge", "--answer", "-", "--base", "repo", "--json")
    done = subprocess.run([*CLI, *args], cwd=tmp_path, input=ANSWER, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert list(said) == KEYS
    assert (said["verdict"], said["diff"], said["files_after"]) == ("accept", DIFF, {"a.txt": "two\n"})
    assert not list((repo / ".git").glob("agentos*"))


def test_a_policy_file_wins(repo: Path, answer: str, tmp_path: Path) -> None:
    policy = tmp_path / "strict.toml"
    policy.write_text('forbidden_paths = ["*.txt"]\n')
    for base in (str(repo), "HEAD"):
        done = cli("judge", "--answer", answer, "--base", base, "--policy", str(policy), cwd=repo)
        assert (done.returncode, done.stdout) == (1, "")
        assert "error [paths.forbidden] a.txt" in done.stderr
        assert "agentos judge: refused (1 file, +1 -1, policy " in done.stderr


def test_the_policy_of_another_repository_s_revision(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "new.md"
    file.write_text("```diff\n--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1 @@\n+b\n```\n")
    done = cli("judge", "--answer", str(file), "--base", "HEAD", "--repo", str(repo), "--json", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert (done.returncode, said["verdict"], ids(said)) == (1, "reject", ["paths.not-allowed"])
    assert said["files_after"] == {}


def test_bytes_that_are_not_utf8_come_out_as_they_are(tmp_path: Path, answer: str) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/a.txt").write_bytes(b"one\n\xff\n")
    args = ("judge", "--answer", answer, "--base", "base")
    done = subprocess.run([*CLI, *args], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr.count(b"accepted")) == (0, 1)
    assert b"\n \xff\n" in done.stdout
    said = json.loads(subprocess.run([*CLI, *args, "--json"], cwd=tmp_path, capture_output=True, check=False).stdout)
    assert said["files_after"]["a.txt"].encode("utf-8", "surrogateescape") == b"two\n\xff\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is nothing to judge"),
        (("--answer", "none.md", "--base", "."), "none.md: No such file"),
        (("--answer", "a.txt", "--base", "none"), "'none' names no commit"),
        (("--answer", "a.txt", "--base", ".", "--policy", "a.txt"), "a.txt:1: not valid TOML"),
        (("--answer", "a.txt", "--base", ".", "--policy", "none"), "none: No such file"),
        (("--answer", "a.txt", "--base", ".", "--edit-format", "poem"), "--edit-format is 'poem'"),
        (("--jsonl", "--base", "."), "--jsonl and --base do not go together"),
        (("--jsonl", "--edit-format", "auto"), "--jsonl and --edit-format do not go together"),
    ],
)
def test_a_wrong_command_line_is_usage(repo: Path, arguments: tuple[str, ...], said: str) -> None:
    done = cli("judge", *arguments, cwd=repo)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


# One line of a stream.


def test_a_line_is_answered_with_verdict_diff_and_files() -> None:
    row = judged(case(id=7))
    assert (row["id"], row["verdict"], row["findings"], row["diff"]) == (7, "accept", [], DIFF)
    assert row["files_after"] == {"a.txt": "two\n"}


def test_a_deleted_and_a_new_file() -> None:
    gone = "--- a/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n"
    new = "--- /dev/null\n+++ b/n.txt\n@@ -0,0 +1 @@\n+n\n"
    row = judged(case(answer=f"```diff\n{gone}{new}```\n"))
    assert (row["verdict"], row["files_after"]) == ("accept", {"a.txt": None, "n.txt": "n\n"})


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({"policy": {"forbidden_paths": ["*.txt"]}}, ["paths.forbidden"]),
        ({"policy": {"allowed_paths": ["src/**"]}}, ["paths.not-allowed"]),
        ({"policy": {"limits": {"max_diff_bytes": 3}}}, ["size.diff"]),
        ({"policy": {"limits": {"max_answer_bytes": 3}}}, ["size.answer"]),
        ({"policy": {"limits": {"max_answer_bytes": 3}}, "output_kind": "plan"}, ["size.answer"]),
        ({"modes": {"a.txt": "120000"}}, ["kinds.symlink"]),
        ({"output_kind": "plan"}, ["binding.kind"]),
        ({"output_kind": "poem"}, ["binding.kind"]),
        ({"output_kind": "plan", "files": {}}, ["binding.kind"]),
        ({"answer": diff_answer("a.txt", "one", "one"), "output_kind": "plan"}, ["binding.kind"]),
        ({"answer": diff_answer("../a.txt", "one", "two"), "files": {"../a.txt": "one\n"}}, ["paths.traversal"]),
    ],
)
def test_what_is_refused(changes: dict[str, Any], findings: list[str]) -> None:
    row = judged(case(**changes))
    assert (row["verdict"], ids(row), row["files_after"]) == ("reject", findings, {})


@pytest.mark.parametrize(("cap", "verdict"), [("exact", "reject"), ("blanks", "accept"), ("similar", "accept")])
def test_the_policy_of_a_line_caps_guessing(cap: str, verdict: str) -> None:
    row = judged(case(files={"a.txt": "one  \n"}, policy={"max_placement": cap}))
    assert (row["verdict"], row["placement"]) == (verdict, "blanks")
    assert row["placements"] == [{"path": "a.txt", "hunk": 1, "line": 1, "rung": "blanks"}]
    assert ids(row) == (["placement.guessed"] if verdict == "reject" else [])


def test_an_answer_without_a_diff() -> None:
    assert judged(case(answer="Nothing to do."))["verdict"] == "reject"
    row = judged(case(answer="First read the file, then change it.", output_kind="plan"))
    assert (row["verdict"], row["findings"], row["diff"]) == ("no_change", [], "")
    assert judged(case(answer=diff_answer("a.txt", "one", "one")))["verdict"] == "no_change"


def test_null_stands_for_what_is_left_out() -> None:
    row = judged(case(modes=None, edit_format=None, output_kind=None, policy=None))
    assert row["verdict"] == "accept"


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        ("", None, "line 9: not JSON: Expecting value (column 1)"),
        ("{", None, "line 9: not JSON: "),
        ("[]", None, "line 9: it is no JSON object"),
        ('{"id": 1} x', None, "line 9: not JSON: Extra data (column 11)"),
        (b'{"id": 1\x00}', None, "line 9: not JSON: "),
        (b'{"id": "\xff"}', None, "line 9: byte 9 is not UTF-8"),
        ("[" * 50_000, None, "line 9: it is nested too deep"),
        ('{"id": ' + "1" * 5_000 + "}", None, "line 9: it holds a number of too many digits"),
        ("x" * 100_001, None, "line 9: it has more than 100,000 bytes"),
        ('{"id": 1, "id": 2}', None, "line 9: key 'id' stands twice"),
        ('{"id": 1, "files": {"a": "", "a": ""}}', 1, "line 9: key 'a' stands twice"),
        ('{"id": 1, "answer": NaN}', 1, "line 9: NaN is no JSON"),
        ('{"id": 1, "answer": -Infinity}', 1, "line 9: -Infinity is no JSON"),
        ('{"id": 1, "answer": "\\ud800"}', 1, "line 9: key 'answer' holds half of a character"),
        ('{"id": 1, "files": {"\\uDFFF": ""}}', 1, "line 9: key 'files' holds half of a character"),
        ('{"id": "\\ud800"}', None, "line 9: key 'id' holds half of a character"),
        ('{"id": 1, "answer": "\\ud83d\\ude00"}', 1, "line 9: key 'files': Field required"),
        (case(id=None), None, "line 9: key 'id': it has to be a text or an integer"),
        (case(id=True), None, "line 9: key 'id': it has to be a text or an integer"),
        (case(id=1.5), None, "line 9: key 'id': it has to be a text or an integer"),
        (case(answer=1), "c", "line 9: key 'answer': Input should be a valid string"),
        (case(files={"a": 1}), "c", "line 9: key 'files.a': Input should be a valid string"),
        (case(files=[]), "c", "line 9: key 'files': Input should be a valid dictionary"),
        (case(files=None), "c", "line 9: key 'files': Input should be a valid dictionary"),
        (case(modes={"a.txt": "100600"}), "c", "line 9: key 'modes.a.txt': Input should be '100644'"),
        (case(modes={"b.txt": "100644"}), "c", "line 9: modes names 'b.txt', which files does not"),
        (case(edit_format="poem"), "c", "line 9: key 'edit_format': Input should be 'auto'"),
        (case(output_kind=1), "c", "line 9: key 'output_kind': Input should be a valid string"),
        (case(files={"a/" * 2_049: ""}), "c", "line 9: a path has 4,098 signs, more than 4,096: 'a/a/"),
        (case(policy={"model": {}}), "c", "line 9: key 'policy': unknown key 'model'"),
        (case(policy={"limits": {"max_model_calls": 1}}), "c", "line 9: key 'policy': unknown key 'max_model_calls'"),
        (case(policy={"limits": {"max_files": 0}}), "c", "line 9: key 'policy.limits.max_files': "),
        (case(policy={"limits": {"max_files": True}}), "c", "line 9: key 'policy.limits.max_files': "),
        (case(policy={"limits": []}), "c", "line 9: key 'policy.limits': "),
        (case(policy={"max_placement": "wild"}), "c", "line 9: key 'policy.max_placement': Input should be 'exact'"),
        (case(policy={"allowed_paths": ["/x"]}), "c", "line 9: key 'policy.allowed_paths.0': '/x': patterns start"),
        (case(policy={"forbidden_paths": "x"}), "c", "line 9: key 'policy.forbidden_paths': "),
    ],
)
def test_a_bad_line_is_told(raw: bytes | str | dict[str, Any], name: str | int | None, said: str) -> None:
    row = judged(raw, 9)
    assert (row["id"], row["verdict"], ids(row)) == (name, "reject", ["judge.bad-line"])
    assert row["findings"][0]["message"].startswith(said)
    assert len(row["findings"][0]["message"]) < 350


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b" "))), st.booleans())
def test_every_line_of_any_bytes_has_one_answer(raws: list[bytes], ended: bool) -> None:  # noqa: FBT001 - drawn
    raws = [raw or b"-" for raw in raws]
    stream = io.BytesIO(b"\n".join(raws) + (b"\n" if ended and raws else b""))
    found = list(lines(stream, 30))
    assert [line[:30] for line in found] == [raw[:30] for raw in raws]
    assert [judged(raw, number, 30)["verdict"] for number, raw in enumerate(found, 1)] == ["reject"] * len(raws)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*case(), "modes", "policy", "output_kind", "edit_format", "x"]), JSON))
def test_every_object_has_one_answer(changes: dict[str, Any]) -> None:
    row = judged(json.dumps({**case(), **changes}))
    assert row["verdict"] in {"accept", "reject", "no_change"}
    assert (row["verdict"] == "accept") == bool(row["files_after"])


def test_a_bug_in_one_case_is_told_and_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> dict[str, Any]:
        message = "oh"
        raise KeyError(message)

    row = spared(broken, lambda name: Line("c").failed(name).row())
    assert (row["id"], row["verdict"], ids(row)) == ("c", "reject", ["judge.bug"])
    assert row["findings"][0]["message"] == "unexpected KeyError"
    said = capsys.readouterr().err
    assert said.startswith("agentos: unexpected KeyError: 'oh' (broken, line ")
    assert said.count("\n") == 1


# The stream itself.


def start(**options: Any) -> subprocess.Popen[bytes]:
    """Start a stream in a process of its own."""
    return subprocess.Popen([*CLI, "judge", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)


def test_each_answer_comes_before_the_next_line_is_sent() -> None:
    with start() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, line in enumerate([json.dumps(case(id=0)).encode(), b"\xff", b"", json.dumps(case(id=3)).encode()]):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            row = json.loads(process.stdout.readline())
            assert row["verdict"] == ("accept" if number in {0, 3} else "reject")
            assert row["id"] == (number if number in {0, 3} else None)
        process.stdin.write(json.dumps(case(id="last")).encode())
        process.stdin.close()
        assert json.loads(process.stdout.read())["id"] == "last"
        assert process.wait(timeout=60) == 0


def test_an_empty_stream_is_done() -> None:
    done = subprocess.run([*CLI, "judge", "--jsonl"], input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_ctrl_c_ends_it() -> None:
    with start(stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case()).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["verdict"] == "accept"
        # It is back at reading, and its signals are as they were.
        until_asleep(process.pid)
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert b"Traceback" not in said


@pytest.mark.parametrize(("redirection", "code"), [("| head -1", 0), (">/dev/full", 2), (">&-", 2)])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, redirection: str, code: int) -> None:
    (tmp_path / "in").write_text((json.dumps(case()) + "\n") * 3_000)
    script = f'"$@" <in {redirection}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *CLI, "judge", "--jsonl"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("could not be written" in done.stderr) == (code == 2)


def test_verify_takes_a_person_s_diff_as_it_stands(repo: Path) -> None:
    file = repo / "mine.diff"
    file.write_text(DIFF)
    assert cli("verify", "--diff", str(file), cwd=repo).returncode == 0
    git(repo, "rm", "-q", "--cached", "a.txt")
    (repo / "a.txt").write_text("one  \n")
    git(repo, "add", "a.txt")
    git(repo, "commit", "-qm", "blanks")
    refused = cli("verify", "--diff", str(file), cwd=repo)
    assert refused.returncode == 1
    assert "error [placement.guessed] a.txt:1" in refused.stderr
    assert cli("judge", "--answer", str(file), "--base", "HEAD", cwd=repo).returncode == 0
