"""A process of its own that dies, or fails, at every call that writes: `python -m tests.executor.fault_walk …`.

It runs with `fault_points.c` preloaded and forks one child a fault point, each on a fresh copy of a repository. It
prints one JSON object: how many points there were and everything that was not as it must be afterwards.
"""

from __future__ import annotations

import ctypes
import dataclasses
import faulthandler
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from agentos_action.errors import AgentOSError, ConflictError
from agentos_action.executor import journal
from agentos_action.executor.commit import Executor
from agentos_action.executor.pending import pending
from agentos_action.records.receipt import CommitOrder
from agentos_action.records.verdict import Accepted
from tests.executor.accepting import ORDER, accept, change
from tests.git import git, git_environment, make_repo

KILL_BEFORE, KILL_AFTER, KILL_HALF, FAIL, SAVE, REPLACE = range(1, 7)
MODES = {"before": KILL_BEFORE, "after": KILL_AFTER, "half": KILL_HALF, "fail": FAIL, "save": SAVE, "replace": REPLACE}
MOST = 400
#: Seconds after which a child, or what git says, does not come any more; waiting for an empty lock takes two.
PATIENCE = 100
#: So many faults tell enough; every further one costs its point's time.
ENOUGH = 10

FILES = {"a.txt": "one\n", "b.txt": "b\n", "c.txt": "c\n", "d/gone.txt": "gone\n", "run.sh": "echo\n"}
#: What the commit makes of the touched paths.
AFTER = {"a.txt": "1\n", "d/gone.txt": None, "new/deep/n.txt": "new\n", "run.sh": "echo 1\n"}
BEFORE = {path: FILES.get(path) for path in AFTER}
#: What the user has under way, and what git says of it.
MINE = {"b.txt": "b, edited\n", "c.txt": "c, staged\n", "u.txt": "untracked\n"}
STATUS = " M b.txt\nM  c.txt\n?? u.txt\n"


def template(folder: Path) -> Path:
    """Make the repository that every child gets a copy of."""
    repo = make_repo(folder, FILES)
    shutil.rmtree(repo / ".git/hooks")
    (repo / "run.sh").chmod(0o755)
    git(repo, "commit", "-qam", "executable")
    for path, content in MINE.items():
        (repo / path).write_text(content)
    git(repo, "add", "c.txt")
    return repo


def wanted(repo: Path) -> Accepted:
    """Return the accepted change of one file, of an executable, a new one and a removed one."""
    base = git(repo, "rev-parse", "HEAD").strip()
    modes = {"run.sh": 0o100755}
    changes = (
        change(path, _bytes(BEFORE[path]), _bytes(new), modes.get(path, 0o100644)) for path, new in AFTER.items()
    )
    return accept(base, *changes)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


