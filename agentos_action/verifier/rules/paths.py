"""Rule `paths`: every name is a clean path, only itself everywhere, and policy and task both allow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from agentos_action.records.patch import MODE_GITLINK, MODE_LINK
from agentos_action.records.verdict import Finding, Severity
from agentos_action.verifier.globs import allows, forbids, literal_part
from agentos_action.verifier.names import NOT_ON_WINDOWS, folded, unclean
from agentos_action.verifier.places import STEERING_NAMES
from agentos_action.verifier.shorts import Short, as_short, shorts_of
from agentos_action.verifier.skeletons import look_alike, skeleton
from agentos_action.verifier.subject import Subject, every_name
from agentos_action.verifier.twins import twins

#: What git asks of a folder before it takes it for a repository: these names, in any spelling, are in it.
_REPOSITORIES = (frozenset({"head", "objects", "refs"}), frozenset({"head", "commondir"}))
_IN_REPOSITORIES = frozenset[str]().union(*_REPOSITORIES)


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
    for name, code, said in twins(subject, clean):
        yield _finding(code, name, said, "Use the name that is there, or one that differs by more.")
    yield from _in_repositories(subject, clean)
    yield from _not_portable(subject, clean)


def _short_of_steering(name: str) -> tuple[str, str] | None:
    for part in name.split("/") if "~" in name else ():
        for short in as_short(part):
            longer = _steering().get(short)
            if longer is not None:
                return "paths.windows", f"{part!r} is what Windows may call {longer!r}"
    return None


@lru_cache(maxsize=1)
def _steering() -> dict[Short, str]:
    return {short: name for name in reversed(STEERING_NAMES) for short in shorts_of(name)}


def _in_repositories(subject: Subject, clean: set[str]) -> Iterator[Finding]:
    """Yield a finding for every name in a folder that git would take for a repository of its own, and obey."""
    found = sorted(folder for folder in _repositories(subject, clean) if folder)  # the root has its own .git
    for name in every_name(subject) if found else ():
        folder = next((each for each in found if name in clean and name.startswith(f"{each}/")), None)
        if folder is not None:
            said = f"git takes the folder {folder!r} for a repository of its own, and runs what its settings say"
            yield _finding("paths.git-folder", name, said, "Make such a folder in a test, while it runs.")


def _repositories(subject: Subject, clean: set[str]) -> Iterator[str]:
    """Yield the folders that hold what makes a repository, with what stays in them and what is new."""
    held: dict[str, set[str]] = defaultdict(set)
    for folder, names in subject.surroundings.folders.items():
        held[folder].update(_IN_REPOSITORIES.intersection(map(folded, names)))
    for name in (change.new_path for change in subject.patch.changes if change.new_path in clean):
        if not any(each in folded(name) for each in _IN_REPOSITORIES):
            # Most names: none of their parts has to be looked at.
            continue
        parts = name.split("/")
        for at, part in enumerate(parts):
            if folded(part) in _IN_REPOSITORIES:
                held["/".join(parts[:at])].add(folded(part))
    yield from (folder for folder, names in held.items() if any(each <= names for each in _REPOSITORIES))


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
    if subject.task_within and not allows(subject.task_within, name):
        said = "the paths within which the task was handed in (allowed-paths) do not list it"
        yield _finding("paths.not-allowed", name, said, _narrow("the workflow or the command that hands it in"))
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
    patterns = (*subject.policy.allowed_paths, *subject.exceptions, *subject.task_allowed, *subject.task_within)
    spelled = _spelled_out(patterns)
    for part in name.split("/"):
        like = next((each for each in spelled.get(skeleton(part), ()) if look_alike(part, each)), None)
        if like is not None and part not in spelled[skeleton(part)]:
            said = f"{part!r} looks like {like!r}, which allowed_paths name, and is another name"
            yield _finding("paths.lookalike", name, said, f"Write {like!r}.")
            return


@lru_cache(maxsize=4)
def _spelled_out(patterns: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what the patterns spell out, in order, by what it looks like."""
    found: dict[str, list[str]] = defaultdict(list)
    for part in sorted({part for pattern in patterns for part in _whole_parts(pattern)}):
        found[skeleton(part)].append(part)
    return dict(found)


def _whole_parts(pattern: str) -> list[str]:
    literal = literal_part(pattern)
    # A part with a wildcard in it is spelled out by half.
    return literal.split("/") if literal == pattern else literal.split("/")[:-1]


def _not_portable(subject: Subject, clean: set[str]) -> Iterator[Finding]:
    for change in subject.patch.changes:
        name = change.new_path
        if name is None or name not in clean or name == change.old_path:
            continue
        held = sorted(NOT_ON_WINDOWS.intersection(name))
        if held:
            said = f"git on Windows cannot check it out, as it holds {' '.join(held)}"
            yield _finding("paths.not-portable", name, said, "Choose another name if it matters.", "warning")
        option = next((part for part in name.split("/") if part.startswith("-")), None)
        if option is not None:
            said = f"many programs take {option!r} for an option where a pattern of the shell hands it to them"
            yield _finding("paths.not-portable", name, said, "Choose another name if it matters.", "warning")


def _finding(code: str, name: str, said: str, hint: str, severity: Severity = "error") -> Finding:
    shown = name.encode("utf-8", "backslashreplace").decode()
    if code == "paths.too-long":
        shown = f"{shown[:80]}…"
    return Finding(id=code, severity=severity, path=shown, message=f"{shown!r}: {said}", hint=hint)
