"""Text → text without secrets; also says where a text holds something of a known token's shape."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

# A token begins where no word goes on before it; the letter of an escape (JSON in a text: `\\nghp_…`) is no word.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf]))"
# The same behind the first letter: a pattern that begins with a letter is found much faster.
_STARTED = r"(?:(?<![A-Za-z0-9_].)|(?<=\\[nrtbf].))"
# The same where the token's own parts may begin with a hyphen: else a row of beginnings is a trap for time.
_LONE = r"(?:(?<![A-Za-z0-9_-])|(?<=\n-)|(?<=\A-)|(?<=\\[nrtbf]))"


class TokenShape(NamedTuple):
    """How credentials of one issuer look: each begins with one of the `marks` (none: it may begin with anything)."""

    kind: str
    marks: tuple[str, ...]
    source: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern; `re` keeps it, and a run that meets no mark compiles none."""
        return re.compile(self.source)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where such credentials stand, not overlapping; finding words is a hundred times faster than shapes."""
        if not self.marks:
            yield from (match.span() for match in self.pattern.finditer(text))
            return
        for mark in self.marks:
            at = text.find(mark)
            while at >= 0:
                match = self.pattern.match(text, at)
                if match:
                    yield match.span()
                at = text.find(mark, match.end() if match else at + len(mark))


def _shape(kind: str, marks: str, pattern: str) -> TokenShape:
    return TokenShape(kind, tuple(marks.split()), pattern)


def _token(kind: str, marks: str, pattern: str) -> TokenShape:
    return _shape(kind, marks, _START + pattern)


#: Shapes of tokens whose issuers publish a fixed prefix, and of private keys; named for the finding.
TOKEN_SHAPES: tuple[TokenShape, ...] = (
    _shape(
        "private-key",
        "-----BEGIN",
        # The body may hold hyphens (`DEK-Info: AES-128-CBC`); it never runs into the next key.
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:(?!-----BEGIN )[\s\S]){0,16384}?-----END[^-]{0,40}-----)?",
    ),
    _shape(
        "private-key",
        "----",
        r"---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----"
        r"(?:(?:(?!---- BEGIN )[\s\S]){0,16384}?---- END SSH2 (?:ENCRYPTED )?PRIVATE KEY ----)?",
    ),
    _shape(
        "private-key",
        "Private-Lines:",
        r"Private-Lines: ?[0-9]{1,4}(?:[^A-Za-z0-9+/]{1,8}[A-Za-z0-9+/=]{20,64}){1,256}",
    ),
    _token("private-key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58,200}\b"),
    _token(
        "private-key",
        "PrivateKey PresharedKey",
        r"(?:PrivateKey|PresharedKey) ?= ?[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])",
    ),
    _token("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}\b"),
    _token("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{50,255}\b"),
    _token(
        "gitlab-token",
        "glpat- gldt- glft- glrt- glrtr- glsoat- glptt- glimt- glagent- gloas- glffct- glcbt- glwt-",
        r"gl(?:pat|dt|ft|rt|rtr|soat|ptt|imt|agent|oas|ffct|cbt|wt)-[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{9})?",
    ),
    _token("gitlab-token", "GR1348941", r"GR1348941[A-Za-z0-9_-]{20,50}"),
    _token("anthropic-key", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{20,200}"),
    _token(
        "openai-key", "sk-", r"sk-(?:proj|svcacct|admin|service|or-v1)-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,250}"
    ),
    # Without a second prefix a token is one long word; `sk-toggleable__content-arrow` is a CSS class.
    _token("openai-key", "sk-", r"sk-(?=[A-Za-z]{0,60}[0-9])[A-Za-z0-9]{20,200}\b"),
    _token("aws-key", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    _token(
        "slack-token",
        "xoxa xoxb xoxe xoxo xoxp xoxr xoxs",
        r"xox[abeoprs][-.](?=[A-Za-z.-]{0,60}[0-9])[A-Za-z0-9.-]{10,250}",
    ),
    _token("slack-token", "xapp-", r"xapp-[0-9]-(?=[A-Za-z-]{0,60}[0-9])[A-Za-z0-9-]{20,250}"),
    _shape(
        "slack-webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[TE][A-Z0-9]{6,12}/[A-Z0-9]{6,20}/[A-Za-z0-9/]{18,60}",
    ),
    _shape(
        "discord-webhook",
        "discord.com discordapp.com",
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}",
    ),
    _token("google-key", "AIza", r"AIza[A-Za-z0-9_-]{35}\b"),
    _token("google-token", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    _token("google-token", "ya29.", r"ya29\.[A-Za-z0-9_-]{30,400}"),
    _token("stripe-key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,200}\b"),
    _token("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/]{32,88}"),
    _token("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}\b"),
    _shape("npm-token", ":_authToken=", r":_authToken=[ \"]?[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}\b"),
    _token("pypi-token", "pypi-", r"pypi-[A-Za-z0-9_-]{50,300}"),
    _token("rubygems-key", "rubygems_", r"rubygems_[a-f0-9]{48}\b"),
    _token("sendgrid-key", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _token("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{34,40}\b"),
    _token("digitalocean-token", "dop_v1_ dor_v1_ doo_v1_", r"do[opr]_v1_[a-f0-9]{64}\b"),
    _token("docker-token", "dckr_pat_ dckr_oat_", r"dckr_[po]at_[A-Za-z0-9_-]{27,40}"),
    _token("databricks-token", "dapi", r"dapi[a-f0-9]{32}(?:-[0-9])?\b"),
    _token("twilio-key", "SK", r"SK[0-9a-f]{32}\b"),
    _shape(
        "discord-token", "", r"[MNO]" + _STARTED + r"[A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}\b"
    ),
    _shape("telegram-token", "", r"[0-9]" + _STARTED + r"[0-9]{7,9}:AA[A-Za-z0-9_-]{33}\b"),
    _shape("azure-key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    _shape("azure-key", "SharedAccessKey=", r"SharedAccessKey=[A-Za-z0-9+/]{43}="),
    _token("shopify-token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}\b"),
    _token("square-token", "sq0atp- sq0csp-", r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}"),
    _token("vault-token", "hvs. hvb.", r"hv[bs]\.[A-Za-z0-9_-]{24,250}"),
    _token("grafana-token", "glsa_", r"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b"),
    _token("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{52}\b"),
    _token("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37}\b"),
    _token("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{48}\b"),
    _token("xai-key", "xai-", r"xai-[A-Za-z0-9]{80}\b"),
    _token("newrelic-key", "NRAK-", r"NRAK-[A-Z0-9]{27}\b"),
    _shape("jwt", "eyJ", _LONE + r"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}"),
)
# User information ends at the last `@` before path, query or fragment; in JSON a slash may be escaped.
_USERINFO = re.compile(r"(?:(?<=://)|(?<=:\\/\\/))[^/?#\s'\"\\]{1,512}@")

#: Shorter values are no secrets worth the damage of replacing them everywhere.
SHORTEST = 6
#: No token is shorter (Slack's), so most texts of evidence need not be looked through for one.
_SHORTEST_TOKEN = 15

#: Where a text holds none of these, a secret in it is spelled plainly or in one of the fixed forms.
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\/|&#?[A-Za-z0-9]{2,10};")
_SHORT = {'"': '"', "/": "/", "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_MARK = "[redacted:secret]"


class Redactor:
    """Replaces configured secrets in every usual spelling, known token shapes and userinfo in URLs."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        forms = {form for secret in self._secrets for form in _spellings(secret)}
        self._forms = sorted(forms, key=len, reverse=True)

    def known_in(self, text: str) -> tuple[str, ...]:
        """Return the spellings of configured secrets that stand in a text."""
        return tuple(form for form in self._forms if form in text)

    def text(self, text: str) -> str:
        """Return the text with every secret replaced by `[redacted:KIND]`."""
        # Finding words is much faster than one pattern of many; `re` keeps the pattern that is needed.
        if any(form in text for form in self._forms):
            text = re.sub("|".join(map(re.escape, self._forms)), _MARK, text)
        if self._secrets and _ESCAPES.search(text):
            for secret in self._secrets:
                text = re.sub(_escaped(secret), _MARK, text)
        for shape in TOKEN_SHAPES if len(text) >= _SHORTEST_TOKEN else ():
            text = _without(text, sorted(shape.spans(text)), f"[redacted:{shape.kind}]")
        return _USERINFO.sub("[redacted:userinfo]@", text)


