"""The options of a delivery, and what the environment says of the forge → one frozen Delivery."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.delivery import Delivery, DeliveryWay, Forge
    from agentos_action.records.run import Half, Target

#: The names of `records.delivery.DeliveryWay`, which would load pydantic for --help.
WAYS = ("none", "push", "pull-request")
#: Where the token may stand, the action's own input first.
TOKENS = ("AGENTOS_INPUT_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
#: An enterprise's own part of GitHub's cloud.
_CLOUD = re.compile(r"https://[a-z0-9-]+\.ghe\.com")
_RUN_ID = re.compile(r"[0-9]+")
_TRUTH = {"true": True, "false": False}


def delivery_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a delivery."""
    to = parser.add_argument_group("delivery", "the token comes from GITHUB_TOKEN or GH_TOKEN")
    to.add_argument("--delivery", choices=WAYS, default="none", help="push the commit's branch, or also propose it")
    to.add_argument("--remote", default="origin", metavar="NAME", help="the remote, or an address (default: origin)")
    to.add_argument("--repository", metavar="OWNER/NAME", help="at the forge (default: GITHUB_REPOSITORY)")
    to.add_argument("--draft", action="store_true", help="open it as a draft; without checks it is one anyway")
    to.add_argument("--label", action="append", metavar="NAME", help="a label for the pull request, more than once")
    to.add_argument("--no-comment", action="store_true", help="leave no comment on the issue")


def issue_argument(group: argparse._ArgumentGroup | argparse.ArgumentParser, said: str) -> None:
    """Add --issue, which says where an answer belongs, and to a run which task is meant where none is given."""
    group.add_argument("--issue", type=_number, metavar="N", help=said)


def delivery_of(options: argparse.Namespace, *, half: Half, target: Target = "commit") -> Delivery:
    """Return what is asked for.

    Raises UsageError where there will be no commit to deliver.
    """
    from agentos_action.records.delivery import Delivery  # noqa: PLC0415 - pydantic is not for --help
    from agentos_action.tasks.thread import thread_of  # noqa: PLC0415 - the same

    # A hook's command has no such option.
    way: DeliveryWay = getattr(options, "delivery", "none")
    if way == "none":
        return Delivery()
    if half == "propose" or target != "commit":
        raise UsageError(
            f"--delivery {way} needs a commit, and this makes none", "Give it to `agentos commit` or `run`."
        )
    environment: Mapping[str, str] = os.environ
    file = environment.get("GITHUB_EVENT_PATH")
    thread = thread_of(environment.get("GITHUB_EVENT_NAME", ""), Path(file) if file else None)
    forge, run_id = forge_of(options), environment.get("GITHUB_RUN_ID", "")
    page = f"{forge.server_url}/{forge.repository}/actions/runs/{run_id}"
    return Delivery(
        way=way,
        remote=options.remote,
        run_url=page if _RUN_ID.fullmatch(run_id) else None,
        issue=options.issue or thread.issue,
        asked_in=thread.comment if options.issue in {None, thread.issue} else None,
        in_review=thread.review,
        comment=not options.no_comment,
        draft=options.draft,
        labels=_labels(options.label or []),
    )


def forge_of(options: argparse.Namespace) -> Forge:
    """Return where the repository is at home, as the environment tells it."""
    from agentos_action.records.delivery import Forge  # noqa: PLC0415 - pydantic is not for --help

    environment: Mapping[str, str] = os.environ
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    token_in = next((name for name in TOKENS if environment.get(name)), None)
    return Forge(
        token=environment[token_in] if token_in else None,
        server_url=server,
        # A runner sets GITHUB_API_URL anew for every step; ours can name one on this machine, and no stranger's.
        api_url=environment.get("AGENTOS_API_URL") or environment.get("GITHUB_API_URL") or _api_of(server),
        repository=_named(getattr(options, "repository", None) or environment.get("GITHUB_REPOSITORY", "")),
        # action.yml compares its input with the workflow's own token; of a token from elsewhere nobody knows.
        own_token=_TRUTH.get(environment.get("AGENTOS_TOKEN_IS_OWN", "")) if token_in == TOKENS[0] else None,
    )


def _named(repository: str) -> str:
    """Return OWNER/NAME; a runner tool beside a server that it does not know gives the remote's whole address."""
    if "://" not in repository:
        return repository
    return "/".join(repository.removesuffix(".git").rsplit("/", 2)[-2:])


def _api_of(server: str) -> str:
    """Return the address of a server's API: GitHub's clouds have a host of its own, an Enterprise server a path."""
    root = server.rstrip("/")
    cloud = root == "https://github.com" or _CLOUD.fullmatch(root) is not None
    return root.replace("://", "://api.", 1) if cloud else f"{root}/api/v3"


def _labels(given: list[str]) -> tuple[str, ...]:
    names = dict.fromkeys(name.strip() for name in given)
    if any(not name or len(name) > 50 or not name.isprintable() for name in names):  # noqa: PLR2004 - the forge's limit
        raise UsageError("a label is empty, too long or not printable", "Give --label NAME with 1 to 50 characters.")
    return tuple(names)


def _number(text: str) -> int:
    import argparse  # noqa: PLC0415 - loaded already by the caller, needed for its error only

    if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
        message = f"{text!r} is no number of an issue (1, 2, …, without #)"
        raise argparse.ArgumentTypeError(message)
    return int(text)
