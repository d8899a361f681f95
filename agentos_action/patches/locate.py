"""Where a hunk belongs: exact places only, the header's number decides between several."""

from __future__ import annotations

from agentos_action.patches.formats.unified_diff import Hunk
from agentos_action.patches.refusal import refuse


def index_of(lines: list[str]) -> dict[str, list[int]]:
    """Return line → the places it stands at; made once a file, so that many hunks cost no more than a few."""
    index: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        index.setdefault(line, []).append(at)
    return index


def locate(hunk: Hunk, lines: list[str], index: dict[str, list[int]], path: str, number: int) -> int:
    """Return the 0-based line where the hunk's old lines stand; raises Refused where that is nowhere or unclear.

    `lines` are the file's without line ends, `index` is theirs, `number` is the hunk's in its section, from 1.
    """
    old = hunk.old
    if not old:
        if not lines:
            return 0
        hint = "Show the lines before and after the place."
        raise refuse("patch.no-context", f"hunk {number} only adds lines and does not say where", hint, path=path)
    places = [at for at in index.get(old[0], ()) if lines[at : at + len(old)] == old]
    hinted = hunk.start - 1
    if hinted in places or len(places) == 1:
        return hinted if hinted in places else places[0]
    if places:
        where = ", ".join(str(at + 1) for at in places[:5])
        message = f"hunk {number} fits at lines {where} and its header does not say which"
        raise refuse("patch.ambiguous", message, "Show more lines around the change.", path=path)
    raise refuse("patch.context-not-found", _closest(hunk, index, number), "Copy the file's lines exactly.", path=path)


def _closest(hunk: Hunk, index: dict[str, list[int]], number: int) -> str:
    missing = next((text for text in hunk.old if text not in index), None)
    if missing is None:
        return f"hunk {number}: its lines are in the file, but not together"
    return f"hunk {number}: the file has no line {missing.strip()[:80]!r}"