def _spellings(secret: str) -> set[str]:
    """Return a secret as plain text, JSON (in JSON, in JSON), URL, HTML, hex and base64 have it."""
    from html import escape  # noqa: PLC0415 - it reads a table of entities, and a hook has no secrets

    raw = secret.encode("utf-8", "surrogateescape")
    forms = {
        secret,
        escape(secret),
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        raw.hex(),
        raw.hex().upper(),
    }
    for ascii_only in (True, False):
        told = secret
        for _ in range(3):
            told = json.dumps(told, ensure_ascii=ascii_only)[1:-1]
            forms.add(told)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        forms |= {whole, whole.rstrip("="), *(_inside(encode, raw, shift) for shift in range(3))}
    return forms


def _inside(encode: Callable[[bytes], bytes], raw: bytes, shift: int) -> str:
    """Return the characters that base64 of a longer text has for `raw`, whatever stands around it.

    The secret begins `shift` bytes into a group of three; a character that holds bits of a neighbour is left out.
    """
    encoded = encode(b"\0" * shift + raw)
    shared = (0, 3, 2)[(shift + len(raw)) % 3]
    return encoded[(0, 2, 3)[shift] : len(encoded) - shared].decode()


def _escaped(secret: str) -> str:
    """Return a pattern for a secret of which each character may be escaped as a URL, JSON or HTML does, or be plain."""
    return "".join(_character(match[0]) for match in re.finditer(r"\\+|[\s\S]", secret))