class Walk:
    """One way of committing (`here`, `existing`, `new`; `recover`: after a death on the way), one way to die."""

    def __init__(self, kind: str, mode: int, folder: Path) -> None:
        self.shim = ctypes.CDLL(None)
        self.kind, self.mode, self.folder = kind, mode, folder
        self.first = template(folder)
        if kind == "existing":
            git(self.first, "branch", "other")
        self.accepted = wanted(self.first)
        branch = {"existing": "other", "new": "agentos/new"}.get(kind)
        self.order: CommitOrder = dataclasses.replace(ORDER, branch=branch)
        self.ref = f"refs/heads/{branch or 'main'}"
        self.wrong: list[str] = []
        self.ends: set[str] = set()

    def fork(self, repo: Path, number: int, deed: Callable[[], object]) -> int | None:
        """Do the deed in a child that meets its fate at the n-th call; returns how it ended, None if it never came."""
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            self.shim.fault_arm(os.fsencode(f"{repo}/"), number, self.mode)
            try:
                deed()
                code = 0
            except AgentOSError:
                code = 1
            except BaseException as error:  # noqa: BLE001 - a child of a fork must never return into its parent's code
                sys.stderr.write(f"{self.kind} {number}: {error!r}\n")
                code = 2
            if self.mode in {SAVE, REPLACE}:
                os._exit(code * 10 + (self.shim.fault_count() >= number) + self.shim.fault_saved())
            os._exit(0 if self.shim.fault_count() < number and code == 0 else 10 + code)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return None if code == 0 else code

    def commit(self, repo: Path) -> None:
        """Commit as this walk does."""
        Executor(repo).commit(self.accepted, self.order)

    def point(self, number: int, prepare: int = 0) -> bool:
        """Walk one point; returns whether there was one. With `prepare`, it is recovery that meets it."""
        repo = self.folder / "copy"
        shutil.copytree(self.first, repo, symlinks=True)
        try:
            if prepare:
                mode, self.mode = self.mode, KILL_BEFORE
                begun = self.fork(repo, prepare, lambda: self.commit(repo))
                self.mode = mode
                if begun != -signal.SIGKILL:
                    self.say(prepare, f"the commit to recover from ended with {begun}")
                    return False
                if not pending(repo / ".git"):
                    self.say(prepare, "nothing was left to recover")
                    return False
                code = self.fork(repo, number, lambda: journal.recover(repo))
            else:
                code = self.fork(repo, number, lambda: self.commit(repo))
            if code is None:
                return False
            allowed = {10, 11} if self.mode == FAIL else {-signal.SIGKILL, 10}
            if code not in allowed:
                self.say(number, f"ended with {code}")
            for complaint in self.complaints(repo):
                self.say(number, complaint)
        finally:
            shutil.rmtree(repo)
        return True

    def saved(self, number: int, path: str) -> bool:
        """Walk one point at which a user saves a file that the commit touches; returns whether there was one."""
        repo = self.folder / "copy"
        shutil.copytree(self.first, repo, symlinks=True)
        self.shim.fault_save(os.fsencode(repo / path))
        code = self.fork(repo, number, lambda: self.commit(repo)) or 0
        # A folder that is not there, or not any more, is an error that the editor shows.
        if code % 10 == SAVED and _text(repo / path) != "mine\n":
            self.say(
                number, f"{path} was saved and is lost: {_text(repo / path)!r}, {sorted(repo.rglob('.agentos-*'))}"
            )
        if pending(repo / ".git") or list(repo.rglob(".agentos-*")) or list((repo / ".git").rglob("*.lock")):
            self.say(number, f"{path} was saved and something was left over")
        self.ends.add("before" if self.tip(repo) == self.accepted.base else "after")
        shutil.rmtree(repo)
        return code % 10 != 0

    def cut_short(self) -> list[int]:
        """Return three points of a commit with something to recover after them: to undo, to finish, nearly done.

        Each lies well inside its stretch, since the number of calls differs a little from one commit to the next.
        """
        undo: list[int] = []
        finish: list[int] = []
        # Every third tells where the stretches are.
        for number in range(1, MOST, 3):
            signal.alarm(3 * PATIENCE)
            repo = self.folder / "copy"
            shutil.copytree(self.first, repo, symlinks=True)
            mode, self.mode = self.mode, KILL_BEFORE
            code = self.fork(repo, number, lambda: self.commit(repo))  # noqa: B023 - called at once
            self.mode = mode
            if pending(repo / ".git"):
                (undo if self.tip(repo) == self.accepted.base else finish).append(number)
            shutil.rmtree(repo)
            if code is None:
                break
        return [undo[len(undo) // 2], finish[len(finish) // 3], finish[-len(finish) // 4]]

    def say(self, number: int, complaint: str) -> None:
        """Note what is wrong at a point."""
        self.wrong.append(f"{self.kind}, {self.mode}, point {number}: {complaint}")

    def complaints(self, repo: Path) -> list[str]:
        """Return what is not as it must be, before and after the next command has looked."""
        found = self.lost(repo)
        for lock in (repo / ".git/refs").rglob("*.lock"):
            # As if the next command came a while later: a young lock is waited for.
            os.utime(lock, (0, 0))
        if self.kind in {"here", "recover"}:
            try:
                said = journal.recover(repo)
            except AgentOSError as error:
                return [*found, f"recover: {error} {error.hint}"]
            if pending(repo / ".git"):
                found.append(f"the journal stayed: {said}")
            found += [f"left: {path}" for path in repo.rglob("*.agentos-*")]
            found += [f"left: {path}" for path in (repo / ".git/agentos").glob("*") if path.name not in LEFT]
            found += [f"left: {path}" for path in (repo / ".git").rglob("*.lock")]
        moved = self.tip(repo) not in {None, self.accepted.base}
        self.ends.add("after" if moved else "before")
        shown = AFTER if moved and self.kind in {"here", "recover"} else BEFORE
        found += [f"{path} is not {text!r}" for path, text in shown.items() if _text(repo / path) != text]
        if (repo / "new").exists() != bool(shown["new/deep/n.txt"]):
            found.append("the new folder is not as the commit")
        found += self.git_says(repo)
        return found or self.again(repo, moved=moved)

    def lost(self, repo: Path) -> list[str]:
        """Return what of the user's is gone, whatever state the commit is in."""
        found = [f"{path} of the user's is gone" for path, text in MINE.items() if _text(repo / path) != text]
        return found + [
            f"{path} is half-written: {_text(repo / path)!r}"
            for path, after in AFTER.items()
            if _text(repo / path) not in {BEFORE[path], after}
        ]

    def git_says(self, repo: Path) -> list[str]:
        """Return what `git fsck`, which reads the branch and its whole tree, and `git status` complain of."""
        script = "git fsck --strict --no-dangling 2>&1; echo; git status --porcelain"
        asked = subprocess.run(
            ["sh", "-c", script],
            cwd=repo,
            env=git_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return [] if asked.stdout == f"\n{STATUS}" else [f"git says {asked.stdout!r} {asked.stderr}"]

    def again(self, repo: Path, *, moved: bool) -> list[str]:
        """Return what stands in the way of a second run without its saying which file."""
        if moved or self.kind == "recover":
            return []
        try:
            self.commit(repo)
        except ConflictError as error:
            lock = repo / ".git" / f"{self.ref}.lock"
            if not lock.exists() or str(lock) not in error.hint:
                return [f"a second run: {error} {error.hint}"]
            lock.unlink()
            self.ends.add("named")
            self.commit(repo)
        return [] if self.tip(repo) != self.accepted.base else ["a second run did nothing"]

    def tip(self, repo: Path) -> str | None:
        """Return where the branch is, None where there is none."""
        file = repo / ".git" / self.ref
        return file.read_text().strip() if file.exists() else None


#: How a child ends at whose fault point a user did save; without it the point came and the save could not be made.
SAVED = 2
SAVES = {SAVE: ("a.txt", "d/gone.txt"), REPLACE: ("a.txt", "new/deep/n.txt")}
LEFT = {"lock", "journal.json.new"}


def _text(file: Path) -> str | None:
    return file.read_text() if file.exists() else None


def main() -> None:
    """Walk all points of the kind and the mode on the command line, in the folder named third."""
    # Where a process hangs is printed before SIGALRM ends it.
    faulthandler.register(signal.SIGALRM, chain=True)
    kind, mode, folder = sys.argv[1], MODES[sys.argv[2]], Path(sys.argv[3])
    walk = Walk(kind, mode, folder)
    if kind == "saved":
        points = sum(walked(walk, lambda number: walk.saved(number, path)) for path in SAVES[mode])  # noqa: B023 - at once
    else:
        cut_short = walk.cut_short() if kind == "recover" else [0]
        points = sum(walked(walk, lambda number: walk.point(number, prepare=at)) for at in cut_short)  # noqa: B023 - at once
    json.dump({"points": points, "wrong": walk.wrong, "ends": sorted(walk.ends)}, sys.stdout)


def walked(walk: Walk, point: Callable[[int], bool]) -> int:
    """Walk one point after the other until there is none; returns how many there were."""
    for number in range(1, MOST):
        signal.alarm(3 * PATIENCE)
        if len(walk.wrong) >= ENOUGH or not point(number):
            return number - 1
    walk.say(MOST, "there is no end to it")
    return MOST - 1


if __name__ == "__main__":
    main()
