"""SHA256SUMS: complete, sorted, every line and the end of the last one as we write them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from agentos_action.evidence.layout import FILES, SUMS
from agentos_action.evidence.reading import MAX_FILES, Problem, names, read

_SUM = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")


def check_sums(folder: Path, problems: list[Problem]) -> int:
    """Check the list against every file of the bundle and return how many it names."""
    content = read(folder, SUMS, problems)
    if content is None:
        return 0
    listed = _listed(content, problems)
    there = names(folder, problems) - {SUMS}
    problems += [Problem(name, 0, f"is not listed in {SUMS}") for name in sorted(there - listed.keys())]
    # A sum binds what it lists to nothing: a file that no run writes would be whole, and nobody's.
    problems += [Problem(name, 0, "is no file that a run leaves") for name in listed if name not in FILES]
    for number, (name, digest) in enumerate(listed.items(), 1):
        found = read(folder, name, problems)
        if found is not None and hashlib.sha256(found).hexdigest() != digest:
            problems.append(Problem(name, 0, f"its bytes are not those that {SUMS} lists in line {number}"))
    return len(listed)


def _listed(content: bytes, problems: list[Problem]) -> dict[str, str]:
    """Return the digest of each name, up to the first line that is not as we write it."""
    listed: dict[str, str] = {}
    lines = content.decode("utf-8", "replace").split("\n")
    before = ""
    for number, line in enumerate(lines[:-1], 1):
        match = _SUM.fullmatch(line)
        if match is None or match[2] <= before or number > MAX_FILES:
            problems.append(Problem(SUMS, number, "not a line of sha256sum about the next file, in order of names"))
            return listed
        before = match[2]
        listed[before] = match[1]
    if lines[-1] or not listed:
        problems.append(Problem(SUMS, len(lines), "the last line is not complete"))
    return listed
