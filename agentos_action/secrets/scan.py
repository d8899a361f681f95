"""Added lines → the credentials in them: our own patterns first, then (where asked for) detect-secrets' detectors."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from agentos_action.records.base import Base
from agentos_action.records.leak import Leak
from agentos_action.records.patch import DiffFile
from agentos_action.redact import tokens
from agentos_action.secrets.exceptions import Baseline, Exceptions
from agentos_action.secrets.placeholders import is_placeholder
from agentos_action.secrets.private_keys import private_keys, squeezed

#: Kinds whose hash in a baseline is that of their first word only, and where that word ends.
_FIRST_WORD = {"github-token": "_", "gitlab-token": "-"}
_KEY_STARTS = ("-----BEGIN ", "---- BEGIN ", "Private-Lines:")


def scan(files: Iterable[DiffFile], base: Base, *, deep: bool) -> tuple[Leak, ...]:
    """Return where added lines hold a credential, once each line, in the order of the diff.

    `deep` asks detect-secrets too, which is imported only where a line looks worth it. What the base itself marks or
    lists is left out; a mark that the patch brings along does not count.
    """
    baseline = Baseline(base)
    return tuple(
        Leak(file.path, line, kind)
        for file in files
        if file.added
        for line, kind in sorted(_first_kinds(file, Exceptions(file, base, baseline), deep=deep).items())
    )


def _first_kinds(file: DiffFile, exceptions: Exceptions, *, deep: bool) -> dict[int, str]:
    found: dict[int, str] = {}
    for number, kind in _found(file, exceptions, deep=deep):
        found.setdefault(number, kind)
    return found


def _found(file: DiffFile, exceptions: Exceptions, *, deep: bool) -> Iterator[tuple[int, str]]:
    lines = [line.text.rstrip("\n") for line in file.added]
    added = "\n".join(lines)
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    spans = []
    for start, end, kind in tokens(added):
        token = added[start:end]
        if not token.startswith(_KEY_STARTS):
            spans.append((start, end))
            if not is_placeholder(token) and not _allowed(token, kind, exceptions):
                yield file.added[bisect_right(starts, start) - 1].number, kind
    for key in private_keys(file, added, lambda: exceptions.text):
        known = key.sample in squeezed(exceptions.text) and exceptions.allow_known(key.header)
        if not known:
            yield key.line, "private-key"
    if deep:
        yield from _deeply(file, _blanked(added, spans), exceptions)


def _allowed(token: str, kind: str, exceptions: Exceptions) -> bool:
    if exceptions.allow(token):
        return True
    first = token.split(_FIRST_WORD[kind], maxsplit=1)[0] if kind in _FIRST_WORD else ""
    return bool(first) and token in exceptions.text and exceptions.lists(first)


def _deeply(file: DiffFile, rest: str, exceptions: Exceptions) -> Iterator[tuple[int, str]]:
    from agentos_action.secrets.detectors import credentials, worth  # noqa: PLC0415 - the hook never goes so deep

    lines = rest.split("\n")
    for number in sorted(worth(rest)):
        for secret, kind in credentials(lines[number]):
            if not is_placeholder(secret) and not exceptions.allow(secret):
                yield file.added[number].number, kind


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with what our own patterns judged already as blanks; lines stay where they are."""
    parts, at = [], 0
    for start, end in sorted(spans):
        begin = max(start, at)
        parts += [text[at:begin], " " * (end - begin)]
        at = max(at, end)
    return "".join([*parts, text[at:]])
