"""Which key goes with a request: from the environment, else a stored one, and only to the hosts it is bound to."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentos_action.errors import UsageError
from agentos_action.settings.credentials import Credential, Credentials
from agentos_action.settings.destination import OFFICIAL_HOSTS, address_of, binding, is_clear, is_loopback

if TYPE_CHECKING:
    from agentos_action.records.profile import Profile
    from agentos_action.settings.choose import ChosenModel

#: The key for whichever model this run asks: it goes to the host that the caller names for it, and to no other.
GIVEN = "AGENTOS_API_KEY"

_VARIABLE = "env:"
#: How `ChosenModel.address_by` calls the caller's own flags, and the action's inputs.
_CALLER = "command line"


@dataclass(frozen=True, slots=True)
class Key:
    """The key to send, None for none; `note` says what to do: why one that could be meant is not sent, or who gave one.

    Where the server refuses the key, `note` is what a person is told.
    """

    value: str | None = field(default=None, repr=False)
    note: str = ""
    #: The variable or the stored credential it is from.
    origin: str = ""


def key_for(chosen: ChosenModel, keys: Mapping[str, str], store: Credentials) -> Key:
    """Return the key for this model; `keys` are the environment's secrets by name.

    Raises UsageError for a reference that cannot be followed, and where a file that a repository brought along, and
    that nobody trusts, names a command, an address that a key would be sent to, or a key that is not its provider's.
    """
    refuse_command(chosen)
    profile = chosen.profile
    _check_reference(chosen, store)
    found = _given_key(chosen, keys)
    if found.value is None and _asks_environment(profile):
        own = _environment_key(chosen, keys)
        found = own if own.value is not None or not found.note else found
    if found.value is None and not (profile.api_key_ref or "").startswith(_VARIABLE):
        stored = _stored_key(profile, store)
        found = stored if stored.value is not None or not found.note else found
    if found.value is not None and chosen.address_by and not chosen.address_trusted:
        file = trusted_file(chosen.address_by, chosen.source)
        message = f"{file} names the address that the key {found.origin} would be sent to, and it is not trusted"
        raise UsageError(message, f"Look at it, then: agentos profile trust {shlex.quote(file)}; or give --base-url.")
    return found


def refuse_command(chosen: ChosenModel) -> None:
    """Raise UsageError where a profile that a repository brought along names a command, and nobody trusts it."""
    if chosen.profile.agent is None or chosen.trusted:
        return
    file = trusted_file("profile", chosen.source)
    message = f"{file} names a command to start, and it is not trusted"
    raise UsageError(message, f"Look at it, then: agentos profile trust {shlex.quote(file)}")


def variable_of(provider: str) -> str:
    """Return the environment variable that holds a provider's key."""
    return f"{provider.upper()}_API_KEY"


def trusted_file(address_by: str, source: str) -> str:
    """Return the file of the repository that `profile trust` is to be given."""
    return source.partition("@")[0] if address_by == "profile" else "agentos.toml"


def _asks_environment(profile: Profile) -> bool:
    return profile.api_key_ref is None or profile.api_key_ref.startswith(_VARIABLE)


def _check_reference(chosen: ChosenModel, store: Credentials) -> None:
    """Raise UsageError for a stored credential that is not there, and for one that is not an untrusted file's to name.

    A repository could pick any variable of the environment otherwise, GITHUB_TOKEN for one.
    """
    profile = chosen.profile
    reference = profile.api_key_ref
    if reference is None:
        return
    own = variable_of(profile.provider)
    if reference.startswith(_VARIABLE):
        foreign = reference != _VARIABLE + own
    else:
        foreign = reference in store and store[reference].provider != profile.provider
    if foreign and not chosen.trusted:
        file = trusted_file("profile", chosen.source)
        message = f"{file} asks for the key {reference!r}, which is not its provider's ({own}), and it is not trusted"
        raise UsageError(message, f"Look at it, then: agentos profile trust {shlex.quote(file)}")
    if not reference.startswith(_VARIABLE) and reference not in store:
        message = f"the profile {profile.name!r} needs the stored credential {reference!r}, which is not there"
        hint = f"agentos tool auth set --provider {profile.provider} --name {reference}{_with_address(profile)}"
        raise UsageError(message, hint)


