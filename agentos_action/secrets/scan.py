"""Added lines → the credentials in them: our own patterns first, then (where asked for) detect-secrets' detectors."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from agentos_action.records.base import Base
from agentos_action.records.leak import Leak
from agentos_action.records.patch import DiffFile, DiffLine
from agentos_action.redact import Redactor, tokens
from agentos_action.secrets.exceptions import Baseline, Exceptions
from agentos_action.secrets.placeholders import is_placeholder
from agentos_action.secrets.private_keys import PrivateKey, gone_keys, private_keys

#: Kinds whose hash in a baseline is that of their first word only, and where that word ends.
_FIRST_WORD = {"github-token": "_", "gitlab-token": "-"}
#: A variable that is called a key may hold a plain word; only what is as long as a secret is taken for one.
_SHORTEST_KNOWN = 12
_KEY_STARTS = ("-----BEGIN ", "---- BEGIN ", "Private-Lines:")


class _Held(NamedTuple):
    """A credential in a line of a diff."""

    line: int
    secret: str
    kind: str


def scan(files: Iterable[DiffFile], base: Base, *, deep: bool, known: Redactor | None = None) -> tuple[Leak, ...]:
    """Return where added lines hold a credential, once each line, in the order of the diff.

    `known` has the secrets of the run itself, whatever their shape. `deep` asks detect-secrets too, which is imported
    only where a line looks worth it. What the base itself marks or lists is left out; a mark that the patch brings
    along does not count. So is what the removed lines of the same file hold at least as often: a line that moved, or
    changed beside it.
    """
    baseline = Baseline(base)
    return tuple(
        Leak(file.path, line, kind)
        for file in files
        if file.added
        for line, kind in sorted(_first_kinds(file, Exceptions(file, base, baseline), known, deep=deep).items())
    )


def _first_kinds(file: DiffFile, exceptions: Exceptions, known: Redactor | None, *, deep: bool) -> dict[int, str]:
    found: dict[int, str] = {}
    for number, kind in (*_known(file, known), *_found(file, exceptions, deep=deep)):
        found.setdefault(number, kind)
    return found


def _known(file: DiffFile, known: Redactor | None) -> Iterator[tuple[int, str]]:
    """Yield the added lines that hold a secret of the run's own, more often than the removed ones."""
    if known is None:
        return
    after = [(line.number, form) for line in file.added for form in known.known_in(line.text)]
    before = Counter(form for line in file.removed for form in known.known_in(line.text)) if after else Counter[str]()
    counted = Counter(form for _, form in after)
    for number, form in after:
        if len(form) >= _SHORTEST_KNOWN and counted[form] > before[form]:
            yield number, "a secret of this run"


def _found(file: DiffFile, exceptions: Exceptions, *, deep: bool) -> Iterator[tuple[int, str]]:
    held = list(_held(file.added, deep=deep))
    if held:
        after = Counter(one.secret for one in held)
        before = Counter(one.secret for one in _held(file.removed, deep=deep))
        for line, secret, kind in held:
            if after[secret] > before[secret] and not _allowed(secret, kind, exceptions):
                yield line, kind
    yield from ((key.line, "private-key") for key in _new_keys(file, exceptions))


def _new_keys(file: DiffFile, exceptions: Exceptions) -> Iterator[PrivateKey]:
    """Yield the private keys of which lines are added, which did not stand there before as often."""
    found = list(private_keys(file, _joined(file.added), lambda: exceptions.text))
    if not found:
        return
    after = Counter(key.body for key in found)
    before = Counter(key.body for key in gone_keys(file, exceptions.text))
    for key in found:
        moved = after[key.body] <= before[key.body]
        known = exceptions.allow_known(key.header) and key.sample in exceptions.squeezed
        if not moved and not known:
            yield key


def _allowed(secret: str, kind: str, exceptions: Exceptions) -> bool:
    if exceptions.allow(secret):
        return True
    first = secret.split(_FIRST_WORD[kind], maxsplit=1)[0] if kind in _FIRST_WORD else ""
    return bool(first) and exceptions.lists(first) and secret in exceptions.tokens


def _held(lines: Sequence[DiffLine], *, deep: bool) -> Iterator[_Held]:
    """Yield every credential in some lines; private keys, which are of several lines, apart."""
    text = _joined(lines)
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    spans = []
    for start, end, kind in tokens(text):
        token = text[start:end]
        if not token.startswith(_KEY_STARTS):
            spans.append((start, end))
            if not is_placeholder(token):
                yield _Held(lines[bisect_right(starts, start) - 1].number, token, kind)
    if deep:
        yield from _deeply(lines, _blanked(text, spans))


def _deeply(lines: Sequence[DiffLine], rest: str) -> Iterator[_Held]:
    from agentos_action.secrets.detectors import credentials, worth  # noqa: PLC0415 - the hook never goes so deep

    texts = rest.split("\n")
    for at in sorted(worth(rest)):
        for secret, kind in credentials(texts[at]):
            if not is_placeholder(secret):
                yield _Held(lines[at].number, secret, kind)


def _joined(lines: Iterable[DiffLine]) -> str:
    return "\n".join(line.text.rstrip("\n") for line in lines)


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with what our own patterns judged already as blanks; lines stay where they are."""
    parts, at = [], 0
    for start, end in sorted(spans):
        begin = max(start, at)
        parts += [text[at:begin], " " * (end - begin)]
        at = max(at, end)
    return "".join([*parts, text[at:]])
