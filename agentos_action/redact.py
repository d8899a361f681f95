"""Text → text without secrets; also says where a text holds something of a known token's shape."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

# A token begins where no word goes on before it; the letter of an escape (JSON in a text: `\\nghp_…`) is no word.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf]))"

#: Shapes of tokens whose issuers publish a fixed prefix, and of private keys; named for the finding.
TOKEN_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(_START + shape[2:] if shape.startswith(r"\b") else shape))
    for name, shape in (
        (
            "private-key",
            # The body may hold hyphens (`DEK-Info: AES-128-CBC`); it never runs into the next key.
            (
                r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
                r"(?:(?:(?!-----BEGIN )[\s\S]){0,16384}?-----END[^-]{0,40}-----)?"
            ),
        ),
        ("github-token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b"),
        ("gitlab-token", r"\bglpat-[A-Za-z0-9_-]{20,64}\b"),
        ("anthropic-key", r"\bsk-ant-[A-Za-z0-9_-]{20,200}"),
        ("openai-key", r"\bsk-(?!ant-)(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,200}"),
        ("aws-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        ("slack-token", r"\bxox[abprs]-[A-Za-z0-9-]{10,200}"),
        ("google-key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("stripe-key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}\b"),
        ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("pypi-token", r"\bpypi-[A-Za-z0-9_-]{50,300}"),
        ("jwt", r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}"),
    )
)
_USERINFO = re.compile(r"(?<=://)[^/\s@:'\"]{1,256}(?::[^/\s@'\"]{0,256})?@")

#: Shorter values are no secrets worth the damage of replacing them everywhere.
SHORTEST = 6


class Redactor:
    """Replaces configured secrets in every usual spelling, known token shapes and userinfo in URLs."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _spellings(secret)}
        ordered = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """Return the text with every secret replaced by `[redacted:KIND]`."""
        if self._known:
            text = self._known.sub("[redacted:secret]", text)
        for name, shape in TOKEN_SHAPES:
            text = shape.sub(f"[redacted:{name}]", text)
        return _USERINFO.sub("[redacted:userinfo]@", text)


def _spellings(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    encoded = base64.b64encode(raw).decode()
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(raw, safe=""),
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
    }


def token_lines(text: str) -> list[tuple[int, str]]:
    """Return (line from 1, kind) of everything that has the shape of a known token."""
    found = [(match.start(), name) for name, shape in TOKEN_SHAPES for match in shape.finditer(text)]
    return [(text.count("\n", 0, start) + 1, name) for start, name in sorted(found)]
