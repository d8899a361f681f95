"""The action's own environment of Python packages: made once for what goes into it, used by every later run.

    <tools>/agentos-action/<digest>             names the folder that is whole
    <tools>/agentos-action/<digest>-<random>/   an environment, whole or half made

Each maker has a folder of its own and names it when it is whole: two jobs at once on one machine do not disturb each
other, and a half-made one is never used. No folder is moved, so the scripts in it stay true. This runs before anything
is installed and imports the standard library alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from agentos_action import process
from agentos_action.errors import AgentOSError, ToolError, UsageError

#: What pip installs from a checkout of ours; the rest of it changes nothing.
INSTALLED = ("pyproject.toml", "agentos_action", "profiles")
EXTRAS = ("", "embedded")
_FOLDER = "agentos-action"
_SECONDS = 900.0
_UNUSED_SECONDS = 40 * 86_400.0
_LEFT_SECONDS = 7 * 86_400.0
_TOLD_LINES = 12
#: What pip is told by the machine, and what a Python of actions/setup-python finds its libraries by.
_KEPT = ("PIP_*", "XDG_*", "CURL_CA_BUNDLE", "NETRC", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def main() -> int:
    """Make or find the environment, write where it is to GITHUB_OUTPUT, and return the exit code."""
    told = os.environ
    try:
        _require_unix(told)
        source = Path(told["GITHUB_ACTION_PATH"])
        place = environment_for(source, told.get("AGENTOS_EXTRA", ""), _roots(told))
        _tell(told.get("GITHUB_OUTPUT"), {"python": place / "bin/python", "agentos": place / "bin/agentos"})
    except (AgentOSError, OSError) as raised:
        error = raised if isinstance(raised, AgentOSError) else UsageError(f"no environment can be made: {raised}")
        return refused(error, told.get("GITHUB_OUTPUT"))
    return 0


def _require_unix(told: Mapping[str, str]) -> None:
    if told.get("RUNNER_OS") == "Windows":
        raise UsageError("AgentOS Action does not run on Windows", "Take a runner with Linux or macOS (runs-on).")


def refused(error: AgentOSError, output: str | None) -> int:
    """Say an error before there is a run: as an annotation and as the outputs of one; return its exit code."""
    text = f"{error.message}\n{error.hint}".strip()
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write(f"::error title=agentos%3A {error.status}::{escaped}\n")
    _tell(output, {"status": error.status, "exit-code": error.exit_code, "error-category": error.category or ""})
    return error.exit_code


def environment_for(source: Path, extra: str, roots: tuple[Path, ...]) -> Path:
    """Return the folder of an environment with this checkout of ours, in the first of these folders that can be used.

    Raises UsageError where none can be made here, and ToolError where pip cannot fill it.
    """
    if extra not in EXTRAS:
        raise UsageError(f"there is no extra {extra!r}", f"There is {EXTRAS[1]}, or none.")
    name = content(source, extra)
    root = _usable(roots)
    there = found(root, name)
    if there is not None:
        return there
    _sweep(root)
    made = root / f"{name}-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, made, ignore_errors=True)
        _make(made, f"{source}[{extra}]" if extra else str(source))
        there = found(root, name)
        if there is not None:
            # Somebody else was faster.
            return there
        _name(root, name, made)
        undo.pop_all()
    return made


def content(source: Path, extra: str) -> str:
    """Return what stands for an environment: a digest of the files that go into it, the Python and the extra."""
    digest = hashlib.sha256()
    python = (sys.version, os.path.realpath(sys.executable), platform.machine(), extra)
    for line in python:
        digest.update(f"{line}\0".encode())
    for file in _files(source):
        inner = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(source).as_posix()}\0{inner}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def _files(source: Path) -> Iterator[Path]:
    for name in INSTALLED:
        top = source / name
        inside = sorted(top.rglob("*")) if top.is_dir() else [top]
        yield from (file for file in inside if file.is_file() and "__pycache__" not in file.parts)


def _roots(told: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders to try: what a self-hosted runner keeps between jobs, else what goes with the job."""
    # Not the folder for everybody's temporary files: there another user could have made one ready for us.
    named = (told.get("RUNNER_TOOL_CACHE"), told.get("RUNNER_TEMP"))
    return tuple(Path(name, _FOLDER) for name in named if name)


def _usable(roots: tuple[Path, ...]) -> Path:
    for root in roots:
        with contextlib.suppress(OSError):
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=root):
                # Scripts in it name it, and a link may lead elsewhere one day.
                return root.resolve()
    raise UsageError(
        f"no folder can be written: {', '.join(map(str, roots)) or 'none is named'}", "RUNNER_TEMP is to name one."
    )


def found(root: Path, name: str) -> Path | None:
    """Return the environment that was named whole and whose Python is still there."""
    try:
        folder = root / (root / name).read_text(encoding="utf-8").strip()
        # Only a folder beside it, whatever stands in the file.
        if folder.parent != root or not os.access(folder / "bin/python", os.X_OK):
            return None
    except (OSError, ValueError):
        # No text, or no name: what a disk leaves that lost its power. It is named anew.
        return None
    with contextlib.suppress(OSError):
        os.utime(root / name)
    return folder


def _name(root: Path, name: str, made: Path) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".name-", dir=root)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(made.name)
    Path(temporary).replace(root / name)


def _make(folder: Path, requirement: str) -> None:
    make = [sys.executable, "-I", "-m", "venv", str(folder)]
    done = process.run(make, timeout=_SECONDS, cwd=folder.parent, keep=_KEPT)
    if done.returncode != 0:
        hint = "Debian and Ubuntu need the package python3-venv; or take actions/setup-python and its Python."
        raise UsageError(f"{sys.executable} cannot make an environment: {_last(done)}", hint)
    pip = (str(folder / "bin/python"), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    done = process.run(
        [*pip, "--quiet", requirement],
        timeout=_SECONDS,
        cwd=folder,  # not the repository: pip reads nothing there
        keep=_KEPT,
    )
    if done.returncode != 0:
        message = f"pip could not install {requirement}: {_last(done)}"
        raise ToolError(message, "Check the network and pip's index settings.", category="network")


def _last(done: process.Finished) -> str:
    if done.timed_out:
        return f"it took more than {_SECONDS:g} seconds"
    lines = f"{done.stdout_text}\n{done.stderr_text}".strip().splitlines()
    return "\n".join(lines[-_TOLD_LINES:]) or f"exit code {done.returncode}"


def _sweep(root: Path) -> None:
    """Remove environments that nothing has used for long, and what was left half made; what fails is left."""
    now = time.time()
    with contextlib.suppress(OSError):
        names = {
            file.read_text(encoding="utf-8", errors="replace").strip(): file
            for file in root.iterdir()
            if file.is_file()
        }
        for folder in [folder for folder in root.iterdir() if folder.is_dir()]:
            name = names.get(folder.name)
            age = now - (name or folder).stat().st_mtime
            if age > (_LEFT_SECONDS if name is None else _UNUSED_SECONDS):
                if name is not None:
                    name.unlink()
                shutil.rmtree(folder, ignore_errors=True)


def _tell(output: str | None, values: Mapping[str, object]) -> None:
    """Write outputs; the delimiter is random, so that no value can end itself."""
    if output:
        delimiter = f"agentos-{secrets.token_hex(20)}"
        with Path(output).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{key}<<{delimiter}\n{value}\n{delimiter}\n" for key, value in values.items())


if __name__ == "__main__":
    sys.exit(main())
