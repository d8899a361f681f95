"""The environment of a check: what programs need to start, what the policy keeps, and no secret by its usual name."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentos_action import process
from agentos_action.checks import programs
from agentos_action.records.policy import check_variable

_KEPT = ("PATH", "HOME", "LANG", "LC_*")


def scrubbed(globs: Sequence[str] = ()) -> dict[str, str]:
    """Return our environment without all that no check needs: PATH (absolute folders), HOME, the locale, the globs.

    A glob cannot reach a variable that the policy could not name: `O*` does not keep OPENAI_API_KEY.
    """
    wanted = (*_KEPT, *globs)
    inherited = process.environment(keep=globs)
    kept = {
        name: value
        for name, value in inherited.items()
        if any(fnmatch.fnmatchcase(name, glob) for glob in wanted) and _may_be_named(name)
    }
    return {**kept, "PATH": programs.absolute(kept.get("PATH", "")) or os.defpath}


def _may_be_named(name: str) -> bool:
    try:
        check_variable(name)
    except ValueError:
        return False
    return True


def for_check(outer: Mapping[str, str], home: Path, temporary: Path) -> dict[str, str]:
    """Return the environment that the command itself gets: a home and a place for temporary files of its own."""
    return {**outer, "HOME": str(home), "TMPDIR": str(temporary), "CI": "true"}
