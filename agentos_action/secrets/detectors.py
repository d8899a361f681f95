"""The detectors of detect-secrets that rarely cry wolf, on single lines, without its settings and its network."""

from __future__ import annotations

import importlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detect_secrets.plugins.base import BasePlugin

#: (module, class, kind). Left out: entropy, keywords, basic auth and addresses, which hit honest diffs by the
#: hundred; Artifactory (`AP` and nine letters) and IBM IAM (any name of 44 signs after `key =`); and those whose
#: tokens our own patterns judge more exactly (GitHub, GitLab, Discord, npm, private keys, …).
DETECTORS: tuple[tuple[str, str, str], ...] = (
    ("aws", "AWSKeyDetector", "aws-key"),
    ("azure_storage_key", "AzureStorageKeyDetector", "azure-key"),
    ("cloudant", "CloudantDetector", "cloudant-credential"),
    ("ibm_cos_hmac", "IbmCosHmacDetector", "ibm-cos-key"),
    ("mailchimp", "MailchimpDetector", "mailchimp-key"),
    ("sendgrid", "SendGridDetector", "sendgrid-key"),
    ("slack", "SlackDetector", "slack-token"),
    ("softlayer", "SoftlayerDetector", "softlayer-credential"),
    ("square_oauth", "SquareOAuthDetector", "square-token"),
    ("stripe", "StripeDetector", "stripe-key"),
)

#: Every line that a detector hits has one of these (a test draws lines from the detectors' own patterns), and hardly
#: any other line does: detect-secrets takes a fifth of a second to import, so most runs should not.
_WORTH = re.compile(
    r"(?:a3t[a-z0-9]|abia|acca|akia|asia)[0-9a-z]{16}|[0-9a-z]{32}-us[0-9]|sg\.[a-z0-9_-]{22}\.|sq0csp-|[rs]k_live_"
    r"|accountkey=|hooks\.slack\.com|xox[abposr]-\d|api.softlayer.com/soap|cloudant\.com"
    r"|(?:cloudant|clou|cl|softlayer|sl)[_-]?(?:api)?[_-]?(?:key|pwd|pw|pass|token).{0,15}[a-z0-9]{24}"
    r"|secret[-_]?(?:access)?[-_]?key.{0,12}[a-f0-9]{48}",
    re.IGNORECASE,
)
# A secret key of AWS, and how far before it `aws` stands: to begin with the rarer of the two is quick.
_AWS_SECRET = re.compile(r"[0-9a-z/+]{40,}")
_AWS_REACH = 46
#: One of these stands in every such line in small letters; to look for them is quick.
_MARKS = (
    *("a3t", "abia", "acca", "akia", "asia", "-us", "sg.", "sq0csp-", "k_live_", "accountkey=", "aws", "slack", "xox"),
    *("softlayer", "cloudant", "secret", "sl--", "sl-_", "sl_-", "sl__"),
    *(
        f"{name}{joint}{word}"
        for name in ("cl", "clou", "sl")
        for joint in "-_"
        for word in ("api", "key", "p", "token")
    ),
    *(f"{name}{word}" for name in ("cl", "clou", "sl") for word in ("api", "key", "pw", "pass", "token")),
)
#: Several detectors need the square of a line's length, or the cube of the blanks in it.
_LONGEST = 2_000
_BLANKS = re.compile(r" {3,}")
_HEX = re.compile(r"[0-9a-f]+")
_WORD = re.compile(r"[A-Za-z0-9+/_=-]")


def worth(text: str) -> frozenset[int]:
    """Return the numbers (from 0) of the lines that a detector could hit; no other line holds a finding."""
    small = text.lower()
    starts = list(accumulate((len(line) + 1 for line in small.split("\n")), initial=0))
    near = {bisect_right(starts, at) - 1 for mark in _MARKS for at in _places(small, mark)}
    return frozenset(
        number
        for number in near
        if starts[number + 1] - starts[number] <= _LONGEST
        and _is_worth(_BLANKS.sub("  ", small[starts[number] : starts[number + 1]]))
    )


def _is_worth(line: str) -> bool:
    secrets = _AWS_SECRET.finditer(line) if "aws" in line else ()
    near = any("aws" in line[max(0, match.start() - _AWS_REACH) : match.end()] for match in secrets)
    return near or _WORTH.search(line) is not None


def _places(text: str, mark: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)


def credentials(line: str) -> Iterator[tuple[str, str]]:
    """Yield (secret, kind) of everything that a detector takes for a credential in one line."""
    line = _BLANKS.sub("  ", line)
    for kind, detector in _detectors():
        for secret in detector.analyze_string(line):
            if not _part_of_more(line, secret) and not _harmless(secret, kind):
                yield secret, kind


@cache
def _detectors() -> tuple[tuple[str, BasePlugin], ...]:
    return tuple(
        (kind, getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)())
        for module, name, kind in DETECTORS
    )


def _part_of_more(line: str, secret: str) -> bool:
    """Return whether the secret stands inside a longer word (an image in base64, a digest) wherever it stands."""
    at = line.find(secret)
    while at >= 0:
        before, after = line[at - 1 : at] if at else "", line[at + len(secret) : at + len(secret) + 1]
        if not (_WORD.match(before) and before not in "=/") and not (_WORD.match(after) and after not in "=-"):
            return False
        at = line.find(secret, at + 1)
    return True


def _harmless(secret: str, kind: str) -> bool:
    # The digest of a commit beside the word `aws`.
    return kind == "aws-key" and _HEX.fullmatch(secret) is not None
