"""`agentos profile check|show|trust`: look at profiles, and say which of a repository's may do what they ask for."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentos_action.entry.cli import described
from agentos_action.errors import EXIT_DONE, EXIT_USAGE, UsageError

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.base import Base
    from agentos_action.records.profile import Profile
    from agentos_action.settings.choose import ChosenModel
    from agentos_action.settings.profile_text import Flaw

EXAMPLE = "agentos profile check .agentos/profiles/*.json"
#: A policy may be trusted too: it may name an address.
MAX_BYTES = 256 * 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="check|show|trust", required=True)
    check = below.add_parser("check", **described("tell every wrong field of these files", EXAMPLE))
    check.add_argument("files", nargs="+", metavar="FILE", help="profiles (JSON)")
    show = below.add_parser("show", **described("show a profile as it would be used", "agentos profile show llamacpp"))
    show.add_argument("name", metavar="NAME", help="a profile's file name, or P:INSTANCE")
    show.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: here)")
    show.add_argument("--policy-ref", metavar="REV", help="read its profiles from this commit (default: HEAD)")
    trust = below.add_parser(
        "trust",
        **described(
            "let a repository's profile name a command, or an address that a key is sent to",
            "agentos profile trust .agentos/profiles/team.json",
        ),
    )
    trust.add_argument("file", metavar="FILE", help="a profile, or agentos.toml; any change to it ends the trust")
    trust.add_argument("--yes", action="store_true", help="do not ask")
    for one in (check, show, trust):
        one.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Check, show or trust."""
    return {"check": _check, "show": _show, "trust": _trust}[options.what](options)


def _check(options: argparse.Namespace) -> int:
    told = []
    for name in options.files:
        flaws = _flaws(Path(name))
        told.append({"file": name, "valid": not flaws, "errors": flaws})
        if not options.json:
            for flaw in flaws:
                where = f"field {flaw['field']!r}: " if flaw["field"] else ""
                _say(f"{name}: {where}{flaw['message']}")
    valid = all(one["valid"] for one in told)
    if options.json:
        sys.stdout.write(_as_line({"valid": valid, "files": told}))
    elif valid:
        _say(f"{len(told)} {'profile is' if len(told) == 1 else 'profiles are'} right")
    return EXIT_DONE if valid else EXIT_USAGE


def _flaws(file: Path) -> list[dict[str, str | None]]:
    """Return every wrong field of a file, the address as its adapter reads it and the provider's name among them."""
    from agentos_action.settings.profile_text import Flaw, parse_profile  # noqa: PLC0415 - not for --help

    try:
        content = _content(file)
    except UsageError as error:
        found: tuple[Flaw, ...] = (Flaw(None, error.message.removeprefix(f"{file}: ")),)
    else:
        read = parse_profile(content)
        found = read if isinstance(read, tuple) else tuple(_further(read))
    return [{"field": flaw.field, "message": flaw.message} for flaw in found]


def _further(profile: Profile) -> list[Flaw]:
    from agentos_action.adapters.endpoint import parse_endpoint  # noqa: PLC0415 - not for --help
    from agentos_action.adapters.registry import providers  # noqa: PLC0415 - the same
    from agentos_action.settings.profile_text import Flaw  # noqa: PLC0415 - the same

    found = []
    if profile.provider not in providers():
        found.append(Flaw("provider", f"there is no such provider; there are: {', '.join(providers())}"))
    further = [(f"instances.{at}.base_url", one.base_url) for at, one in enumerate(profile.instances)]
    for field, address in (("base_url", profile.base_url), *further):
        if address is not None:
            try:
                parse_endpoint(address)
            except UsageError as error:
                found.append(Flaw(field, f"{error.message} {error.hint}"))
    return found


def _show(options: argparse.Namespace) -> int:
    from agentos_action.entry.request import addresses_in, home_folder, known_secrets  # noqa: PLC0415 - not for --help
    from agentos_action.redact import Redactor  # noqa: PLC0415 - the same
    from agentos_action.settings.choose import as_chosen  # noqa: PLC0415 - the same
    from agentos_action.settings.destination import address_of  # noqa: PLC0415 - the same
    from agentos_action.settings.profile import find_instance, load_profile  # noqa: PLC0415 - the same

    home = home_folder(os.environ)
    base = _base(options)
    provider, _, instance = options.name.partition(":")
    loaded = find_instance(provider, instance, base, home) if instance else load_profile(options.name, base, home)
    chosen = as_chosen(loaded, "command line", addresses_in(os.environ))
    told: dict[str, Any] = {
        "source": loaded.source,
        "sha256": loaded.sha256,
        "from_repository": loaded.from_repository,
        "trusted": loaded.trusted,
        "address": address_of(chosen.profile),
        "key": _key_of(chosen, home),
        "profile": chosen.profile.model_dump(mode="json", by_alias=True),
    }
    # An address or a template may hold what does not belong there.
    text = Redactor(known_secrets(os.environ)).text(json.dumps(told, indent=None if options.json else 2))
    sys.stdout.write(text.replace("##[", "\\u0023#[") + "\n")
    return EXIT_DONE


