"""The export that an agent works in: what it holds, and that its changes lead through an answer back to its bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.errors import ToolError, UsageError
from agentos_action.executor.workspace import Export, Source, exported
from agentos_action.patches.render import render
from agentos_action.patches.resolve import resolve
from agentos_action.pipeline.workspace import unchanged
from agentos_action.records.patch import MODE_LINK
from agentos_action.repo import RepoView
from tests.bases import Files
from tests.git import git, git_environment, make_repo

FILES: dict[str, bytes | str] = {
    "a.txt": "one\ntwo\n",
    "dir/b.py": "x = 1\r\n",
    "latin.txt": b"caf\xe9\n",
    "bare": "no newline",
    "empty": "",
    "data.bin": b"\0\1\2",
    ".gitignore": "build/\n*.log\n!keep.log\n",
    "dir/.gitignore": "!loud.log\n",
}


def everything(_path: str, _mode: int, _content: bytes) -> str | None:
    return None


def source(repo: Path) -> Source:
    return Source(repo, git(repo, "rev-parse", "HEAD").strip())


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, FILES)


def changed(repo: Path, export: Export) -> dict[str, str]:
    base = RepoView.open(repo).snapshot(source(repo).commit)
    return {change.path: change.kind for change in export.changes(base)}


def test_an_export_is_the_tree_in_a_repository_of_its_own(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        found = {
            path.relative_to(export.folder).as_posix(): path.read_bytes()
            for path in export.folder.rglob("*")
            if path.is_file() and ".git" not in path.parts
        }
        assert found == {name: text.encode() if isinstance(text, str) else text for name, text in FILES.items()}
        assert list(export.home.iterdir()) == []
        environment = {**git_environment(), "HOME": str(export.home)}

        def told(*words: str) -> str:
            return subprocess.run(
                ["git", *words], cwd=export.folder, env=environment, capture_output=True, text=True, check=True
            ).stdout

        assert told("status", "--porcelain") == ""
        assert told("rev-list", "--count", "--all") == "1\n"
        assert told("remote") == ""
        assert [hook.name for hook in (export.folder / ".git").glob("hooks/*")] == ["README.sample"]
        assert changed(repo, export) == {}
        top = export.folder.parent
    assert not top.exists()


def test_what_is_kept_out_is_not_there_and_not_deleted(repo: Path) -> None:
    def keep_out(path: str, _mode: int, content: bytes) -> str | None:
        return "is secret" if path == "bare" or b"caf" in content else None

    with exported(source(repo), keep_out) as export:
        assert export.left_out == {"bare": "is secret", "latin.txt": "is secret"}
        assert not (export.folder / "bare").exists()
        assert changed(repo, export) == {}


def test_links_that_lead_out_are_kept_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"d/a.txt": "x"})
    for name, target in {"in": "d/a.txt", "out": "/etc/passwd", "up": "../other", "d/back": "../d/a.txt"}.items():
        (repo / name).symlink_to(target)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "links")
    with exported(source(repo), everything) as export:
        assert set(export.left_out) == {"out", "up"}
        assert (export.folder / "d/back").read_text() == "x"
        (export.folder / "in").unlink()
        (export.folder / "in").symlink_to("/etc")
        assert changed(repo, export) == {"in": "modify"}


def test_a_link_that_leads_out_by_way_of_another_is_kept_out(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "linked", {"src/a": "x", "deep/er/b": "x"})
    (repo / "deep/er/up").symlink_to("../../src")
    (repo / "out").symlink_to("deep/er/up/../../secret")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "links")
    with exported(source(repo), everything) as export:
        assert list(export.left_out) == ["out"]


def test_every_change_is_seen(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        top = export.folder
        (top / "a.txt").write_text("one\n2\n")
        (top / "dir/b.py").chmod(0o755)
        (top / "bare").unlink()
        (top / "new").mkdir()
        (top / "new/file").write_text("x")
        (top / "empty").unlink()
        (top / "empty").symlink_to("a.txt")
        (top / "quiet.log").write_text("ignored")
        (top / "keep.log").write_text("not ignored")
        (top / "dir/loud.log").write_text("not ignored")
        (top / "build/deep").mkdir(parents=True)
        (top / "build/deep/out.o").write_bytes(b"\0")
        (top / "__pycache__").mkdir()
        (top / "__pycache__/a.pyc").write_bytes(b"\0")
        assert changed(repo, export) == {
            "a.txt": "modify",
            "dir/b.py": "modify",
            "bare": "delete",
            "new/file": "create",
            "empty": "modify",
            "keep.log": "create",
            "dir/loud.log": "create",
        }


def test_a_repository_made_inside_is_seen_even_where_it_is_ignored(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        for place in ("build/.git", "dir/.GIT"):
            (export.folder / place).mkdir(parents=True)
            (export.folder / place / "config").write_text("[core]")
        # Its own may be used as it likes.
        (export.folder / ".git/config").write_text("")
        assert changed(repo, export) == {"build/.git/config": "create", "dir/.GIT/config": "create"}


def test_what_an_agent_ignores_by_itself_is_seen(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        (export.folder / ".gitignore").write_text("hidden\n")
        (export.folder / "hidden").write_text("x")
        assert changed(repo, export) == {".gitignore": "modify", "hidden": "create"}


def test_what_is_no_file_or_too_much_is_refused(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        os.mkfifo(export.folder / "pipe")
        with pytest.raises(ToolError, match="'pipe' is neither a file nor a link"):
            changed(repo, export)
        (export.folder / "pipe").unlink()
        (export.folder / "large").write_bytes(b"x" * (17 * 1024 * 1024))
        with pytest.raises(ToolError, match="more than 16,777,216 bytes are changed"):
            changed(repo, export)


@pytest.mark.parametrize("name", ["new", "a.txt"])
def test_a_file_of_terabytes_is_refused_unread(repo: Path, name: str) -> None:
    with exported(source(repo), everything) as export:
        (export.folder / "build").mkdir()
        for path in (name, "build/out"):
            with (export.folder / path).open("ab") as file:
                file.truncate(1 << 43)
        with pytest.raises(ToolError, match="more than 16,777,216 bytes are changed"):
            changed(repo, export)


def test_folders_deeper_than_a_path_can_say_are_refused(repo: Path) -> None:
    with exported(source(repo), everything) as export:
        here = os.open(export.folder, os.O_RDONLY)
        for _ in range(30):
            os.mkdir("d" * 200, dir_fd=here)
            inner = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
        os.close(here)
        with pytest.raises(ToolError, match="cannot be read"):
            changed(repo, export)


@pytest.mark.parametrize("by", ["nothing", "a link", "a file"])
def test_an_export_that_was_removed_is_refused(repo: Path, tmp_path: Path, by: str) -> None:
    with exported(source(repo), everything) as export:
        top = export.folder.parent
        shutil.rmtree(top)
        if by == "a link":
            top.symlink_to(tmp_path / "missing")
        elif by == "a file":
            top.touch()
        with pytest.raises(ToolError, match="cannot be read"):
            changed(repo, export)
    assert not os.path.lexists(top)


def test_the_index_is_exported_for_a_hook(repo: Path) -> None:
    (repo / "a.txt").write_text("staged\n")
    git(repo, "add", "a.txt")
    (repo / "a.txt").write_text("only in the work tree\n")
    view = RepoView.open(repo)
    staged = Source(repo, source(repo).commit, repo / ".git/index")
    with exported(staged, everything) as export:
        assert (export.folder / "a.txt").read_text() == "staged\n"
        assert export.changes(view.index_snapshot()) == ()


def test_a_missing_commit_is_told(repo: Path) -> None:
    with pytest.raises(UsageError, match="cannot be exported"), exported(Source(repo, "1" * 40), everything):
        pass


def test_nothing_changed_is_an_answer_that_changes_nothing() -> None:
    for base in (Files({"a b\tc\n\udce9.txt": "x"}), Files({"x": b"\0"}), Files(dict(FILES))):
        resolved = resolve(unchanged(base), "unified_diff", base, 10_000)
        assert resolved.findings == ()
        assert all(change.old == change.new for change in resolved.changes)
    assert unchanged(Files({})) == ""


LINES = st.sampled_from([
    *(b"", b"\n", b"one\n", b"two\n", b"caf\xe9\n", b"\r\n", b"x\r\n", b"--- a/x\n", b"+++ b/x\n", b"@@ -1 +1 @@\n"),
    *(b"diff --git a/x b/x\n", b"```\n", b"&lt;\n", b"{}\n", b"last", "ü\u2028x\n".encode(), b"\\ No newline\n"),
])  # fmt: skip
CONTENT = st.lists(LINES, max_size=12).map(b"".join)
NAME = st.sampled_from([b"a.txt", b"dir/b.txt", b"n w", b'q"uote', b"t\tab", b"l\ninefeed", b"caf\xe9", "ü".encode()])


@settings(max_examples=60)
@given(before=st.dictionaries(NAME, CONTENT, min_size=1), after=st.dictionaries(NAME, st.none() | CONTENT))
def test_a_diff_of_the_export_leads_back_to_its_bytes(
    before: dict[bytes, bytes], after: dict[bytes, bytes | None]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        repo = make_repo(Path(name), {os.fsdecode(path): content for path, content in before.items()})
        base = RepoView.open(repo).snapshot(source(repo).commit)
        with exported(source(repo), everything) as export:
            for path, content in after.items():
                place = export.folder / os.fsdecode(path)
                place.parent.mkdir(exist_ok=True)
                if content is None:
                    place.unlink(missing_ok=True)
                else:
                    place.write_bytes(content)
            changes = export.changes(base)
        wanted = {os.fsdecode(path): content for path, content in after.items() if before.get(path) != content}
        assert {change.path: change.new.content if change.new else None for change in changes} == wanted
        if not changes:
            return
        resolved = resolve(render(changes), "unified_diff", base, 10_000_000)
        assert resolved.findings == ()
        assert resolved.changes == tuple(sorted(changes, key=lambda change: change.path))


@pytest.mark.parametrize(
    ("content", "mode", "finding"),
    [(b"\0\1", 0o644, "patch.binary"), (b"/etc/passwd", MODE_LINK, "patch.mode-change")],
)
def test_what_is_no_text_is_refused(repo: Path, content: bytes, mode: int, finding: str) -> None:
    base = RepoView.open(repo).snapshot(source(repo).commit)
    with exported(source(repo), everything) as export:
        place = export.folder / "new"
        if mode == MODE_LINK:
            place.symlink_to(os.fsdecode(content))
        else:
            place.write_bytes(content)
        answer = render(export.changes(base))
    assert [found.id for found in resolve(answer, "unified_diff", base, 10_000).findings] == [finding]
