"""Bubblewrap round an agent command: it reads this machine, writes its export and its home, and sees no repository."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from agentos_action import process
from agentos_action.adapters.surroundings import variables
from agentos_action.records.profile import AgentRules

Kind: TypeAlias = Literal["bubblewrap", "none"]

#: Below the user's home, hidden from the agent: keys, and logins that are not its own.
_SECRETS = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".pki", ".agentos", ".config/gh"),
    *(".config/git", ".config/gcloud", ".config/op", ".local/share/keyrings", ".mozilla", ".config/google-chrome"),
    *(".netrc", ".git-credentials", ".gitconfig", ".npmrc", ".pypirc", ".cargo/credentials.toml", ".vault-token"),
    *(".claude", ".claude.json", ".codex", ".gemini", ".local/share/opencode", ".bash_history", ".zsh_history"),
)
_EMPTIED = ("/tmp", "/var/tmp", "/run")  # noqa: S108 - the sandbox's own, nobody else sees them
#: Of /proc what root may write without any capability (bubblewrap 0.8 leaves it writable where root calls it).
_PROC = ("acpi", "bus", "fs", "irq", "mtrr", "pressure", "scsi", "sys", "sysrq-trigger")
_RESOLVER = Path("/etc/resolv.conf")
_NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session")
_TRIAL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown and hidden: the two folders that can be written, the program's folders, the repository."""

    folder: Path
    home: Path
    programs: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()


def kind(rules: AgentRules, hidden: Iterable[Path]) -> Kind | None:
    """Return what these rules come to on this machine; None where they want a sandbox and none can be made."""
    if rules.sandbox == "none":
        return "none"
    bwrap = _bwrap(tuple(hidden))
    if bwrap is not None and _works(bwrap):
        return "bubblewrap"
    return None if rules.sandbox == "bubblewrap" else "none"


def enclosed(argv: Sequence[str], cell: Cell) -> list[str]:
    """Return the command line that runs `argv` in a sandbox; `kind` said before that one can be made."""
    bwrap = _bwrap(cell.hidden) or "bwrap"
    mounts = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for place in (Path("/proc", name) for name in _PROC):
        mounts += ["--ro-bind", str(place), str(place)] if place.exists() else []
    for name in _EMPTIED:
        mounts += ["--tmpfs", name] if Path(name).is_dir() and not Path(name).is_symlink() else []
    secrets = _secrets(cell)
    resolver = Path(os.path.realpath(_RESOLVER))
    mounts += _shown((resolver, *cell.programs), [Path(name) for name in _EMPTIED])
    for place in secrets:
        mounts += ["--tmpfs", str(place)] if place.is_dir() else ["--ro-bind", "/dev/null", str(place)]
    # Some programs live in the folder that holds their login.
    mounts += _shown(cell.programs, secrets)
    for place in (cell.home, cell.folder):
        mounts += ["--bind", str(place), str(place)]
    return [bwrap, *_NAMESPACES, "--cap-drop", "ALL", *mounts, "--chdir", str(cell.folder), "--", *argv]


def _secrets(cell: Cell) -> list[Path]:
    """Return the real places to hide, none of which holds another, so that no later mount undoes an earlier one."""
    home = Path(process.environment().get("HOME") or "/")
    wanted = [*cell.hidden, *(home / name for name in _SECRETS)]
    real = sorted({Path(os.path.realpath(place)) for place in wanted if place.exists()} - {Path("/")})
    return [place for place in real if not any(other in place.parents for other in real)]


def _shown(places: Iterable[Path], emptied: Iterable[Path]) -> list[str]:
    """Return mounts that show these places again where an emptied folder hides them."""
    emptied = tuple(emptied)
    lost = [place for place in places if place.exists() and any(folder in place.parents for folder in emptied)]
    return [part for place in dict.fromkeys(lost) for part in ("--ro-bind", str(place), str(place))]


def _bwrap(hidden: tuple[Path, ...]) -> str | None:
    # Never one of the repository: it would run outside of any sandbox.
    return shutil.which("bwrap", path=variables((), hidden)["PATH"])


@lru_cache(maxsize=8)
def _works(bwrap: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="agentos-trial-") as name:
        folder = Path(name).resolve()
        argv = enclosed(["/bin/sh", "-c", ":"], Cell(folder, folder))
        tried = process.run([bwrap, *argv[1:]], timeout=_TRIAL_SECONDS, cwd=Path("/"))
    return tried.returncode == 0 and not tried.timed_out
