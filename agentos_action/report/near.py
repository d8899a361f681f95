"""Paths as the reader of a workflow's log knows them: below the repository or $RUNNER_TEMP, in place of absolute."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

#: Below what a path is told, and by which name; the first that fits counts.
_PLACES = (("GITHUB_WORKSPACE", ""), ("RUNNER_TEMP", "$RUNNER_TEMP"))
#: Before a path: no further part of a name, and no quote, in which a shell would not look into the name.
_BEFORE, _AFTER = r"(?<![\w.'/-])", r"(?=/|[\s:;,)]|$)"


def nearness(environment: Mapping[str, str]) -> Callable[[str], str]:
    """Return how a text for a person tells paths where this environment is a workflow's; elsewhere it stays as it is.

    Only for what is read: an output or a file keeps the whole path.
    """
    places = [(environment.get(name, "").rstrip("/"), told) for name, told in _PLACES]
    known = [(path, told) for path, told in places if path.startswith("/")]
    if environment.get("GITHUB_ACTIONS") != "true" or not known:
        return str
    names = dict(reversed(known))
    pattern = re.compile(f"{_BEFORE}({'|'.join(re.escape(path) for path in names)}){_AFTER}(/(?=[^\\s/]))?")

    def near(text: str) -> str:
        return pattern.sub(lambda found: _told(names[found[1]], found[2] or ""), text)

    return near


def _told(name: str, slash: str) -> str:
    return f"{name}{slash}" if name else "" if slash else "."