def _key_of(chosen: ChosenModel, home: Path) -> dict[str, str | None]:
    """Return where the key would come from, and what there is to say about it: never the key."""
    from agentos_action.entry.request import secrets_in  # noqa: PLC0415 - not for --help
    from agentos_action.settings.credentials import read_credentials  # noqa: PLC0415 - the same
    from agentos_action.settings.key import key_for  # noqa: PLC0415 - the same

    try:
        found = key_for(chosen, secrets_in(os.environ), read_credentials(home))
    except UsageError as error:
        return {"from": None, "note": f"{error.message}. {error.hint}"}
    return {"from": found.origin or None, "note": found.note}


def _base(options: argparse.Namespace) -> Base | None:
    """Return the commit that profiles are read from, None outside of a repository and before its first commit."""
    from agentos_action.repo import RepoView  # noqa: PLC0415 - not for --help

    if options.policy_ref is None and not _in_repository(Path(options.repo)):
        return None
    repo = RepoView.open(Path(options.repo))
    if options.policy_ref is None and repo.unborn:
        return None
    return repo.snapshot(repo.commit_of(options.policy_ref or "HEAD"))


def _in_repository(place: Path) -> bool:
    here = place.absolute()
    return any((folder / ".git").exists() for folder in (here, *here.parents))


def _trust(options: argparse.Namespace) -> int:
    from agentos_action.entry.request import home_folder  # noqa: PLC0415 - not for --help
    from agentos_action.settings.trust import digest, trust  # noqa: PLC0415 - the same

    file = Path(options.file)
    content = _content(file)
    allows = _allowed(file, content)
    for what, values in allows.items():
        for value in values:
            _say(f"{what}: {value}")
    if not allows:
        _say("it names neither a command nor an address nor a key")
    if not options.yes:
        _confirm(file)
    sha256 = digest(content)
    trust(sha256, str(file), home_folder(os.environ))
    if options.json:
        sys.stdout.write(_as_line({"file": str(file), "sha256": sha256, "trusted": True, "allows": allows}))
    else:
        _say(f"trusted: {file} with the content it has now (sha256 {sha256[:16]}…)")
    return EXIT_DONE


def _allowed(file: Path, content: bytes) -> dict[str, list[str]]:
    """Return what trust would let happen."""
    if file.suffix == ".toml":
        from agentos_action.settings.policy import read_policy  # noqa: PLC0415 - not for a profile

        address = read_policy(content, str(file)).policy.model.base_url
        return {"a key may be sent to": [address]} if address else {}
    from agentos_action.settings.profile_text import read_profile  # noqa: PLC0415 - not for a policy

    profile = read_profile(content, str(file))
    agent = profile.agent
    addresses = [profile.base_url, *(one.base_url for one in profile.instances)]
    keys = [profile.api_key_ref, *(one.api_key_ref for one in profile.instances)]
    found = {
        "it may start": [shlex.join(command) for command in _commands(profile)],
        "that keeps these variables": list(agent.environment) if agent else [],
        "that may read these files of your home": list(agent.home_files) if agent else [],
        "without a sandbox": ["yes"] if agent and agent.sandbox == "none" else [],
        "a key may be sent to": [one for one in addresses if one],
        "the key is": [one for one in keys if one],
    }
    return {what: values for what, values in found.items() if values}


def _commands(profile: Profile) -> list[tuple[str, ...]]:
    agent = profile.agent
    return [] if agent is None else [one for one in (agent.command, agent.version_command, agent.login_command) if one]


def _confirm(file: Path) -> None:
    """Ask at a terminal; raises UsageError without one, and for every answer but yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(f"nobody is here to be asked about {file}", "Look at what it may do, then give --yes.")
    sys.stderr.write("Trust it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise UsageError(f"{file} is not trusted", "Nothing was changed.")


def _content(file: Path) -> bytes:
    try:
        if not file.is_file():
            said = "no regular file" if file.exists() else "there is no such file"
            raise UsageError(f"{file}: {said}", "Name a profile.")
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: {getattr(error, 'strerror', None) or error}", "Name a readable file.") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{file}: larger than {MAX_BYTES} bytes", "Shorten it.")
    return content


def _as_line(fields: object) -> str:
    from agentos_action.entry.fail import as_line  # noqa: PLC0415 - beside its users

    return as_line(fields)


def _say(text: str) -> None:
    from agentos_action.redact import Redactor  # noqa: PLC0415 - not for --help
    from agentos_action.report.visible import unobeyed, visible_line  # noqa: PLC0415 - the same

    sys.stderr.write(unobeyed(visible_line(Redactor().text(text))) + "\n")
