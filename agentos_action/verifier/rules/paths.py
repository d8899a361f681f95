"""Rule `paths`: every name is a clean path, only itself everywhere, and policy and task both allow it."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.patch import MODE_GITLINK, MODE_LINK
from agentos_action.records.verdict import Finding, Severity
from agentos_action.verifier.globs import allows, forbids, literal_part
from agentos_action.verifier.names import NOT_ON_WINDOWS, shortens, unclean
from agentos_action.verifier.places import STEERING_NAMES
from agentos_action.verifier.skeletons import look_alike
from agentos_action.verifier.subject import Subject, every_name
from agentos_action.verifier.twins import twins


def paths(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every name that is unclean, a double, unlisted, forbidden, or behind a link or submodule."""
    clean = set()
    for name in every_name(subject):
        found = unclean(name) or _short_of_steering(name)
        if found:
            code, said = found
            yield _finding(code, name, said, "Name a plain path inside the repository.")
            continue
        clean.add(name)
        yield from _listed(subject, name)
        yield from _like_listed(subject, name)
        if name in subject.surroundings.blocked:
            parent, mode = subject.surroundings.blocked[name]
            what = {MODE_LINK: "a symbolic link", MODE_GITLINK: "a submodule"}.get(mode, "a file")
            yield _finding("paths.through", name, f"its parent {parent!r} is {what}", "Change the real file.")
    yield from _both(subject)
    for name, code, said in twins(subject):
        if name in clean:
            yield _finding(code, name, said, "Use the name that is there, or one that differs by more.")
    yield from _not_on_windows(subject, clean)


def _short_of_steering(name: str) -> tuple[str, str] | None:
    for part in name.split("/") if "~" in name else ():
        longer = next((each for each in STEERING_NAMES if shortens(part, each)), None)
        if longer is not None:
            return "paths.windows", f"{part!r} is what Windows may call {longer!r}"
    return None


def _both(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every name below a file that the same patch leaves behind: no tree can hold both."""
    made = {change.new_path for change in subject.patch.changes if change.new_path}
    # Only as deep as a name of the patch is long: a name of a hundred thousand parts costs no more than another.
    lengths = sorted({len(name) for name in made})
    for name in sorted(made):
        cuts = (at for at in lengths if at < len(name) and name[at] == "/")
        parent = next((name[:at] for at in cuts if name[:at] in made), None)
        if parent is not None:
            yield _finding("paths.through", name, f"its parent {parent!r} is a file of this patch", "Choose one.")


def _listed(subject: Subject, name: str) -> Iterator[Finding]:
    if not allows((*subject.policy.allowed_paths, *subject.exceptions), name):
        yield _finding("paths.not-allowed", name, "the policy's allowed_paths do not list it", _narrow("agentos.toml"))
    if subject.task_allowed and not allows(subject.task_allowed, name):
        yield _finding("paths.not-allowed", name, "the task's allowed_paths do not list it", _narrow("the task"))
    if forbids(subject.policy.forbidden_paths, name):
        yield _finding("paths.forbidden", name, "the policy's forbidden_paths hold it", "Leave that file alone.")
    if subject.task_forbidden and forbids(subject.task_forbidden, name):
        yield _finding("paths.forbidden", name, "the task's forbidden_paths hold it", "Leave that file alone.")


def _narrow(where: str) -> str:
    return f"Leave that file alone, or widen allowed_paths in {where}."


def _like_listed(subject: Subject, name: str) -> Iterator[Finding]:
    """Yield a finding for a name that only looks like what an allowed pattern spells out."""
    if name.isascii():
        return
    patterns = (*subject.policy.allowed_paths, *subject.exceptions, *subject.task_allowed)
    spelled = {part for pattern in patterns for part in _whole_parts(pattern)}
    for part in name.split("/"):
        like = next((each for each in sorted(spelled) if look_alike(part, each)), None)
        if like is not None and part not in spelled:
            said = f"{part!r} looks like {like!r}, which allowed_paths name, and is another name"
            yield _finding("paths.lookalike", name, said, f"Write {like!r}.")
            return


def _whole_parts(pattern: str) -> list[str]:
    literal = literal_part(pattern)
    # A part with a wildcard in it is spelled out by half.
    return literal.split("/") if literal == pattern else literal.split("/")[:-1]


def _not_on_windows(subject: Subject, clean: set[str]) -> Iterator[Finding]:
    for change in subject.patch.changes:
        name = change.new_path
        held = sorted(NOT_ON_WINDOWS.intersection(name or ""))
        if name in clean and name != change.old_path and held:
            said = f"git on Windows cannot check it out, as it holds {' '.join(held)}"
            yield _finding("paths.not-portable", name, said, "Choose another name if it matters.", "warning")


def _finding(code: str, name: str, said: str, hint: str, severity: Severity = "error") -> Finding:
    shown = name.encode("utf-8", "backslashreplace").decode()
    return Finding(id=code, severity=severity, path=shown, message=f"{shown!r}: {said}", hint=hint)
