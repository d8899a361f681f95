"""Names of any kind through the whole judgement: a verdict for each, in time, and one that git can check out."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.pipeline.answer import AnswerCase, Judgement, judge_answer
from agentos_action.records.policy import Policy, check_forbidden_glob
from agentos_action.verifier.globs import forbids
from agentos_action.verifier.names import unclean
from tests.bases import Files
from tests.git import git, git_run, init_repo

BASE = {"a.py": "x = 1\n", "ü/ b": "x\n"}
PIECES = st.sampled_from(
    [*"a/ .\\\"'~-:\t\n\r\u00a0\u3000\u200b\ufeff\u202e\ud800\udcff\x00", "b/", "a/", " b/", "é" * 90, "x" * 250]
)
NAMES = st.text(max_size=12) | st.lists(PIECES, max_size=60).map("".join)
#: Of the processor, for an answer within the limit, with room for a slow machine: most took many times as long.
SECONDS = 10.0


def judged(answer: str, files: dict[str, str] | None = None, *, new: bool = True) -> Judgement:
    """Judge an answer under the built-in policy."""
    return judge_answer(AnswerCase(answer, Files(files or BASE), Policy(allow_new_files=new), "auto"))


def creates(*paths: str) -> str:
    """Return an answer that makes files of these names."""
    return json.dumps({"edits": [{"op": "create", "path": path, "content": "x\n"} for path in paths]})


def diff_of(*paths: str) -> str:
    """Return a diff that makes files of these names."""
    return "".join(f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n" for path in paths)


@given(name=NAMES, moved=st.booleans())
def test_every_name_gets_a_verdict(name: str, *, moved: bool) -> None:
    edit = {"op": "rename", "path": "a.py", "to": name} if moved else {"op": "create", "path": name, "content": "x\n"}
    found = judged(json.dumps({"edits": [edit]}))
    assert (found.verdict == "reject") == any(each.severity == "error" for each in found.findings)
    judged(diff_of(name) if not moved else f"rename from a.py\nrename to {name}\n")


@pytest.mark.parametrize("length", [1_023, 1_024, 1_365, 2_047, 2_048])
def test_a_long_name_in_quotes_is_read_back_and_refused_by_the_rule(length: int) -> None:
    for name in ("é" * length, "/".join(["é" * 100] * (length // 100))):
        assert [each.id for each in judged(creates(name)).findings] == ["paths.too-long"]
    if length < 2_000:
        # With its prefix the name of a header is cut at the longest path there is.
        assert [each.id for each in judged(diff_of("é" * length)).findings] == ["paths.too-long"]


@pytest.mark.parametrize("name", ["é" * 2_049, "a/" * 2_048 + "b", "x" * 500_000])
def test_a_name_longer_than_any_path_is_refused_before_anything_is_made_of_it(name: str) -> None:
    for edits in (
        {"op": "create", "path": name, "content": "x\n"},
        {"op": "rename", "path": "a.py", "to": name},
        {"op": "delete", "path": name},
    ):
        answer = json.dumps({"edits": [edits]})
        assert [each.id for each in judged(answer).findings] == ["patch.bad-name"]
    codex = f"*** Begin Patch\n*** Add File: {name}\n+x\n*** End Patch\n"
    assert [each.id for each in judged(codex).findings] == ["patch.bad-name"]


def test_the_longest_name_that_is_accepted_can_be_checked_out_again(tmp_path: Path) -> None:
    repo = init_repo(tmp_path / "repo")
    empty = git(repo, "hash-object", "-w", "--stdin").strip()
    names = ["x" * 255, "ü" * 127 + "x", "/".join(["d" * 100] * 10) + "/" + "y" * 14]
    assert [unclean(name) for name in names] == [None] * len(names)
    git(repo, "update-index", "--add", "--index-info", stdin="".join(f"100644 {empty}\t{n}\n" for n in names).encode())
    assert git_run(repo, "checkout-index", "-a").returncode == 0
    assert all((repo / name).is_file() for name in names)


def test_a_folder_that_the_rule_refuses_is_one_that_git_takes_for_a_repository(tmp_path: Path) -> None:
    repo = init_repo(tmp_path / "repo")
    files = {"HEAD": "ref: refs/heads/main\n", "config": "", "objects/a": "", "refs/a": ""}
    for name, content in files.items():
        path = repo / "docs/x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert git(repo / "docs/x", "rev-parse", "--git-dir").strip() == "."
    found = judged(creates(*(f"docs/x/{name}" for name in files))).findings
    assert [each.id for each in found] == ["paths.git-folder"] * len(files)
    (repo / "docs/x/refs/a").unlink()
    (repo / "docs/x/refs").rmdir()
    assert git(repo / "docs/x", "rev-parse", "--git-dir").strip() != "."
    assert judged(creates(*list(files)[:3])).findings == ()


PARTS = ["/".join(["\u0455"] * 340), "/".join(["a~1"] * 250), "/".join(map(str, range(200))), "head/" * 200 + "x"]
MANY_FILES = "*** Begin Patch\n" + "".join(f"*** Add File: f{n}\n+x\n" for n in range(30_000)) + "*** End Patch\n"
SLOW = {
    "short names": (creates(*(f"{'/'.join(['a~1'] * 250)}{n}" for n in range(799))), BASE),
    "endless name": (creates("a~1/" * 250_000 + "x"), BASE),
    "codex": (MANY_FILES, BASE),
    "short beside many": (
        "*** Begin Patch\n" + "".join(f"*** Add File: A~{n}\n+x\n" for n in range(790)) + "*** End Patch\n",
        {f"a file number {n}.txt": "" for n in range(2_000)},
    ),
    "plain beside strange": (diff_of(*(f"n{n}" for n in range(790))), {f"é{n}.txt": "" for n in range(3_000)}),
    "quoted": (diff_of(*("\u0455é" * 600 + str(n) for n in range(250))), BASE),
    "octal": ('--- /dev/null\n+++ "b/' + "\\303" * 250_000 + '"\n@@ -0,0 +1 @@\n+x\n', BASE),
    **{f"many parts {part[:4]}": (diff_of(*(f"{n}/{part}" for n in range(600))), BASE) for part in PARTS},
}


@pytest.mark.parametrize(("answer", "files"), SLOW.values(), ids=SLOW)
def test_names_by_the_thousand_are_judged_in_time(answer: str, files: dict[str, str]) -> None:
    began = time.process_time()
    found = judged(answer, files)
    assert time.process_time() - began < SECONDS
    assert found.findings


def test_sections_without_hunks_count_as_well() -> None:
    assert [each.id for each in judged(MANY_FILES).findings] == ["size.hunks"]
    renames = "".join(f"rename from f{n}\nrename to g{n}\n" for n in range(801))
    assert [each.id for each in judged(renames).findings] == ["size.hunks"]


@pytest.mark.parametrize("pattern", ["*a*a*", "*a*a*/*a*a*", "**/*a*a*/**/*a*a*", "**/a*/**/b*", "*?*?*"])
def test_patterns_with_as_many_stars_as_a_policy_may_write_are_matched_in_time(pattern: str) -> None:
    assert check_forbidden_glob(pattern) == pattern
    names = ["a" * 255, "/".join(["a" * 255] * 4), "/".join(["ab"] * 340), "/".join(["a"] * 511)]
    began = time.process_time()
    for name in names:
        forbids((pattern,), name + "\n")
    assert time.process_time() - began < SECONDS / 4
