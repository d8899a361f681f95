"""What an agent command finds around it: its program, its environment, a home that holds its login and no more."""

from __future__ import annotations

import fnmatch
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agentos_action import process
from agentos_action.adapters.faults import Code, Faults

#: Never handed on, whatever a profile names: they reach a forge, its runner, or us.
NEVER = ("GITHUB_*", "ACTIONS_*", "RUNNER_*", "AGENTOS_*", "INPUT_*", "GIT_*")
_MAX_HOME_FILE = 4 * 1024 * 1024
_OWNER_ONLY = 0o600


def variables(keep: Sequence[str], hidden: Iterable[Path]) -> dict[str, str]:
    """Return the environment that programs of a profile get, its PATH without folders of a repository."""
    kept = {
        name: value
        for name, value in process.environment(keep=keep).items()
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in NEVER)
    }
    return {**kept, "PATH": _trusted(kept.get("PATH") or os.defpath, tuple(hidden))}


def at_home(outer: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return an environment whose home, and every folder that stands for one, is this one."""
    folders = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_CACHE_HOME": home / ".cache",
        # A name that no file of its login can have.
        "TMPDIR": Path(tempfile.mkdtemp(prefix="tmp-", dir=home)),
    }
    own = {"CI": "true", "NO_COLOR": "1", "GIT_TERMINAL_PROMPT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**outer, **{name: str(folder) for name, folder in folders.items()}, **own}


def find_program(name: str, path: str, hidden: Iterable[Path], faults: Faults) -> Path:
    """Return where a program lies; raises ToolError `agent_missing` where there is none that may be used."""
    found = shutil.which(name, path=path) if "/" not in name or name.startswith("/") else None
    if found is None:
        raise faults.error(Code.AGENT_MISSING)
    if _inside(Path(found), tuple(hidden)):
        raise faults.error(Code.AGENT_MISSING, "The one that there is lies in the repository and is not used.")
    return Path(found)


def copy_home(names: Iterable[str], home: Path, faults: Faults) -> None:
    """Copy these files of the user's home into an empty one; what is not there is left out.

    Raises ToolError `agent_home` for what is no file, too large, or leads out of the home.
    """
    real = Path(os.path.realpath(process.environment().get("HOME") or "/"))
    for name in names:
        place = Path(os.path.realpath(real / name))
        if not place.is_relative_to(real):
            raise faults.error(Code.AGENT_HOME, f"~/{name} is a link that leads out of the home.")
        try:
            found = place.stat()
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_HOME_FILE:
                raise faults.error(Code.AGENT_HOME, f"~/{name} is no file, or larger than {_MAX_HOME_FILE} bytes.")
            content = place.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise faults.error(Code.AGENT_HOME, f"~/{name}: {error.strerror}.") from error
        target = home / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=_OWNER_ONLY)
        target.write_bytes(content)


def _trusted(path: str, hidden: tuple[Path, ...]) -> str:
    """Return a PATH without relative folders and without those that lie in the repository, or lead into it."""
    entries = [entry for entry in path.split(os.pathsep) if entry.startswith("/")]
    return os.pathsep.join(entry for entry in entries if not _inside(Path(entry), hidden)) or os.defpath


def _inside(place: Path, hidden: tuple[Path, ...]) -> bool:
    ends = (Path(os.path.normpath(place)), Path(os.path.realpath(place)))
    folders = {end for folder in hidden for end in (folder, Path(os.path.realpath(folder)))}
    return any(end.is_relative_to(folder) for end in ends for folder in folders)
