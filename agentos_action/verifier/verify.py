"""All rules run, always; the verdict lists every finding and seals an acceptance where none is an error."""

from __future__ import annotations

from agentos_action.records.verdict import DiffValidationResult, Finding, Verdict, sealed
from agentos_action.verifier.rules.binding import binding
from agentos_action.verifier.rules.kinds import kinds
from agentos_action.verifier.rules.paths import paths
from agentos_action.verifier.rules.placement import placement
from agentos_action.verifier.rules.protected import protected
from agentos_action.verifier.rules.secrets import secrets
from agentos_action.verifier.rules.size import size
from agentos_action.verifier.rules.text import text
from agentos_action.verifier.subject import Rule, Subject

RULES: dict[str, Rule] = {
    "paths": paths,
    "protected": protected,
    "kinds": kinds,
    "size": size,
    "placement": placement,
    "binding": binding,
    "text": text,
    "secrets": secrets,
}


def verify(subject: Subject, policy_sha256: str, *, found_before: tuple[Finding, ...] = ()) -> Verdict:
    """Judge a patch; `found_before` are findings that reading the answer already gave.

    Pure: the same subject gives the same verdict, whatever the time, the machine or the repository.
    """
    findings = [*found_before, *(finding for rule in RULES.values() for finding in rule(subject))]
    errors = tuple(finding for finding in findings if finding.severity == "error")
    warnings = tuple(finding for finding in findings if finding.severity == "warning")
    patch = subject.patch
    result = DiffValidationResult(
        is_valid=not errors,
        errors=errors,
        warnings=warnings,
        files=tuple(change.path.encode("utf-8", "replace").decode() for change in patch.changes),
        added=sum(len(file.added) for file in patch.files),
        removed=sum(len(file.removed) for file in patch.files),
    )
    if errors:
        return Verdict(result, None)
    accepted = sealed(
        diff=patch.text,
        diff_sha256=patch.sha256,
        policy_sha256=policy_sha256,
        base=subject.surroundings.base,
        changes=patch.changes,
        warnings=warnings,
    )
    return Verdict(result, accepted)
