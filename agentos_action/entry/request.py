"""argv and environment → one frozen RunRequest; the only place that reads the environment for a run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.entry.delivery import delivery_of, forge_of
from agentos_action.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.run import Half, ModelWish, RunRequest, Target, Workflow

_SECRET_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_OLLAMA = re.compile(r"(?:(https?)://)?(\[[^\]]*\]|[^:/]*)(?::([0-9]*))?(/.*)?")

_IDENTITY = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL")


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables whose name says that they hold a secret."""
    return {name: value for name, value in environment.items() if _SECRET_NAME.search(name) and value}


def known_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return every secret that we know of: the environment's, and the stored keys."""
    from agentos_action.settings.credentials import stored_keys  # noqa: PLC0415 - not for --help

    return (*secrets_in(environment).values(), *stored_keys(home_folder(environment)))


def addresses_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the base URLs that the environment gives to providers: OPENAI_BASE_URL, and OLLAMA_HOST in its forms."""
    found = {}
    if environment.get("OPENAI_BASE_URL"):
        found["openai"] = environment["OPENAI_BASE_URL"]
    if environment.get("OLLAMA_HOST"):
        found["ollama"] = _ollama_address(environment["OLLAMA_HOST"])
    return found


def _ollama_address(text: str) -> str:
    """Return the base URL that Ollama's own variable stands for: `host`, `host:port` or a URL, as its client reads it.

    A server that is told to listen everywhere is reached at the loopback address.
    """
    found = _OLLAMA.fullmatch(text.strip())
    if found is None:
        # Perhaps a bare IPv6 address; what is none of either is refused where addresses are read.
        return f"http://[{text.strip()}]:11434"
    scheme, host, port, path = found.groups(default="")
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - nothing listens here
    standard = {"": "11434", "http": "80", "https": "443"}[scheme]
    return f"{scheme or 'http'}://{host}:{port or standard}{path}"


def home_folder(environment: Mapping[str, str]) -> Path:
    """Return the user's configuration folder, `~/.agentos`."""
    return Path(environment.get("HOME") or Path.home()) / ".agentos"


def cache_folder() -> Path:
    """Return the user's cache folder for models."""
    import platformdirs  # noqa: PLC0415 - start-up

    return platformdirs.user_cache_path("agentos")


def index_file(environment: Mapping[str, str]) -> Path | None:
    """Return the index that git stages the commit at hand in, where a hook is told of one.

    `git commit -a` and `git commit FILE` stage into a temporary index; what the hook has to judge is in that one.
    """
    name = environment.get("GIT_INDEX_FILE")
    return Path(name) if name else None


def workflow(environment: Mapping[str, str]) -> Workflow | None:
    """Return the workflow run that we are a step of, None where we are in none."""
    from agentos_action.records.run import Workflow  # noqa: PLC0415 - pydantic is not for --help

    run_id = environment.get("GITHUB_RUN_ID")
    if environment.get("GITHUB_ACTIONS") != "true" or not run_id:
        return None
    file = environment.get("GITHUB_EVENT_PATH")
    return Workflow(
        repository=environment.get("GITHUB_REPOSITORY", ""),
        run_id=run_id,
        event=environment.get("GITHUB_EVENT_NAME", ""),
        event_file=Path(file) if file else None,
        sha=environment.get("GITHUB_SHA") or None,
    )


def commit_request(options: argparse.Namespace) -> RunRequest:
    """Build the request of `agentos commit`; raises UsageError for a branch without a name."""
    return replace(_request(options, "commit", "commit"), proposal=Path(options.proposal))


def _request(options: argparse.Namespace, half: Half, target: Target) -> RunRequest:
    """Build what every command asks that walks a corridor."""
    from agentos_action.records.run import RunRequest  # noqa: PLC0415 - pydantic is not for --help

    environment = dict(os.environ)
    evidence = options.evidence or environment.get("AGENTOS_EVIDENCE")
    return RunRequest(
        repo=Path(options.repo),
        half=half,
        target=target,
        branch=_branch(options.branch),
        policy_ref=_commit("--policy-ref", options.policy_ref),
        allow_path=tuple(options.allow_path or ()),
        allowed_paths=tuple(options.allowed_paths or ()),
        forbidden_paths=tuple(options.forbidden_paths or ()),
        issue=options.issue,
        evidence=Path(evidence) if evidence else None,
        dry_run=options.dry_run,
        secrets=known_secrets(environment),
        workflow=workflow(environment),
        identity=identity(environment),
        home=home_folder(environment),
        cache=cache_folder(),
        requested_by=environment.get("GITHUB_ACTOR") or None,
        delivery=delivery_of(options, half=half, target=target),
        forge=forge_of(options),
    )


