"""A remote that is a folder of this machine: libgit2 writes into it by itself, and nothing there could say no."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pygit2

from agentos_action.errors import DeliveryError

#: What `git push` has the other side run; libgit2 runs none of it in a folder.
_HOOKS = ("pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive")


def require_no_hooks(url: str) -> None:
    """Raise DeliveryError where an address is a folder with hooks: our push would go by them unheard."""
    repo = _opened(url)
    if repo is None:
        return
    folder = Path(repo.path, "hooks")
    if "core.hooksPath" in repo.config:
        folder = Path(repo.path, Path(str(repo.config["core.hooksPath"])).expanduser())
    found = next((name for name in _HOOKS if os.access(folder / name, os.X_OK)), None)
    if found is not None:
        said = f"the remote is a folder whose hook {found!r} would not be run"
        hint = "Push the branch yourself with git, or give the remote's https or ssh address, whose server runs it."
        raise DeliveryError(said, hint, code="push_declined")


def keeps_history(url: str) -> bool:
    """Return whether an address is a folder where nothing may be replaced (`receive.denyNonFastForwards`)."""
    repo = _opened(url)
    name = "receive.denyNonFastForwards"
    return repo is not None and name in repo.config and repo.config.get_bool(name)


def _opened(url: str) -> pygit2.Repository | None:
    place = Path(unquote(urlsplit(url).path)) if url.startswith("file://") else Path(url)
    try:
        return pygit2.Repository(str(place)) if place.is_dir() else None
    except (pygit2.GitError, OSError, ValueError):
        # The push says why.
        return None