def _character(text: str) -> str:
    """Return the pattern of one character, or of a row of backslashes; every way begins with a plain character."""
    from html import escape  # noqa: PLC0415 - as above

    raw = text.encode("utf-8", "surrogateescape")
    ways = [re.escape(text), "".join(f"%(?:25){{0,3}}{_hex(f'{byte:02x}')}" for byte in raw)]
    if text[0] == "\\":
        ways.append(rf"\\{{{len(text)},{8 * len(text)}}}")
    units = text.encode("utf-16-be", "surrogatepass").hex()
    parts = (units[at : at + 4] for at in range(0, len(units), 4))
    ways.append("".join(rf"\\{{1,8}}u{_hex(part)}" for part in parts))
    ways += [rf"\\{{1,8}}{_SHORT[text]}"] if text in _SHORT else []
    ways += [r"\+"] if text == " " else []
    named = escape(text)
    ways += [named] if named != text else []
    ways.append("".join(rf"&#(?:0{{0,6}}{ord(char)}|[xX]0{{0,6}}{_hex(f'{ord(char):x}')});" for char in text))
    return f"(?:{'|'.join(ways)})"


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _without(text: str, spans: list[tuple[int, int]], instead: str) -> str:
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], instead]
        at = end
    return "".join([*parts, text[at:]])


def tokens(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, kind) of everything that has the shape of a known token, in the order of the shapes."""
    for shape in TOKEN_SHAPES:
        for start, end in shape.spans(text):
            yield start, end, shape.kind


def token_lines(text: str) -> list[tuple[int, str]]:
    """Return (line from 1, kind) of everything that has the shape of a known token."""
    found = [(start, kind) for start, _, kind in tokens(text)]
    return [(text.count("\n", 0, start) + 1, kind) for start, kind in sorted(found)]