def _branch(name: str | None) -> str | None:
    if name is not None and not name.strip():
        raise UsageError("--branch is empty", "Give a name, or leave --branch out for the branch that is checked out.")
    return name


def _commit(option: str, rev: str | None) -> str | None:
    """Return a revision; raises UsageError for an empty one, which is a variable that was not set."""
    if rev is not None and not rev.strip():
        raise UsageError(f"{option} is empty", f"Give a branch, tag or commit id, or leave {option} out.")
    return rev


def identity(environment: Mapping[str, str]) -> dict[str, str]:
    """Return git's own variables that name author and committer."""
    return {name: environment[name] for name in _IDENTITY if environment.get(name)}


def run_request(options: argparse.Namespace, *, target: Target = "commit", half: Half = "run") -> RunRequest:
    """Build the request of a run from parsed options and the environment; raises UsageError on contradictions."""
    environment = dict(os.environ)
    if environment.get("AGENTOS_MOCK_CLAUDE"):
        raise UsageError("AGENTOS_MOCK_CLAUDE asks for a mock answer, which only a gate gives", "Unset it.")
    return replace(
        _request(options, half, target),
        task_file=Path(options.task) if options.task else None,
        instruction=options.instruction,
        recipe=options.recipe,
        files=tuple(options.files or ()),
        base=_commit("--base", options.base),
        flags=_flags(options),
        environment=wish_of(environment),
        api_keys=secrets_in(environment),
        embedded=bool(options.embedded or options.gguf),
        sidecar_binary=Path(options.binary) if options.binary else None,
        gguf=Path(options.gguf) if options.gguf else None,
        gguf_sha256=options.gguf_sha256,
        context_tokens=options.context,
        threads=options.threads,
        timeout=options.timeout,
        answer=Path(options.answer) if options.answer else None,
        edit_format=options.edit_format,
        addresses=addresses_in(environment),
        index_file=index_file(environment) if target == "worktree" else None,
        content=not options.no_content,
        checks=tuple(options.check or ()),
    )


def _flags(options: argparse.Namespace) -> ModelWish:
    """Return the model that the command line names; raises UsageError where it names two."""
    provider = options.provider
    if options.answer and not (provider or options.profile):
        provider = "scripted"
    _check_sidecar(options, provider)
    if not options.gguf:
        return wish(options.profile, provider, options.model, options.base_url)
    from agentos_action.sidecar.file import own_name  # noqa: PLC0415 - only where there is a file

    return wish(None, None, own_name(Path(options.gguf)), None)


def _check_sidecar(options: argparse.Namespace, provider: str | None) -> None:
    """Raise UsageError for options of the embedded server that do not go together, or that have no server."""
    flag = "--embedded" if options.embedded else "--gguf" if options.gguf else None
    if flag and (provider or options.profile or options.base_url):
        raise UsageError(f"{flag} cannot be combined with another model", "Drop one of the two.")
    if options.gguf_sha256 is not None and not options.gguf:
        raise UsageError("--gguf-sha256 is given without --gguf", "Name the file with --gguf FILE.")
    if options.context is not None and not flag and options.profile is None:
        raise UsageError("--context is for a server of our own", "Give --embedded or --gguf FILE too.")
    if options.gguf and options.model:
        raise UsageError("--gguf and --model both name the model", "Drop one of the two.")


def wish_of(environment: Mapping[str, str]) -> ModelWish:
    """Return the wish that the environment states."""
    return wish(
        environment.get("AGENTOS_PROFILE"),
        environment.get("AGENTOS_PROVIDER"),
        environment.get("AGENTOS_MODEL"),
        environment.get("AGENTOS_BASE_URL"),
    )


def wish(profile: str | None, provider: str | None, model: str | None, base_url: str | None) -> ModelWish:
    """Return the wish of one source; `provider` may be `provider:instance`; empty texts count as silence."""
    from agentos_action.records.run import ModelWish  # noqa: PLC0415 - pydantic is not for --help

    name, _, instance = (provider or "").partition(":")
    return ModelWish(
        profile=profile or None,
        provider=name or None,
        instance=instance or None,
        model=model or None,
        base_url=base_url or None,
    )
