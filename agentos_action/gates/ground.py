"""The temporary repository of a gate, and how it looks: git itself is asked, not the library that we write with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agentos_action import process
from agentos_action.errors import UsageError
from agentos_action.executor import temporary
from agentos_action.records.receipt import CommitFacts

_SECONDS = 30.0
#: Nobody's configuration, hooks or signing: a gate's repository is the same everywhere.
_QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
_WHO = ("-c", "user.name=AgentOS Gate", "-c", "user.email=gate@localhost")
#: What comes and goes while nothing that counts changes.
_PASSING = (".git/objects/", ".git/logs/", ".git/agentos/")


@dataclass(frozen=True, slots=True)
class Look:
    """A repository at one moment: the commit checked out, all refs, the history, and every file by its digest."""

    head: str
    refs: str
    log: tuple[str, ...]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ground:
    """A gate's own repository with one commit, and the folder that holds it and nothing else."""

    top: Path

    @property
    def repo(self) -> Path:
        """The repository."""
        return self.top / "repo"


@contextmanager
def ground(files: Mapping[str, str]) -> Iterator[Ground]:
    """Make a repository on `main` whose one commit has these files; it is removed with the block."""
    with temporary.folder("gate") as top:
        made = Ground(top)
        made.repo.mkdir()
        git(made.repo, "init", "--quiet", "--initial-branch=main")
        # libgit2 takes the identity from the repository's own configuration.
        git(made.repo, "config", "user.name", "AgentOS Gate")
        git(made.repo, "config", "user.email", "gate@localhost")
        git(made.repo, "config", "core.autocrlf", "false")
        # A person's own signing key proves nothing about us, and may ask for a password.
        git(made.repo, "config", "commit.gpgsign", "false")
        for name, text in files.items():
            (made.repo / name).write_text(text, encoding="utf-8", newline="")
        git(made.repo, "add", "--all")
        git(made.repo, *_WHO, "commit", "--quiet", "--no-verify", "--message", "Begin")
        yield made


def git(repo: Path, *arguments: str) -> str:
    """Return what git says; raises UsageError where it fails, ToolError where there is no git."""
    done = _git(repo, *arguments)
    if done.returncode != 0:
        message = f"git {arguments[0]} failed in a gate's own repository: {done.stderr_text.strip()[:200]}"
        raise UsageError(message, "Look whether git works here: git --version.")
    return done.stdout_text


def _git(repo: Path, *arguments: str) -> process.Finished:
    return process.run(["git", "--no-optional-locks", *arguments], timeout=_SECONDS, cwd=repo, env_extra=_QUIET)


def look(repo: Path) -> Look:
    """Return how the repository looks now."""
    log = git(repo, "log", "--format=%H").split()
    return Look(log[0] if log else "", git(repo, "for-each-ref"), tuple(log), _digests(repo))


def _digests(repo: Path) -> dict[str, str]:
    files = {path.relative_to(repo).as_posix(): path for path in sorted(repo.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.startswith(_PASSING)
    }


def differences(before: Look, after: Look) -> list[str]:
    """Return in words what is other: history, refs, files."""
    found = []
    if before.log != after.log:
        found.append("the history")
    if before.refs != after.refs:
        found.append("the refs")
    names = sorted(before.files.keys() | after.files.keys())
    return found + [name for name in names if before.files.get(name) != after.files.get(name)]


def takes(repo: Path, diff: Path, *, reverse: bool = False) -> str:
    """Return why git would not apply a diff to the work tree (`reverse`: take it back again), empty where it would."""
    back = ("--reverse",) if reverse else ()
    done = _git(repo, "apply", "--check", *back, str(diff))
    return "" if done.returncode == 0 else done.stderr_text.strip()[:200] or f"git apply ended with {done.returncode}"


def facts_of(repo: Path, commit: str) -> CommitFacts:
    """Return a commit's message, tree and parents, as git tells them."""
    tree, parents, message = git(repo, "log", "-1", "--format=%T%n%P%n%B", commit).split("\n", 2)
    return CommitFacts(message, tree, tuple(parents.split()))


def content(repo: Path, commit: str, path: str) -> str:
    """Return the digest of a file in a commit."""
    done = _git(repo, "cat-file", "blob", f"{commit}:{path}")
    return hashlib.sha256(done.stdout).hexdigest() if done.returncode == 0 else ""


def changed_in(repo: Path, commit: str) -> tuple[str, ...]:
    """Return the paths that a commit changes."""
    return tuple(git(repo, "diff-tree", "--no-commit-id", "--name-only", "-r", commit).split("\n")[:-1])