def _given_key(chosen: ChosenModel, keys: Mapping[str, str]) -> Key:
    """Return the key that was given for this run, where it may go to the chosen address."""
    value = keys.get(GIVEN)
    if not value or not chosen.asked_for:
        return Key()
    bound = _bound(chosen)
    named = chosen.address_by == _CALLER and bool(bound) and not is_clear(bound or "")
    if named or _is_usual(chosen, bound):
        return Key(value, f"Put the right key into {GIVEN}, which comes before all others.", GIVEN)
    if chosen.address_by == _CALLER:
        return Key(note=f"{GIVEN} is sent over TLS only, not to {_shown(bound)}.")
    what = f"{GIVEN} is sent to {_usual(chosen)} only, not to {_shown(bound)}, which --base-url does not name"
    return Key(note=f"{what}: give --base-url.")


def _environment_key(chosen: ChosenModel, keys: Mapping[str, str]) -> Key:
    profile = chosen.profile
    named = profile.api_key_ref is not None
    name = (profile.api_key_ref or "").removeprefix(_VARIABLE) or variable_of(profile.provider)
    value = keys.get(name)
    if not value:
        hint = "a name that ends in KEY, TOKEN, SECRET, PASSWORD or CREDENTIALS"
        return Key(note=f"The variable {name} is not set ({hint})." if named else "")
    bound = _bound(chosen)
    # The user's own file names key and address together: that says where the key belongs.
    together = named and chosen.address_by == "profile" and bool(bound) and not is_clear(bound or "")
    if together or _is_usual(chosen, bound):
        return Key(value, origin=name)
    return Key(note=f"{name} is sent to {_usual(chosen)} only, not to {_shown(bound)}. {_to_store(profile)}")


def _bound(chosen: ChosenModel) -> str | None:
    address = address_of(chosen.profile)
    return None if address is None else binding(address)


def _is_usual(chosen: ChosenModel, bound: str | None) -> bool:
    """Return whether a key of the environment goes there by itself: to the provider's own host, and to this machine.

    None stands for an address that only the adapter or command knows.
    """
    if bound is None or (bound and is_loopback(address_of(chosen.profile))):
        return True
    return bound == OFFICIAL_HOSTS.get(chosen.profile.provider)


def _usual(chosen: ChosenModel) -> str:
    official = OFFICIAL_HOSTS.get(chosen.profile.provider)
    return f"{official} and this machine" if official else "this machine"


def _stored_key(profile: Profile, store: Credentials) -> Key:
    if profile.api_key_ref is not None:
        known = [store[profile.api_key_ref]]
    else:
        known = [credential for credential in store.values() if credential.provider == profile.provider]
        known.sort(key=lambda one: (one.name != profile.name, one.name != profile.provider, one.name))
    address = address_of(profile)
    bound = None if address is None else binding(address)
    for credential in known:
        if _is_bound(credential, bound):
            return Key(credential.key, origin=credential.name)
    if not known:
        return Key()
    hosts = ", ".join(dict.fromkeys(host for one in known for host in one.hosts)) or "the provider's own address"
    return Key(note=f"The stored key is for {hosts}, not for {_shown(bound)}. {_to_store(profile)}")


def _is_bound(credential: Credential, bound: str | None) -> bool:
    """Return whether the key may go there; None stands for an address that only the adapter or command knows."""
    return not credential.hosts if bound is None else bool(bound) and bound in credential.hosts


def _shown(bound: str | None) -> str:
    return bound or "this address"


def _to_store(profile: Profile) -> str:
    return f"To send one there: agentos tool auth set --provider {profile.provider}{_with_address(profile)}"


def _with_address(profile: Profile) -> str:
    """Return the option that names the profile's host: never the whole address, which may hold more."""
    address = address_of(profile)
    bound = "" if address is None else binding(address)
    return f" --host {bound}" if bound and profile.base_url is not None else ""
