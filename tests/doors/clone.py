"""Where a user's pre-commit configuration points: this working tree as a repository, and a home that tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.doors.tree import copy_of_this_tree
from tests.git import git, git_environment

#: Hooks with the same dependencies share an environment. These are the manifest's of the hooks that ask a model; what
#: it gives to the others, nothing, is what `try-repo` installs.
DEPENDENCIES = 'additional_dependencies: ["xllamacpp>=2026.10"]'


@dataclass(frozen=True)
class Clone:
    """Our repository at a commit, and a pre-commit home."""

    repo: Path
    rev: str
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of a person's shell."""
        # pre-commit's `language: python` takes the interpreter from PATH.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # What a hook does not import need not be compiled.
        return {**git_environment(), "PRE_COMMIT_HOME": str(self.home), "PATH": path, "PIP_NO_COMPILE": "1"}

    def pre_commit(self, repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Run pre-commit in a repository."""
        return self._run(repo, sys.executable, "-m", "pre_commit", *args)

    def commit(self, repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
        """Commit as a person does, hooks and all."""
        return self._run(repo, "git", "commit", "--message", "change", *args)

    def _run(self, repo: Path, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=repo, env=self.environment(), capture_output=True, encoding="utf-8", check=False
        )


def clone_in(folder: Path, own: Path) -> Clone:
    """Make the clone in a folder that several test processes share, or take the one that another made there.

    `own` is a folder of this process. pre-commit itself lets only one of them at a time make an environment.
    """
    if not folder.is_dir():
        copy_of_this_tree(own / "agentos-action")
        try:
            own.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    repo = folder / "agentos-action"
    return Clone(repo, git(repo, "rev-parse", "HEAD").strip(), folder / "home")
