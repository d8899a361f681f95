"""Rule `paths`: every name is a clean path inside the repository, and policy and task both allow it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from agentos_action.records.patch import MODE_GITLINK, MODE_LINK
from agentos_action.records.verdict import Finding
from agentos_action.verifier.globs import allows, forbids
from agentos_action.verifier.subject import Subject, every_name

_DRIVE = re.compile(r"[A-Za-z]:")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_GIT_SHORT = re.compile(r"git~[0-9]+")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in "0123456789"), *(f"lpt{n}" for n in "0123456789")}
)


def paths(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every name that is unclean, unlisted, forbidden, or reached through a link or submodule."""
    for name in every_name(subject):
        unclean = _unclean(name)
        if unclean:
            code, said = unclean
            yield _finding(code, name, said, "Name a plain path inside the repository.")
            continue
        yield from _listed(subject, name)
        if name in subject.surroundings.blocked:
            parent, mode = subject.surroundings.blocked[name]
            what = {MODE_LINK: "a symbolic link", MODE_GITLINK: "a submodule"}.get(mode, "a file")
            yield _finding("paths.through", name, f"its parent {parent!r} is {what}", "Change the real file.")
    yield from _both(subject)


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


def _unclean(name: str) -> tuple[str, str] | None:
    """Return (finding id, reason) for a name no patch may carry."""
    if any(0xDC80 <= ord(char) <= 0xDCFF for char in name):  # noqa: PLR2004 - bytes that were not UTF-8
        return "paths.encoding", "it is not UTF-8"
    if any(unicodedata.category(char) in _INVISIBLE for char in name):
        return "paths.invisible", "it holds control or invisible characters"
    if name.startswith("/") or _DRIVE.match(name):
        return "paths.absolute", "it is absolute"
    if "\\" in name:
        return "paths.backslash", "it holds a backslash"
    return next(filter(None, map(_unclean_part, name.split("/"))), None)


def _unclean_part(part: str) -> tuple[str, str] | None:
    if part in {"", ".", ".."}:
        return "paths.traversal", f"it has the component {part!r}"
    if is_git_folder(part):
        return "paths.git-folder", f"{part!r} is a spelling of .git"
    if part != part.rstrip(" .") or part.split(".", maxsplit=1)[0].casefold() in _DEVICES or ":" in part:
        return "paths.windows", f"{part!r} means something else on Windows"
    return None


def is_git_folder(part: str) -> bool:
    """Return whether some file system would take this name for `.git` (case, short names, streams, trailing dots)."""
    folded = unicodedata.normalize("NFKC", part).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) not in {"Cf", "Mn"})
    stem = visible.partition(":")[0].rstrip(" .")
    return stem == ".git" or _GIT_SHORT.fullmatch(stem) is not None


def _finding(code: str, name: str, said: str, hint: str) -> Finding:
    shown = name.encode("utf-8", "backslashreplace").decode()
    return Finding(id=code, path=shown, message=f"{shown!r}: {said}", hint=hint)
