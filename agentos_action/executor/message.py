"""The commit message: one cleaned subject, a body, the trailers as the last paragraph, and nothing that acts.

Forges and CI systems act on words in a message: a mention notifies, `Fixes #1` closes, `[skip ci]` hides a commit from
its tests. No text of a task or a model may do that: what makes such words act becomes a space. Spaces and never
nothing, so that no two harmless halves join to a harmful whole.
"""

from __future__ import annotations

import re
import unicodedata

from agentos_action.records.receipt import CommitOrder
from agentos_action.records.trailer import one_line, trailer_value, without_keys

MAX_SUBJECT = 72
FALLBACK = "Change proposed by a model"

# Directives and addresses go as a whole: a word of them alone would mislead the reader.
_DIRECTIVES = re.compile(
    r"\[[^\[\]]{0,40}\b(?:skip\b|no[ _-]?(?:ci|cd|build|actions?)\b)[^\[\]]{0,40}\]"
    r"|\*\*\*\s*no_ci\s*\*\*\*"
    r"|\bskip-checks\s*:\s*true"
    r"|\b[a-z][a-z0-9+.-]{0,30}://\S*"
    r"|\b(?:www\.|(?:github|gitlab|bitbucket|codeberg)\.[a-z]+/)\S*",
    re.IGNORECASE,
)
# Mentions, issue numbers, markup, and the colon of trailers, directives and conventional prefixes (`feat!:` releases).
_MARKS = re.compile(r"[@#\[\]*`<>:\\]")
# rebase acts on `fixup!`, GitLab on `!1`.
_BANGS = re.compile(r"(?:(?<=fixup)|(?<=squash)|(?<=amend))!|!(?=\d)", re.IGNORECASE)
# Jira and Azure link a bare key in capitals.
_CAPITALS = re.compile(r"(?<![A-Za-z0-9_])((?!(?:UTF|SHA|ISO|RFC|CVE|HTTP)-)[A-Z][A-Z0-9_]+)-(?=\d)")
# git takes some of these for a comment, `---` for the end of the message, `/x` is a command to a forge.
_LEADING = "#;@!$%^&|:~-/+=,?*_ "


def message(order: CommitOrder) -> str:
    """Return the commit message of an order, its texts cleaned, so that it has the order's trailers and no other."""
    lines = (_plain(line) for line in order.body.splitlines())
    body = "\n".join(line for line in lines if line)
    trailers = "\n".join(f"{key}: {trailer_value(value)}" for key, value in order.trailers)
    return "\n\n".join(part for part in (subject(order.subject), body, trailers) if part) + "\n"


def subject(text: str, otherwise: str = FALLBACK) -> str:
    """Return the first line of a text that says something as a commit's subject, else that of `otherwise`.

    It is printable, at most 72 characters, and holds nothing that git, a forge or a CI system acts on.
    """
    for line in (*text.splitlines(), *otherwise.splitlines()):
        cleaned = _cut(_plain(line))
        if any(character.isalnum() for character in cleaned):
            return cleaned
    return FALLBACK


def _plain(text: str) -> str:
    line = one_line(_DIRECTIVES.sub(" ", one_line(text)))
    line = _BANGS.sub(" ", _MARKS.sub(" ", line))
    line = " ".join(_CAPITALS.sub(r"\1 ", without_keys(line)).split())
    start = next((at for at, char in enumerate(line) if not _idle(char)), len(line))
    return line[start:]


def _idle(char: str) -> bool:
    """Whether a line may not begin with this: punctuation that acts, or a mark that would hang on nothing."""
    return char in _LEADING or unicodedata.category(char).startswith("M")


def _cut(line: str) -> str:
    """Cut at a word where one ends in the second half, else before a character with all that hangs on it."""
    if len(line) <= MAX_SUBJECT:
        return line
    at = line.rfind(" ", MAX_SUBJECT // 2, MAX_SUBJECT + 1)
    if at < 0:
        at = MAX_SUBJECT
        while at > 0 and unicodedata.category(line[at]).startswith("M"):
            at -= 1
    return line[:at].rstrip()
