"""What `gpg --list-secret-keys` says → why no key in it can sign."""

from __future__ import annotations

import re
from pathlib import Path

from agentos_action import process

#: The programs that list keys in this way; a wrapper of another name may keep its keys elsewhere.
PROGRAMS = ("gpg", "gpg2", "gpgsm")
SECONDS = 10.0
# gpg's own number for a secret key that is not there; its words depend on the language, and the names on its letters.
_NONE = re.compile(r"^\[GNUPG:\] ERROR keylist\.getkey (\d+)", re.MULTILINE)
_NO_SECRET_KEY = 17
#: The columns of a `sec` line that tell whether the key is valid, and what it may be used for.
_VALID, _USES = 1, 11


def unfit(program: str, who: str, keep: tuple[str, ...]) -> str | None:
    """Return why gpg can plainly not sign as `who`, None where it may; asks for no passphrase.

    Raises ToolError where the program cannot be started.
    """
    argv = [program, "--batch", "--status-fd=2", "--with-colons", "--list-secret-keys", "--", who]
    done = process.run(argv, timeout=SECONDS, keep=keep)
    rows = [row.split(":") for row in done.stdout_text.splitlines()]
    keys = [row for row in rows if row[0] in {"sec", "crs"}]
    if not keys:
        # gpgsm lists nothing and is content; whatever else went wrong, signing tells in its own words.
        silent = Path(program).name == "gpgsm" and not done.returncode
        none = silent or any(int(number) & 0xFFFF == _NO_SECRET_KEY for number in _NONE.findall(done.stderr_text))
        return f"{program} has no secret key of {who}" if none else None
    if any(row[0] != "sec" or _may_sign(row) for row in keys):
        return None
    return f"no secret key of {who} can sign: it is expired, revoked, or made for something else"


def _may_sign(row: list[str]) -> bool:
    """Return whether a `sec` line leaves it open that its key can sign; those of an old gpg tell nothing."""
    valid, uses = "".join(row[_VALID : _VALID + 1]), "".join(row[_USES : _USES + 1])
    # In capitals stands what the key as a whole can still do; gpgsm tells it in another way.
    return "S" in uses or not (valid in {"e", "r"} or any(use.isupper() for use in uses))
