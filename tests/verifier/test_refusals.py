"""Every refused case once more, all the way: a real repository, a real run, and nothing moved in it or beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pygit2
import pytest

from agentos_action.patches.parse import to_patch
from agentos_action.records.base import MODE_TREE
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK
from tests.bases import Files
from tests.runs import scripted, state_of
from tests.verifier.test_cases import base_of, change, named

#: A commit that a submodule may stand at; nobody fetches it.
ELSEWHERE = "1" * 40

MODES = {MODE_FILE, MODE_EXEC, MODE_LINK, MODE_GITLINK}

#: Why a case has no run of its own, by a key that it carries.
NOT_BY_A_RUN = {
    "tamper": "it needs a faulty renderer, and a run renders for itself",
    "placed": "it gives a placement by hand; tests/patches has answers that are placed so",
    "kind": "the scripted provider answers diffs; tests/pipeline has answers of other kinds",
}


def reason(case: dict[str, Any]) -> str | None:
    """Return why a case cannot be run, None where it can."""
    for key, why in NOT_BY_A_RUN.items():
        if key in case:
            return why
    changes = [change(each) for each in case.get("change", ())]
    if not changes:
        return "it changes nothing, which a run calls no_change"
    odd = {side.mode for each in changes for side in (each.old, each.new) if side and side.mode not in MODES}
    return f"git has no file of mode {min(odd):o}, and an answer's is read as git reads it" if odd else None


def write_tree(repo: pygit2.Repository, base: Files, folder: str = "") -> pygit2.Oid:
    """Write the base's files into the object database, whatever their modes."""
    builder = repo.TreeBuilder()
    for name in base.siblings(folder):
        path = f"{folder}/{name}" if folder else name
        mode = base.mode(path)
        assert mode is not None
        if mode == MODE_TREE:
            builder.insert(name, write_tree(repo, base, path), MODE_TREE)
        elif mode == MODE_GITLINK:
            builder.insert(name, pygit2.Oid(hex=ELSEWHERE), mode)
        else:
            version = base.read(path)
            assert version is not None
            builder.insert(name, repo.create_blob(version.content), mode)
    return builder.write()


def make(folder: Path, base: Files) -> Path:
    """Make a repository with one commit of these files, checked out."""
    repo = pygit2.init_repository(folder, initial_head="main")
    who = pygit2.Signature("Ada Test", "ada@example.org", 1_767_323_045, 0)
    repo.config["user.name"], repo.config["user.email"] = who.name, who.email
    repo.create_commit("refs/heads/main", who, who, "start", write_tree(repo, base), [])
    repo.checkout_head(strategy=pygit2.enums.CheckoutStrategy.FORCE)  # type: ignore[no-untyped-call]
    return folder


@pytest.mark.parametrize("file", named("reject"))
def test_after_a_refusal_everything_is_as_it_was(file: Path, memory: Path) -> None:
    case = tomllib.loads(file.read_text(encoding="utf-8"))
    why = reason(case)
    if why is not None:
        pytest.skip(why)
    around = memory / "around"
    repo = make(around / "repo", base_of(case, {"agentos.toml": case.get("policy", "")}))
    task = memory / "task.md"
    task.write_text(f"+++\n{narrowed(case)}+++\nChange it.\n", encoding="utf-8")
    patch = to_patch(change(each) for each in case["change"])
    before = everything(around)
    report = scripted(
        repo,
        memory,
        patch.text,
        instruction=None,
        task_file=task,
        allow_path=tuple(case.get("exceptions", ())),
        allowed_paths=tuple(case.get("task_within", ())),
        evidence=memory / "evidence",
    )
    assert report.status == "rejected", report.message
    found = sorted(finding.id for finding in report.findings if finding.severity == "error")
    # Reading an answer may refuse it, and then the rules are asked about as much of it as could be read.
    reading = [code for code in found if code.startswith("patch.")]
    rules = [code for code in found if code not in reading]
    assert rules == case["findings"] or (reading and set(rules) <= set(case["findings"]))
    assert everything(around) == before


def narrowed(case: dict[str, Any]) -> str:
    """Return the task's own lists as front matter."""
    keys = {"allowed_paths": case.get("task_allowed", []), "forbidden_paths": case.get("task_forbidden", [])}
    return "".join(f"{key} = {value!r}\n" for key, value in keys.items())


def everything(folder: Path) -> dict[str, str]:
    """Return every file below a folder by digest, each folder and link too; a repository's objects aside."""
    kinds = {
        path.relative_to(folder).as_posix(): f"{path.lstat().st_mode:o} {path.readlink() if path.is_symlink() else ''}"
        for path in sorted(folder.rglob("*"))
        if not path.relative_to(folder).as_posix().startswith(("repo/.git/objects/", "repo/.git/agentos"))
    }
    return kinds | {f"{name} holds": digest for name, digest in state_of(folder / "repo").items()}


def test_what_is_not_run_says_why() -> None:
    cases = [tomllib.loads(param.values[0].read_text(encoding="utf-8")) for param in named("reject")]
    left = [why for case in cases if (why := reason(case)) is not None]
    assert len(left) <= 16, left
