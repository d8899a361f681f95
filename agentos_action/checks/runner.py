"""The folders of a runner of GitHub Actions on this machine: its credentials, and what the steps of a job share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from agentos_action.checks.bounds import real

_FOLDERS = ("RUNNER_TEMP", "RUNNER_WORKSPACE", "GITHUB_WORKSPACE")
_COMMANDS = ("GITHUB_PATH", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
_FILES = (*_COMMANDS, "GITHUB_EVENT_PATH")
#: The variables that say where a job's folders and files are; only the outer environment knows them.
VARIABLES = (*_FOLDERS, *_FILES)
#: What a runner of one's own is known by; its keys lie beside it, its work folder in it.
_MARK = ".runner"
#: Where one is looked for that runs no job now. Only below what a sandbox shows.
_INSTALLED = ("opt/*", "opt/*/*", "usr/local/*")
#: Hidden, these would take the system with them.
_USR = tuple(Path("/usr", name) for name in ("bin", "include", "lib", "lib64", "libexec", "sbin", "share"))
_VITAL = (*_USR, *map(Path, ("/bin", "/dev", "/etc", "/lib", "/lib64", "/nix/store", "/proc", "/sbin", "/tmp")))  # noqa: S108


def workspaces(environment: Mapping[str, str]) -> set[Path]:
    """Return the folders that a job checks repositories out into."""
    return {Path(environment[name]) for name in _FOLDERS[1:] if environment.get(name, "").startswith("/")}


def folders(environment: Mapping[str, str]) -> set[Path]:
    """Return the folders that a check must not see.

    Every folder above a job's own that holds a runner, or the job's folder itself where none does; and the runners
    that are installed in /opt and /usr/local. Never one that holds the system.
    """
    found = {mark.parent for pattern in _INSTALLED for mark in Path("/").glob(f"{pattern}/{_MARK}")}
    for start in _starts(environment):
        found.update([folder for folder in (start, *start.parents) if _holds_runner(folder)] or [start])
    return {folder for folder in found if not any(vital.is_relative_to(folder) for vital in _VITAL)}


def _starts(environment: Mapping[str, str]) -> Iterator[Path]:
    for name in VARIABLES:
        # `//x` is `/x`, and no path that the system's could be compared with.
        place = Path(environment.get(name, "").replace("//", "/"))
        if place.is_absolute():
            start = place.parent if name in _FILES else place
            yield from (start, real(start))


def _holds_runner(folder: Path) -> bool:
    try:
        return (folder / _MARK).is_file()
    except PermissionError:  # a check has no more rights than we
        return False
