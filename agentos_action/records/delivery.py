"""How a commit leaves the machine: what is asked for, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from pydantic import NonNegativeInt

from agentos_action.records.record import Record

DeliveryWay: TypeAlias = Literal["none", "push", "pull-request"]
#: What became of the branch or the pull request; `untouched` is a pull request whose text is a person's own.
Delivering: TypeAlias = Literal["pushed", "there", "opened", "updated", "untouched"]

_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Where a repository is at home: who may ask is asked there, and a commit is delivered to it.

    `server_url` and `api_url` are GitHub.com's or an Enterprise server's, `repository` is `owner/name` there.
    `own_token` says whether the token is a workflow's own, for whose doings no workflow starts; None is not known.
    """

    token: str | None = field(default=None, repr=False)
    server_url: str = "https://github.com"
    api_url: str = "https://api.github.com"
    repository: str = ""
    own_token: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a run is asked to do with its commit.

    `run_url` is the page of the workflow run, `issue` the issue or pull request that asked, `asked_in` the comment in
    it, `in_review` says that this one stands at a line of a pull request. Only `way` and `remote` matter where there is
    no forge.
    """

    way: DeliveryWay = "none"
    remote: str = "origin"
    run_url: str | None = None
    issue: int | None = None
    asked_in: int | None = None
    in_review: bool = False
    comment: bool = True
    draft: bool = False
    labels: tuple[str, ...] = ()


class Delivered(Record):
    """What was delivered: the branch as it is at the remote, and the pull request where there is one.

    `replaced` is the tip that our commit took the place of; without `starts_ci` the forge starts no workflow for it.
    """

    way: DeliveryWay
    done: Delivering
    branch: str
    replaced: str | None = None
    pull_request: NonNegativeInt | None = None
    draft: bool = False
    starts_ci: bool = True


def is_loopback(host: str) -> bool:
    """Return whether a host name is this machine itself."""
    return host in {"localhost", "::1"} or _LOOPBACK.fullmatch(host) is not None


def takes_token(url: str, server_url: str) -> bool:
    """Return whether the forge's token may be sent to this address: the forge itself over TLS, or this machine."""
    try:
        to, forge = _place(urlsplit(url)), _place(urlsplit(server_url))
    except ValueError:
        return False
    scheme, host, _ = to
    return bool(host) and scheme in _PORTS and (is_loopback(host) or (scheme == "https" and to == forge))


def _place(parts: SplitResult) -> tuple[str, str, int | None]:
    """Return (scheme, host, port); raises ValueError for a port that is none."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
