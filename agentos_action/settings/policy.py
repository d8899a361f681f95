"""`agentos.toml` of the policy commit → Policy; the built-in policy where there is none."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.policy import Policy

POLICY_FILE = "agentos.toml"
MAX_POLICY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy, where it came from, and the sha256 (hex) of its text."""

    policy: Policy
    source: str
    sha256: str


def load_policy(base: Base) -> LoadedPolicy:
    """Read the policy from a commit's tree; raises UsageError naming file, line and key of what is wrong."""
    version = base.read(POLICY_FILE)
    if version is None:
        return built_in()
    return read_policy(version.content, f"{POLICY_FILE}@{base.id[:10]}")


def built_in() -> LoadedPolicy:
    """Return the policy that holds where nobody wrote one."""
    policy = Policy()
    return LoadedPolicy(policy, "built-in", hashlib.sha256(json.dumps(asdict(policy)).encode()).hexdigest())


def read_policy(content: bytes, where: str) -> LoadedPolicy:
    """Read the text of a policy; raises UsageError naming `where`, line and key of what is wrong."""
    from agentos_action.tomlfile import read_toml  # noqa: PLC0415 - most hooks find no policy to read

    if len(content) > MAX_POLICY_BYTES:
        raise UsageError(f"{where}: larger than {MAX_POLICY_BYTES} bytes", "Shorten the policy.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: not UTF-8 (byte {error.start})", "Save the policy as UTF-8.") from error
    if text.startswith("\ufeff"):
        hint = "Save the policy as UTF-8 without it (some editors call that UTF-8, and the other UTF-8 with BOM)."
        raise UsageError(f"{where}:1: begins with a byte order mark, which TOML does not know", hint)
    digest = hashlib.sha256(content).hexdigest()
    return LoadedPolicy(read_toml(text.replace("\r\n", "\n"), Policy, where), where, digest)
