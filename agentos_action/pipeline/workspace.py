"""The export that an agent works in, joined from its rooms: which files it sees, and its changes as one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agentos_action.context.select import reading_ban
from agentos_action.executor.workspace import Export, Source, exported
from agentos_action.patches.render import render
from agentos_action.pipeline.agent import evidence_held
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.walk import Walk
from agentos_action.records.base import Base
from agentos_action.records.patch import MODE_LINK, FileChange
from agentos_action.records.verdict import Finding
from agentos_action.redact import token_lines

#: So many files that are kept out are named; more are counted.
_MOST_NAMED = 10


@dataclass(slots=True)
class AgentWorkspace:
    """One export, as the port of the adapters wants it."""

    export: Export
    base: Base
    folder: Path
    home: Path
    hidden: tuple[Path, ...]

    def changes(self) -> str:
        """Return the canonical diff of what is other now; where nothing is, one that leaves a file as it is."""
        return render(self.export.changes(self.base)) or unchanged(self.base)


@dataclass(frozen=True, slots=True)
class Opener:
    """Makes the export of a run when an adapter asks for it; `hidden` are the repository's own folders."""

    walk: Walk
    prepared: Prepared

    @property
    def hidden(self) -> tuple[Path, ...]:
        """The repository's folders, which an agent has no business in."""
        repo = self.walk.repo
        return tuple(dict.fromkeys(place for place in (repo.workdir, repo.git_dir, repo.common_dir) if place))

    @contextmanager
    def __call__(self) -> Iterator[AgentWorkspace]:
        """Export the base without what may not be read, and tell of every file that is kept out."""
        base, banned = self.prepared.base, reading_ban(self.prepared.policy.policy.context.unreadable)
        with exported(self._source(), partial(_kept_out, banned)) as export:
            _tell(self.walk, export.left_out)
            with evidence_held(self.walk):
                yield AgentWorkspace(export, base, export.folder, export.home, self.hidden)

    def _source(self) -> Source:
        walk, repo = self.walk, self.walk.repo
        index = None
        if walk.request.target == "worktree":
            # git counts a relative name from the top of the work tree.
            index = repo.place / walk.request.index_file if walk.request.index_file else repo.git_dir / "index"
        return Source(repo.place, self.prepared.base.id, index)


def _kept_out(banned: Callable[[str], bool], path: str, mode: int, content: bytes) -> str | None:
    if banned(path):
        return "may not be read by a model"
    found = token_lines(content.decode("utf-8", "surrogateescape")) if mode != MODE_LINK else []
    return f"holds a {found[0][1]} (line {found[0][0]})" if found else None


def _tell(walk: Walk, left_out: Mapping[str, str]) -> None:
    for number, (path, why) in enumerate(sorted(left_out.items())):
        if number == _MOST_NAMED:
            said = f"{len(left_out) - number} more files are kept from the agent"
            walk.warn(Finding(id="context.kept-out", severity="warning", message=said))
            return
        shown = path.encode("utf-8", "replace").decode()
        said = f"{shown!r} is kept from the agent: it {why}"
        walk.warn(Finding(id="context.kept-out", severity="warning", path=shown, message=said))


def unchanged(base: Base) -> str:
    """Return a diff that gives a file the mode it has: read as any answer it changes nothing; `` for no file at all.

    An empty answer could not be told from a lost one.
    """
    path = next(base.paths(), None)
    version = base.read(path) if path is not None else None
    if path is None or version is None:
        return ""
    header = render((FileChange(path, path, version, version),))
    return f"{header}old mode {version.mode:06o}\nnew mode {version.mode:06o}\n"
