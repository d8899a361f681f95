"""Where this installation came from: the repository and commit that a workflow and a hook can name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agentos_action.errors import UsageError
from agentos_action.repo import RepoView

_GIVEN = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)@([0-9a-f]{40})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9.-]+):(?!//)(.+)")
_PLACE = re.compile(r"/?([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?/?")
#: Where `OWNER/REPO` is when nothing says otherwise.
FORGE = "github.com"


@dataclass(frozen=True, slots=True)
class Source:
    """A repository on a forge (`OWNER/REPO` and its host) and a full commit id."""

    name: str
    commit: str
    host: str = FORGE

    @property
    def action(self) -> str:
        """What a workflow writes behind `uses:`."""
        return f"{self.name}@{self.commit}"

    @property
    def url(self) -> str:
        """What a hook's configuration writes behind `repo:`; no credentials are ever in it."""
        return f"https://{self.host}/{self.name}"


def given(text: str) -> Source:
    """Return the source that a person named; raises UsageError where it is none."""
    found = _GIVEN.fullmatch(text)
    if found is None:
        hint = "Write OWNER/REPO@ and the commit's 40 signs: a branch or tag may be moved."
        raise UsageError(f"--source {text!r} names no commit of a repository", hint)
    return Source(found[1], found[2])


def installed() -> Source | None:
    """Return where pip took us from: a repository's commit, or a clone and what its `origin` is; None where unknown."""
    try:
        told = json.loads(metadata.distribution("agentos-action").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    url = str(told.get("url", ""))
    commit = told.get("vcs_info", {}).get("commit_id")
    if isinstance(commit, str):
        return _source(url, commit)
    return of_clone(Path(unquote(urlsplit(url).path))) if url.startswith("file://") else None


def of_clone(folder: Path) -> Source | None:
    """Return the origin and the checked-out commit of a clone; None where it is none, or has no usable origin."""
    try:
        repo = RepoView.open(folder)
        commit = repo.commit_of("HEAD")
    except UsageError:
        # Installed from an unpacked archive.
        return None
    if repo.workdir is None or not repo.workdir.samefile(folder):
        # An archive that was unpacked in somebody else's repository.
        return None
    origins = [str(remote.url) for remote in repo.raw.remotes if remote.name == "origin"]
    return _source(origins[0], commit) if origins else None


def _source(url: str, commit: str) -> Source | None:
    """Return the source that a remote's address means, without whatever credentials are in it."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
    else:
        found = _SCP.fullmatch(url)
        host, path = (found[1], found[2]) if found else ("", "")
    place = _PLACE.fullmatch(path)
    if not host or place is None or not _COMMIT.fullmatch(commit):
        return None
    return Source(place[1], commit, host)
