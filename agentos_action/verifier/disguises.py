"""Words of code written wholly in other letters, and letters that look like operators: what a reader takes for code."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterator

# Letters that Python reads as the plain ones: script and double-struck, full width, mathematical.
_COMPATIBLE = re.compile("[\u2102-\u214f\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]")
# Cyrillic letters that are drawn as Latin ones: a word of nothing else can be taken for another.
_DRAWN_ALIKE = (
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0455\u0458\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0405\u0408"
)
_CYRILLIC = re.compile(rf"(?<!\w)[{_DRAWN_ALIKE}]{{4,}}(?!\w)")
# Letters of Khoisan languages, where an operator would stand: `a\u01c3= b`, `a \u01c0\u01c0 b`.
_CLICKS = re.compile("\u01c3(?=\\s*=)|(?<=\\s)[\u01c0\u01c1]{1,2}(?=\\s)")
# A word that mixes them with plain ones is seen as such, see `lookalikes`.
_ASCII = re.compile(r"[A-Za-z]")
_WORDS = re.compile(r"\w+")
_QUOTES = frozenset("\"'`")
_KNOWN = frozenset(name.casefold() for name in (*dir(builtins), *keyword.kwlist))


def disguises(line: str, stands: Callable[[str], bool], *, python: bool) -> Iterator[tuple[int, str]]:
    """Yield (column from 1, text) for what is no word and no operator but is read as one; `line` is no prose.

    `stands` says whether the file holds a word (in small letters), `python` that its language folds letters.
    """
    for match in _CLICKS.finditer(line):
        yield match.start() + 1, match[0][0]
    if python and _COMPATIBLE.search(line):
        for match in _WORDS.finditer(line):
            around = {line[match.start() - 1 : match.start()], line[match.end() : match.end() + 1]}
            whole = _COMPATIBLE.search(match[0]) and not _ASCII.search(match[0])
            if whole and not around <= _QUOTES and _folds(match[0], stands):
                yield match.start() + 1, match[0]
    for match in _CYRILLIC.finditer(line):
        if stands(_plain(match[0])):
            yield match.start() + 1, match[0]


def _folds(word: str, stands: Callable[[str], bool]) -> bool:
    twin = unicodedata.normalize("NFKC", word)
    return twin.isascii() and twin.isidentifier() and (twin.casefold() in _KNOWN or stands(twin.casefold()))


def _plain(word: str) -> str:
    from agentos_action.verifier.lookalikes import plain  # noqa: PLC0415 - its table is large

    return plain(word)
