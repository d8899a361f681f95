"""Strings of a credential's shape that stand for one: `ghp_xxxx…`, `AKIAIOSFODNN7EXAMPLE`, `sk-your-key-here`."""

from __future__ import annotations

import re
import string

#: A random token holds one of these by chance about once in ten thousand.
_WORDS = re.compile(
    r"example|xxxx|your|placeholder|dummy|changeme|change-me|redacted|sample|fake|insert|0000000000", re.IGNORECASE
)

_AZURITE = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

#: Published for everybody: the first sample of jwt.io, Stripe's key for its documentation, the key of Azure's emulator.
_KNOWN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwi",
    "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
    _AZURITE,
    "AccountKey=" + _AZURITE,
)

# Only the beginning is read for words: in a text of thousands of random letters any word turns up.
_READ = 120
_TAIL = 16

# `abcdefghijklmnop`, `1234567890abcdef`, `vwxyz01234567890`: as many signs in their order are no chance.
_RUN = 16
_ORDERS = tuple(
    digits + string.ascii_lowercase + digits + string.ascii_lowercase for digits in (string.digits, "1234567890")
)
_RUNS = frozenset(order[at : at + _RUN] for order in _ORDERS for at in range(len(order) - _RUN + 1))


def is_placeholder(token: str) -> bool:
    """Return whether a string of a token's shape is plainly made up or published: by a word, a run, its end."""
    if _WORDS.search(token[:_READ]) or token.startswith(_KNOWN) or _runs(token[:_READ].lower()):
        return True
    return len(set(token[-_TAIL:])) <= 2  # noqa: PLR2004 - `aaaa…`, `abab…`


def _runs(small: str) -> bool:
    return any(small[at : at + _RUN] in _RUNS for at in range(len(small) - _RUN + 1))
