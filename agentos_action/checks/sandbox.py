"""Bubblewrap: what a check sees of this machine, and whether a sandbox can be made here at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from agentos_action import process
from agentos_action.checks import programs, runner
from agentos_action.checks.bounds import Bounds
from agentos_action.checks.environment import for_check, scrubbed
from agentos_action.errors import UsageError
from agentos_action.records.policy import CheckRules

Kind: TypeAlias = Literal["--ro-bind", "--bind", "--tmpfs", "--proc", "--dev", "hide"]

#: Programs and their libraries. Not /nix itself: the daemon's socket in it builds with the network.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")

#: Of /etc what programs ask for, by name: a check that runs as root would otherwise read keys and passwords there.
_ETC = (
    *("passwd", "group", "hosts", "host.conf", "nsswitch.conf", "services", "protocols", "mime.types", "os-release"),
    *("localtime", "timezone", "locale.alias", "locale.conf", "default/locale", "inputrc", "terminfo", "magic"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "debian_version", "lsb-release", "static"),
    *("ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "ca-certificates", "pki/tls/certs", "pki/ca-trust/extracted"),
    *("pki/tls/cert.pem", "pki/tls/openssl.cnf", "crypto-policies", "fonts", "perl", "python3", "java", "R"),
)
TEMPORARY = Path("/tmp")  # noqa: S108 - the sandbox's own, nobody else sees it
_FRESH: Mapping[str, Kind] = {str(TEMPORARY): "--tmpfs", "/proc": "--proc", "/dev": "--dev"}
#: Of /proc what root may write without any capability, the machine's own settings among them: bubblewrap means to make
#: it read-only and does not where root calls it (0.8: it asks for the right to write the folder, not what is in it).
_PROC = ("acpi", "bus", "fs", "irq", "mtrr", "pressure", "scsi", "sys", "sysrq-trigger")
#: Below the home: Pythons and nothing else. A virtual environment in the repository needs its one, and may not name it.
_PYTHONS_OF_UV = Path(".local/share/uv/python")
_OTHER_HOME = TEMPORARY / "home"
_NAMESPACES = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
_TRIAL_SECONDS = 20.0


def home_of(environment: Mapping[str, str]) -> Path:
    """Return where HOME is in the sandbox: where the user's is (so that `~/` means the same), but empty.

    It is another place where the user's would hide the system.
    """
    home = Path(environment.get("HOME") or "/")
    hides = any(Path(name) == home or home in Path(name).parents for name in (*_SYSTEM, *_FRESH, "/etc"))
    return _OTHER_HOME if hides or not home.is_absolute() or not home.is_dir() else home


def command(
    argv: Sequence[str], folder: Path, rules: CheckRules, outer: Mapping[str, str], hidden: Iterable[Path] = ()
) -> list[str]:
    """Return the command line that runs `argv` in `folder`, which alone can be written, inside a sandbox.

    `outer` is the scrubbed environment: the programs on its PATH are shown, its HOME is not. What is `hidden` is not
    shown even where a folder above it is. No network, no process or socket of ours, no capability, no terminal.
    """
    hidden = tuple(hidden)
    bwrap = _bwrap(outer, hidden)
    if bwrap is None:
        raise UsageError("bubblewrap (bwrap) was there and is gone", "Install it again: apt-get install bubblewrap.")
    mounts: list[str] = []
    for place, kind in _pruned(_plan(folder, rules, outer, hidden)):
        mounts += ["--tmpfs" if kind == "hide" else kind, str(place)]
        if kind in {"--ro-bind", "--bind"}:
            mounts.append(str(place))
    return [bwrap, *_NAMESPACES, *mounts, "--remount-ro", "/", "--chdir", str(folder), "--", *argv]


def _plan(folder: Path, rules: CheckRules, outer: Mapping[str, str], hidden: Sequence[Path]) -> dict[Path, Kind]:
    """Return what stands where; a later one replaces an earlier one at the same place."""
    names = (*_SYSTEM, *(f"/etc/{name}" for name in _ETC), *(f"/proc/{name}" for name in _PROC))
    plan: dict[Path, Kind] = {place: "--ro-bind" for place in map(Path, names) if place.exists()}
    plan |= {Path(place): kind for place, kind in _FRESH.items()}
    home = home_of(outer)
    plan[home] = "--tmpfs"
    kept = _kept(hidden)
    bounds = _bounds(outer, hidden)
    plan |= dict.fromkeys(programs.needed(outer["PATH"], rules.commands, bounds), "--ro-bind")
    pythons = home / _PYTHONS_OF_UV
    plan |= {place: "--ro-bind" for place in [pythons] if place.is_dir() and bounds.allow(place)}
    plan |= {place: "hide" for place in kept if place.is_dir() and plan.get(place) != "--tmpfs"}
    readable = [Path(name).expanduser() for name in rules.readable]
    plan |= {place: "--ro-bind" for place in readable if place.exists() and not bounds.led(place)}
    plan[folder] = "--bind"
    return plan


def _bwrap(outer: Mapping[str, str], hidden: Sequence[Path]) -> str | None:
    """Return where bubblewrap is; never one of the repository, which would run outside of any sandbox."""
    return shutil.which("bwrap", path=programs.believed(outer["PATH"], _bounds(outer, hidden)))


def _kept(hidden: Sequence[Path]) -> tuple[Path, ...]:
    return Bounds.of([*hidden, *runner.folders(process.environment(keep=runner.VARIABLES))]).private


def _bounds(outer: Mapping[str, str], hidden: Sequence[Path]) -> Bounds:
    workspaces = runner.workspaces(process.environment(keep=runner.VARIABLES))
    private = (*_kept(hidden), Path(outer.get("HOME") or "/"))
    return Bounds.of(private, foreign=(*_trees(hidden), *workspaces))


def _trees(hidden: Sequence[Path]) -> set[Path]:
    """Return the repository's folders and its other work trees: what lies in them are files of some commit."""
    found = set(hidden)
    for folder in hidden:
        found.update(own.parent for own in (folder, *folder.parents) if own.name == ".git")
        for file in folder.glob("worktrees/*/gitdir"):
            found.add(Path(file.read_text(encoding="utf-8", errors="replace").strip()).parent)
    return {place for place in found if place.is_absolute() and place != Path("/")}


