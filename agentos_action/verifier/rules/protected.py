"""Rule `protected`: places that steer git, CI, hooks or agents are closed unless a pattern names them on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agentos_action.records.verdict import Finding
from agentos_action.verifier.globs import allows, forbids, literal_part
from agentos_action.verifier.subject import Subject, every_name

#: (gitignore patterns, the folder a pattern's literal part must lie in; None: it must name the file itself).
PROTECTED: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("/.github/workflows/",), ".github/workflows/"),
    (("/.github/actions/",), ".github/actions/"),
    (("/.github/",), None),
    (("/.agentos/",), ".agentos/"),
    (
        (
            "/.gitlab-ci.yml",
            "action.yml",
            "action.yaml",
            "/.pre-commit-config.yaml",
            "/.pre-commit-hooks.yaml",
            "/agentos.toml",
            ".gitattributes",
            ".gitmodules",
            ".gitconfig",
            "CODEOWNERS",
            "AGENTS.md",
            "AGENT.md",
            "CLAUDE.md",
            "GEMINI.md",
            ".cursorrules",
            ".windsurfrules",
            ".mcp.json",
            "copilot-instructions.md",
        ),
        None,
    ),
    ((".claude/",), ".claude/"),
    ((".cursor/",), ".cursor/"),
    ((".husky/",), ".husky/"),
    (("/.githooks/",), ".githooks/"),
)


def protected(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every protected name that policy (and task, where it lists any) do not open on purpose."""
    for name in every_name(subject):
        place = _place(name)
        if place is None:
            continue
        opened = _opens((*subject.policy.allowed_paths, *subject.exceptions), name, place)
        if opened and (not subject.task_allowed or _opens(subject.task_allowed, name, place)):
            continue
        yield Finding(
            id="protected.place",
            path=name.encode("utf-8", "replace").decode(),
            message=f"{name!r} steers git, CI, hooks or agents and is closed under wide patterns",
            hint=f"If a model may really change it, list it in allowed_paths as {name!r}.",
        )


def _place(name: str) -> str | None:
    """Return the place a name lies in (the name itself where a single file is protected), None if it is open."""
    for patterns, folder in PROTECTED:
        if forbids(patterns, name):
            return folder if folder is not None else name
    return None


def _opens(patterns: Iterable[str], name: str, place: str) -> bool:
    return any(allows((pattern,), name) and _inside(literal_part(pattern), place) for pattern in patterns)


def _inside(literal: str, place: str) -> bool:
    # A place inside any folder (`tools/.claude/`) is named by a pattern that spells the folder out.
    return literal.startswith(place) or f"/{place}" in literal
