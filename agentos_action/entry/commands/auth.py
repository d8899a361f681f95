"""`agentos tool auth set|status|clear`: keys of your own in `~/.agentos/credentials.json`, bound to their hosts."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from agentos_action.entry.cli import described
from agentos_action.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from agentos_action.settings.credentials import Credential

EXAMPLE = "agentos tool auth set --provider openai < key.txt"
MAX_GIVEN = 64 * 1024


def add(below: Any) -> None:  # noqa: ANN401 - argparse keeps the type of its subparsers to itself
    """Add `auth` to the subparsers of `agentos tool`."""
    auth = below.add_parser("auth", **described("store, list and remove keys of your own", EXAMPLE))
    inner = auth.add_subparsers(dest="auth", metavar="set|status|clear", required=True)
    put = inner.add_parser("set", **described("store a key, from stdin or a prompt, bound to its provider", EXAMPLE))
    put.add_argument("--provider", required=True, metavar="P[:INSTANCE]", help="whose key it is")
    put.add_argument("--api-key", metavar="K", help="the key; others can see arguments, so use stdin or the prompt")
    put.add_argument("--base-url", metavar="URL", help="the server that it is for (default: the provider's own)")
    put.add_argument("--host", action="append", metavar="H", help="a host[:port] that it is for; may be repeated")
    put.add_argument("--name", metavar="N", help="the name for `api_key_ref` (default: the provider's)")
    # A key that is given as a bare word must end here, not in an error that repeats it.
    put.add_argument("stray", nargs="*", help=argparse.SUPPRESS)
    status = inner.add_parser("status", **described("list whose keys there are", "agentos tool auth status"))
    status.add_argument("--provider", metavar="P", help="only keys of this provider")
    clear = inner.add_parser("clear", **described("remove keys", "agentos tool auth clear --provider openai"))
    clear.add_argument("--provider", metavar="P", help="only keys of this provider (default: all)")
    clear.add_argument("--name", metavar="N", help="only the key of this name")
    for parser in (put, status, clear):
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Store, list or remove."""
    from agentos_action.entry.request import home_folder  # noqa: PLC0415 - not for --help

    home = home_folder(os.environ)
    work = {"set": _set, "status": _status, "clear": _clear}
    work[options.auth](options, home)
    return 0


def _set(options: argparse.Namespace, home: Path) -> None:
    from agentos_action.settings.credentials import (  # noqa: PLC0415 - not for --help
        Credential,
        check_key,
        check_name,
        store,
    )
    from agentos_action.settings.destination import is_clear  # noqa: PLC0415 - the same

    if options.stray:
        raise UsageError("a word is left over", "The key comes from stdin or the prompt; `--help` shows an example.")
    provider, _, instance = options.provider.partition(":")
    hosts = _hosts(options, provider, instance or None, home)
    name = check_name(options.name or instance or provider)
    if options.api_key is not None:
        _say("warning: other users of this machine can see arguments; stdin or the prompt is safer")
    key = check_key(_given(provider) if options.api_key is None else options.api_key)
    named = bool(options.name or instance)
    stored, replaced = store(Credential(name, provider, hosts, key), home, named=named)
    for host in hosts:
        if is_clear(host):
            _say(f"warning: {host} is not encrypted, and everybody on the way can read the key")
    if options.json:
        told = {"name": stored, "provider": provider, "hosts": list(hosts), "replaced": replaced}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _say(f"{'replaced' if replaced else 'stored'} {stored}, for {_listed(hosts)}")


def _hosts(options: argparse.Namespace, provider: str, instance: str | None, home: Path) -> tuple[str, ...]:
    """Return what the key is bound to: what is given, else the official host, else where its profiles are."""
    from agentos_action.settings.destination import (  # noqa: PLC0415 - not for --help
        OFFICIAL_HOSTS,
        address_of,
        binding,
    )
    from agentos_action.settings.profile import find_instance, instances_of  # noqa: PLC0415 - the same

    _check_provider(provider)
    given = [*([options.base_url] if options.base_url else []), *(options.host or ())]
    if given:
        found = [binding(address) for address in given]
        if not all(found):
            raise UsageError("the address is not usable", "Write it like https://models.example.org.")
        return tuple(dict.fromkeys(found))
    if instance:
        loaded = [find_instance(provider, instance, None, home)]
    elif provider in OFFICIAL_HOSTS:
        return (OFFICIAL_HOSTS[provider],)
    else:
        loaded = [*instances_of(provider, None, home)] or [find_instance(provider, None, None, home)]
    addresses = [address_of(one.profile) for one in loaded]
    return tuple(dict.fromkeys(binding(address) for address in addresses if address is not None))