def _pruned(plan: Mapping[Path, Kind]) -> list[tuple[Path, Kind]]:
    """Return the mounts, outer ones first, without those that change nothing.

    What is shown by a folder above it needs no mount of its own (and where a link leads there, could have none); what
    nothing shows need not be hidden, and is not even named.
    """
    kept: dict[Path, Kind] = {}
    for place in sorted(plan):
        kind = plan[place]
        above = next((parent for parent in place.parents if parent in kept), None)
        shown = above is not None and kept[above] in {"--ro-bind", "--bind"}
        if kind == "--ro-bind" and shown:
            continue
        if kind == "hide" and (not shown or _is_led(place, above)):
            continue
        kept[place] = kind
    return list(kept.items())


def _is_led(place: Path, above: Path | None) -> bool:
    """Return whether a link below `above` is on the way: nothing can be mounted there, and its real place is hidden."""
    return any(step.is_symlink() for step in (place, *place.parents) if above in step.parents)


def available(rules: CheckRules, hidden: Iterable[Path] = ()) -> str | None:
    """Return why these checks could not run in a sandbox here, None where they can: one is made to find out."""
    hidden = tuple(hidden)
    outer = scrubbed(rules.environment)
    if _bwrap(outer, hidden) is None:
        return "bubblewrap (bwrap, Linux only) is not installed"
    return _trial(rules, tuple(sorted(outer.items())), hidden)


@lru_cache(maxsize=8)
def _trial(rules: CheckRules, variables: tuple[tuple[str, str], ...], hidden: tuple[Path, ...]) -> str | None:
    outer = dict(variables)
    with tempfile.TemporaryDirectory(prefix="agentos-trial-") as name:
        folder = Path(name).resolve()
        argv = command(["/bin/sh", "-c", ":"], folder, rules, outer, hidden)
        tried = process.run(argv, timeout=_TRIAL_SECONDS, cwd=folder, env=for_check(outer, folder, folder))
    if tried.returncode == 0 and not tried.timed_out:
        return None
    said = tried.stderr_text.strip().splitlines()
    return f"bubblewrap cannot make a sandbox here: {said[0] if said else f'exit code {tried.returncode}'}"
