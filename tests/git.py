"""Real git repositories for tests: the real `git` executable, nobody's configuration, a fixed identity and clock."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

_FIXED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Test",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+0000",
    "GIT_COMMITTER_NAME": "Ada Test",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+0000",
    "LC_ALL": "C.UTF-8",
}


def git_environment() -> dict[str, str]:
    """Return this process's environment without any `GIT_*` of its own, with the fixed identity."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **_FIXED}


def git_run(repo: Path, *args: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git in the repository and return what came of it, whatever its exit code."""
    return subprocess.run(
        ["git", *args], cwd=repo, env=git_environment(), input=stdin or b"", capture_output=True, check=False
    )


def git(repo: Path, *args: str, stdin: bytes | None = None) -> str:
    """Run git in the repository and return its stdout as it is; fail the test if git fails."""
    done = git_run(repo, *args, stdin=stdin)
    assert done.returncode == 0, f"git {' '.join(args)}: {done.stderr.decode(errors='replace')}"
    return done.stdout.decode("utf-8", "surrogateescape")


def write_files(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Write files below a folder, byte for byte; text is written as UTF-8 without touching its line endings."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def init_repo(folder: Path) -> Path:
    """Make an empty repository on branch `main` without a commit; its own config names the fixed identity."""
    return Path(shutil.copytree(_empty(), folder, dirs_exist_ok=True))


@functools.cache
def _empty() -> Path:
    """Return the repository that `git init` made once in this process; a copy of it is what another call would make."""
    place = Path(tempfile.mkdtemp(prefix="agentos-empty-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    folder = place / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    # libgit2 takes the identity from the repository's config, never from GIT_AUTHOR_NAME.
    git(folder, "config", "user.name", "Ada Test")
    git(folder, "config", "user.email", "ada@example.org")
    git(folder, "config", "core.autocrlf", "false")
    # One of git's sample hooks is as good as all of them, and every test that digests a repository reads it.
    for sample in (folder / ".git/hooks").glob("*.sample"):
        if sample.name != "pre-commit.sample":
            sample.unlink()
    return folder


def configure(repo: Path, **settings: str) -> None:
    """Set values of the repository's configuration: `user_name` is `user.name`."""
    for key, value in settings.items():
        git(repo, "config", key.replace("_", "."), value)


def commit_all(repo: Path, message: str = "start") -> str:
    """Stage everything, commit it, and return the commit's id."""
    git(repo, "add", "--all")
    # Its own upkeep would be two processes more for every commit.
    quick = ("-c", "maintenance.auto=false")
    git(repo, *quick, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
    return head_of(repo)


def head_of(repo: Path) -> str:
    """Return the id of the commit that HEAD is, read from the file of its branch where there is one."""
    folder = repo / ".git"
    head = (folder / "HEAD").read_text(encoding="ascii").strip() if folder.is_dir() else ""
    branch = folder / head.removeprefix("ref: ")
    if head.startswith("ref: ") and branch.is_file():
        return branch.read_text(encoding="ascii").strip()
    return git(repo, "rev-parse", "HEAD").strip()


def make_repo(tmp_path: Path, files: Mapping[str, bytes | str], name: str = "repo") -> Path:
    """Make `tmp_path/name` a repository whose branch `main` has one commit with these files."""
    repo = init_repo(tmp_path / name)
    write_files(repo, files)
    commit_all(repo)
    return repo
