"""What a model thought before it answered: drafts are nobody's business, unless they reach for other files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentos_action.patches.names import raw_name, unprefixed
from agentos_action.patches.refusal import refuse
from agentos_action.records.patch import FileChange

_NAMED = re.compile(
    r"^(?:--- (?=\S+\n\+\+\+ )|\+\+\+ (?=\S+\n@@)|\*\*\* (?:Add|Update|Delete) File: )(.+)$", re.MULTILINE
)


def check_thoughts(thoughts: str, changes: Iterable[FileChange]) -> None:
    """Raise Refused (`patch.hidden`) where a draft among the thoughts names a file that the answer leaves alone."""
    meant = {name for change in changes for name in (change.old_path, change.new_path)}
    for written in _NAMED.findall(thoughts):
        raw = raw_name(written)
        if meant.isdisjoint({raw, unprefixed(raw)}) and unprefixed(raw) is not None:
            message = f"a draft among the thoughts changes {raw!r}, which the answer leaves alone"
            raise refuse("patch.hidden", message, "Answer with one patch that everybody can see.", path=raw)
