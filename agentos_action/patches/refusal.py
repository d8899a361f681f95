"""Why an answer gave no patch: findings, raised inside this room and handed out as values by `resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentos_action.records.verdict import Finding

if TYPE_CHECKING:
    from agentos_action.patches.built import Changes


class Refused(Exception):  # noqa: N818 - a refusal is an expected outcome; it never leaves the room
    """One or more findings that end the reading of an answer; `besides` is what of it can still be judged."""

    def __init__(self, *findings: Finding, besides: Changes | None = None) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings
        self.besides = besides


def refuse(code: str, message: str, hint: str = "", *, path: str | None = None, line: int | None = None) -> Refused:
    """Return a `Refused` with one finding; `code` is its stable id."""
    return Refused(
        Finding(id=code, path=_clean(path), line=line, message=_clean(message) or "", hint=_clean(hint) or "")
    )


def _clean(text: str | None) -> str | None:
    # Model text may hold lone surrogates, which no record (and no JSON) can carry.
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