def _check_provider(provider: str) -> None:
    from agentos_action.adapters.registry import providers  # noqa: PLC0415 - not for --help

    if provider not in providers():
        raise UsageError("there is no such provider", f"Choose one of: {', '.join(providers())}.")


def _given(provider: str) -> str:
    """Return what is typed at the prompt, or what stdin holds."""
    if sys.stdin is not None and sys.stdin.isatty():
        return _typed(provider)
    try:
        return sys.stdin.read(MAX_GIVEN) if sys.stdin is not None else ""
    except UnicodeDecodeError:
        raise UsageError("stdin is no text", "Give the key as it was handed out.") from None


def _typed(provider: str) -> str:
    import getpass  # noqa: PLC0415 - only at a terminal
    import warnings  # noqa: PLC0415 - the same

    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"Key for {provider}: ", stream=sys.stderr)
        except EOFError:
            return ""
        except getpass.GetPassWarning:
            raise UsageError("this terminal would show the key while it is typed", "Give it on stdin.") from None


def _status(options: argparse.Namespace, home: Path) -> None:
    from agentos_action.entry.request import secrets_in  # noqa: PLC0415 - not for --help
    from agentos_action.settings.credentials import read_credentials  # noqa: PLC0415 - the same

    stored = [one for one in read_credentials(home).values() if options.provider in {None, one.provider}]
    rows = [*_variables(options.provider, stored, secrets_in(os.environ))]
    wins = {row["provider"]: row["name"] for row in rows}
    rows += [_row(one, wins.get(one.provider)) for one in sorted(stored, key=lambda one: one.name)]
    if options.json:
        sys.stdout.write(json.dumps({"credentials": rows}) + "\n")
        return
    for row in rows:
        over = f"; {row['overridden_by']} wins where it may go" if row["overridden_by"] else ""
        _say(f"{row['name']}: {row['provider']}, from the {row['from']}, for {_listed(row['hosts'])}{over}")
    if not rows:
        _say("no key is stored, and none is in the environment")


def _variables(wanted: str | None, stored: list[Credential], keys: dict[str, str]) -> list[dict[str, Any]]:
    """Return a row for each provider whose variable is set."""
    from agentos_action.adapters.registry import providers  # noqa: PLC0415 - not for --help
    from agentos_action.settings.destination import OFFICIAL_HOSTS  # noqa: PLC0415 - the same
    from agentos_action.settings.key import variable_of  # noqa: PLC0415 - the same

    rows = []
    for provider in sorted({*providers(), *(one.provider for one in stored)}):
        name = variable_of(provider)
        if name in keys and wanted in {None, provider}:
            hosts = [*([OFFICIAL_HOSTS[provider]] if provider in OFFICIAL_HOSTS else []), "this machine"]
            row: dict[str, Any] = {"name": name, "provider": provider, "from": "environment", "hosts": hosts}
            rows.append({**row, "overridden_by": None})
    return rows


def _row(credential: Credential, wins: str | None) -> dict[str, Any]:
    told = {"name": credential.name, "provider": credential.provider, "from": "file"}
    return {**told, "hosts": list(credential.hosts), "overridden_by": wins}


def _clear(options: argparse.Namespace, home: Path) -> None:
    from agentos_action.settings.credentials import read_credentials, remove, remove_all  # noqa: PLC0415 - not for --help

    everything = options.provider is None and options.name is None
    names: list[str] = []
    try:
        known = read_credentials(home)
    except UsageError as error:
        if not everything:
            raise
        # Whatever is wrong with the file, it may go as a whole.
        _say(f"warning: {error.message}")
    else:
        wanted = (options.provider, options.name)
        names = sorted(one.name for one in known.values() if _matches(one, *wanted))
    removed = bool(names)
    if everything:
        removed = remove_all(home)
    elif names:
        remove(names, home)
    if options.json:
        sys.stdout.write(json.dumps({"removed": names}) + "\n")
    else:
        _say(f"removed {', '.join(names) or 'the file'}" if removed else "there was no such key")


def _matches(credential: Credential, provider: str | None, name: str | None) -> bool:
    return provider in {None, credential.provider} and name in {None, credential.name}


def _listed(hosts: list[str] | tuple[str, ...]) -> str:
    return ", ".join(hosts) or "where its provider sends it"


def _say(text: str) -> None:
    from agentos_action.report.visible import visible_line  # noqa: PLC0415 - not for --help

    sys.stderr.write(visible_line(text) + "\n")
