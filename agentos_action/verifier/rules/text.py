"""Rule `text`: added lines are what they look like; no turned, invisible, controlling or imitated characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from agentos_action.records.patch import DiffFile, DiffLine, FileChange
from agentos_action.records.verdict import Finding
from agentos_action.verifier.characters import LINE_END, Odd, odd_characters
from agentos_action.verifier.disguises import disguises
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

_ENDINGS = "Give all lines of the file the same ending."

# Where words may be cut by soft hyphens.
_PROSE = (".md", ".rst", ".html", ".tex", ".po", ".txt")
_WORDS = re.compile(r"\w+")


def text(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every such character in an added line that the removed lines of its file do not hold."""
    changes = {change.path: change for change in subject.patch.changes}
    for file in subject.patch.files:
        path = file.path.encode("utf-8", "replace").decode()
        told: Counter[str] = Counter()
        for line, odd in _new(file, _Contents(changes.get(file.path))):
            told[odd.id] += 1
            if told[odd.id] <= MOST:
                message = f"{path!r}: line {line} holds {odd.said}"
                hint = _ENDINGS if odd.key[0] == LINE_END else _HINTS[odd.id]
                yield Finding(id=odd.id, path=path, line=line, message=message, hint=hint)
        for code, count in told.items():
            if count > MOST:
                message = f"{path!r}: {count - MOST:,} more of this kind at least"
                yield Finding(id=code, path=path, message=message, hint=_HINTS[code])


class _Contents:
    """What the whole file, before and after, says about its single lines; each is read when a line needs it."""

    def __init__(self, change: FileChange | None) -> None:
        self._old = change.old.content if change and change.old else b""
        self._new = change.new.content if change and change.new else b""
        self.python = change is not None and change.path.lower().endswith((".py", ".pyi", ".pyw"))
        self.prose = change is not None and change.path.lower().endswith(_PROSE)
        #: A new file may begin with a byte order mark; another one keeps the one it has.
        self.marked = change is None or change.old is None or self._old.startswith(b"\xef\xbb\xbf")

    @cached_property
    def returns(self) -> bool:
        """Whether lines may end in a carriage return: one did before, or now all do."""
        kept = b"\r\n" in self._old or self._old.endswith(b"\r")
        return kept or self._new.count(b"\n") == self._new.count(b"\r\n")

    def stands(self, word: str) -> bool:
        """Return whether a word (in small letters) stands in the file, before or after."""
        return word in self._words

    @cached_property
    def _words(self) -> frozenset[str]:
        both = b"\n".join([self._old, self._new]).decode("utf-8", "replace")
        return frozenset(_WORDS.findall(both.casefold()))


def _new(file: DiffFile, contents: _Contents) -> Iterator[tuple[int, Odd]]:
    """Yield (line, what is odd) for what stands in added lines more often than in removed ones."""
    found = list(islice(_odd(file.added, contents), _READ))
    if not found:
        return
    # What was not read to its end is not weighed against what was there.
    removed = _odd(file.removed, contents) if len(found) < _READ else ()
    before = Counter(odd.key for _, odd in removed)
    after = Counter(odd.key for _, odd in found)
    for line, odd in found:
        if after[odd.key] > before[odd.key]:
            yield line, odd


def _odd(lines: Iterable[DiffLine], contents: _Contents) -> Iterator[tuple[int, Odd]]:
    for line in lines:
        first = line.number == 1 and contents.marked
        for odd in odd_characters(line.text, first=first, prose=contents.prose, stands=contents.stands):
            yield line.number, odd
        plain = line.text.removesuffix("\n")
        if not contents.prose and not plain.isascii():
            for column, word in disguises(plain, contents.stands, python=contents.python):
                yield line.number, Odd("text.lookalike", word, column)
        if plain.endswith("\r") and not contents.returns:
            yield line.number, Odd("text.control", LINE_END, len(plain))
