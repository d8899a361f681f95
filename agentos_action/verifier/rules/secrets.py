"""Rule `secrets`: no added line holds a credential; the scan ran before and hands its findings in."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject

_HINT = (
    "Take it out and read it from the environment; a real one is known now, so rotate it. A made-up one is let stand by"
    " `pragma: allowlist secret` beside it or its hash in .secrets.baseline, if the base commit has that already."
)


def secrets(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every added line with a credential in it; never the credential."""
    for leak in subject.leaks:
        path = leak.path.encode("utf-8", "replace").decode()
        message = f"{path!r}: line {leak.line} holds a credential ({leak.kind})"
        yield Finding(id="secrets.credential", path=path, line=leak.line, message=message, hint=_HINT)
