"""Rule `text`: added lines are what they look like; no turned, invisible, controlling or imitated characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from agentos_action.records.patch import DiffFile, DiffLine
from agentos_action.records.verdict import Finding
from agentos_action.verifier.characters import Odd, odd_characters
from agentos_action.verifier.subject import Subject

#: So many findings of one id are told for a file; the last one says how many more there are.
MOST = 20
# A file of nothing but such characters costs no more time than this.
_READ = 20_000

_HINTS = {
    "text.bidi": "Take it out, or write it as an escape: it shows the line in another order than it is read in.",
    "text.invisible": "Take it out, or write it as an escape: nobody sees it, and programs read it.",
    "text.control": "Take it out, or write it as an escape: it steers a terminal or breaks the line.",
    "text.lookalike": "Write the word in letters of one script.",
}


def text(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every such character in an added line that the removed lines of its file do not hold."""
    for file in subject.patch.files:
        path = file.path.encode("utf-8", "replace").decode()
        told: Counter[str] = Counter()
        for line, odd in _new(file):
            told[odd.id] += 1
            if told[odd.id] <= MOST:
                message = f"{path!r}: line {line} holds {odd.said}"
                yield Finding(id=odd.id, path=path, line=line, message=message, hint=_HINTS[odd.id])
        for code, count in told.items():
            if count > MOST:
                message = f"{path!r}: {count - MOST:,} more of this kind at least"
                yield Finding(id=code, path=path, message=message, hint=_HINTS[code])


def _new(file: DiffFile) -> Iterator[tuple[int, Odd]]:
    """Yield (line, what is odd) for what stands in added lines more often than in removed ones."""
    found = list(islice(_odd(file.added), _READ))
    if not found:
        return
    # What was not read to its end is not weighed against what was there.
    removed = _odd(file.removed) if len(found) < _READ else ()
    before = Counter(odd.key for _, odd in removed)
    after = Counter(odd.key for _, odd in found)
    for line, odd in found:
        if after[odd.key] > before[odd.key]:
            yield line, odd


def _odd(lines: Iterable[DiffLine]) -> Iterator[tuple[int, Odd]]:
    for line in lines:
        for odd in odd_characters(line.text, first=line.number == 1):
            yield line.number, odd
