"""Strings of a credential's shape that stand for one: `ghp_xxxx…`, `AKIAIOSFODNN7EXAMPLE`, `sk-your-key-here`."""

from __future__ import annotations

import re

#: A random token holds one of these by chance about once in ten thousand.
_WORDS = re.compile(
    r"example|xxxx|your|placeholder|dummy|changeme|change-me|redacted|sample|fake|insert|0000000000", re.IGNORECASE
)

#: The first sample of jwt.io, which half of all documentation shows.
_KNOWN = ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwi",)

# Only the beginning is read for words: in a text of thousands of random letters any word turns up.
_READ = 120
_TAIL = 16


def is_placeholder(token: str) -> bool:
    """Return whether a string of a token's shape is plainly made up: a word says so, or its end is one or two signs."""
    if _WORDS.search(token[:_READ]) or token.startswith(_KNOWN):
        return True
    return len(set(token[-_TAIL:])) <= 2  # noqa: PLR2004 - `aaaa…`, `abab…`
