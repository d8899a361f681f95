"""Where the programs on a PATH lie, and the folders beside them that they cannot run without."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

#: What lies beside a `bin` and belongs to its programs. Not `share`: ~/.local/share holds keyrings and histories.
_BESIDE = ("bin", "lib", "lib64", "libexec", "include", "pyvenv.cfg", "shims", "versions", "version", "plugins")
_PROGRAM_FOLDERS = frozenset({"bin", "sbin", "shims"})
#: Started by other programs' first lines, so their real places are shown whether a command names them or not.
_ALWAYS = ("python3", "python", "node")
_WORD = re.compile(r"[\w.+-]+")
_MAX_LINKS = 40


def absolute(path: str) -> str:
    """Return a PATH without its relative entries: they would be looked for in what a model wrote."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if entry.startswith("/"))


def needed(path: str, commands: Iterable[str], private: Iterable[Path]) -> set[Path]:
    """Return the folders and files that the programs on an absolute PATH need.

    These are the folders on it; what belongs to them in the folder above; and the same for the real places of
    Python, Node and every program that a command names. Never a folder that is `private` or holds one that is.
    """
    kept = tuple(private)
    found: set[Path] = set()
    for folder in (*map(Path, filter(None, path.split(os.pathsep))), *_real_places(path, commands)):
        _add(folder, kept, found)
    return found


def _real_places(path: str, commands: Iterable[str]) -> Iterator[Path]:
    words = dict.fromkeys(word for command in commands for word in _WORD.findall(command))
    for name in (*_ALWAYS, *words):
        program = shutil.which(name, path=path)
        if program is not None:
            yield from _hops(Path(program))


def _hops(program: Path) -> Iterator[Path]:
    """Yield the folder of a program, of what it links to, and so on."""
    for _ in range(_MAX_LINKS):
        yield program.parent
        if not program.is_symlink():
            return
        program = Path(os.path.normpath(program.parent / program.readlink()))


def _add(folder: Path, private: tuple[Path, ...], found: set[Path]) -> None:
    if folder in found or not folder.is_dir() or _opens(folder, private):
        return
    found.add(folder)
    above = folder.parent
    if folder.name not in _PROGRAM_FOLDERS or _opens(above, private):
        return
    found.update(above / name for name in _BESIDE if (above / name).exists())
    base = _base_of_venv(above / "pyvenv.cfg")
    if base is not None:
        _add(base, private, found)
        for name in _ALWAYS:
            for hop in _hops(base / name):
                _add(hop, private, found)


def _opens(folder: Path, private: tuple[Path, ...]) -> bool:
    """Return whether to show a folder is to show a private one."""
    return any(folder == kept or folder in kept.parents for kept in private)


def _base_of_venv(config: Path) -> Path | None:
    """Return the folder of the Python that a virtual environment was made from, as its `pyvenv.cfg` names it."""
    if not config.is_file():
        return None
    for line in config.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and value.strip().startswith("/"):
            return Path(value.strip())
    return None
