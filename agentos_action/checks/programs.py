"""Where the programs on a PATH lie, and the folders beside them that they cannot run without.

The PATH and the commands say what is shown, and so does what the user installed. What lies in a repository does not: no
link in it is followed and no `pyvenv.cfg` in it is believed, not even those of a `.venv`, which anyone could commit.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from agentos_action.checks.bounds import Bounds, real

#: What lies beside a `bin` and belongs to its programs. Not `share`: ~/.local/share holds keyrings and histories.
_BESIDE = ("bin", "lib", "lib64", "libexec", "include", "pyvenv.cfg", "shims", "versions", "version", "plugins")
#: What a folder is called that a link or a `pyvenv.cfg` may lead to; one on the PATH may be called anything.
_PROGRAM_FOLDERS = frozenset({"bin", "sbin", "shims"})
#: Started by other programs' first lines, so their real places are shown whether a command names them or not.
_ALWAYS = ("python3", "python", "node")
_PYTHONS = ("python3", "python")
_WORD = re.compile(r"[\w.+-]+")
_MAX_LINKS = 40


def absolute(path: str) -> str:
    """Return a PATH without its relative entries: they would be looked for in what a model wrote."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry.startswith("/"))


def believed(path: str, bounds: Bounds) -> str:
    """Return an absolute PATH without its folders whose programs came with a repository."""
    folders = (Path(entry) for entry in path.split(os.pathsep) if entry)
    return os.pathsep.join(str(folder) for folder in folders if not bounds.written(folder))


def needed(path: str, commands: Iterable[str], bounds: Bounds) -> set[Path]:
    """Return the folders and files that the programs on an absolute PATH need.

    These are the folders on it; what belongs to them in the folder above; and the same for the real places of
    Python, Node and every program that a command names, and for the Python that runs us.
    """
    folders = [Path(entry) for entry in path.split(os.pathsep) if entry]
    behind = _real_places(believed(path, bounds), commands, bounds)
    found: set[Path] = set()
    for folder in (*folders, *behind, Path(sys.base_prefix, "bin")):
        _add(folder, bounds, found)
    return found


def _real_places(path: str, commands: Iterable[str], bounds: Bounds) -> Iterator[Path]:
    words = dict.fromkeys(word for command in commands for word in _WORD.findall(command))
    for name in (*_ALWAYS, *words):
        program = shutil.which(name, path=path)
        if program is not None:
            yield from _hops(Path(program), bounds)


def _hops(program: Path, bounds: Bounds) -> Iterator[Path]:
    """Yield the folder of what a program links to, of what that links to, and so on, if called as one for programs."""
    for _ in range(_MAX_LINKS):
        if not program.is_symlink() or bounds.written(program):
            return
        program = Path(os.path.normpath(program.parent / program.readlink()))
        if program.parent.name in _PROGRAM_FOLDERS:
            yield program.parent


def _add(folder: Path, bounds: Bounds, found: set[Path]) -> None:
    if folder in found or not folder.is_dir() or not bounds.allow(folder):
        return
    found.add(folder)
    above = folder.parent
    if folder.name not in _PROGRAM_FOLDERS or not bounds.allow(above):
        return
    found.update(_beside(above, bounds))
    base = _base_of_venv(above / "pyvenv.cfg", bounds)
    if base is not None:
        _add(base, bounds, found)
        for name in _ALWAYS:
            for hop in _hops(base / name, bounds):
                _add(hop, bounds, found)


def _beside(above: Path, bounds: Bounds) -> set[Path]:
    there = [above / name for name in _BESIDE if (above / name).exists()]
    shown = {place for place in there if bounds.allow(place)}
    # `lib64 -> lib`, as virtual environments have it: it leads to nothing that is not shown.
    ends = {real(place) for place in shown}
    return shown | {place for place in there if real(place) in ends}


def _base_of_venv(config: Path, bounds: Bounds) -> Path | None:
    """Return the folder of the Python that a virtual environment was made from, if its `pyvenv.cfg` is to be believed.

    The folder must be one for programs and hold a Python.
    """
    if not config.is_file() or bounds.written(config):
        return None
    for line in config.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        base = Path(value.strip())
        if key.strip() == "home" and base.is_absolute() and base.name in _PROGRAM_FOLDERS:
            return base if any(shutil.which(name, path=str(base)) for name in _PYTHONS) else None
    return None
