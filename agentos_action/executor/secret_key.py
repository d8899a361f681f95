"""What `gpg --list-secret-keys` says → why no key in it can sign."""

from __future__ import annotations

from agentos_action import process

#: The programs that list keys in this way; a wrapper of another name may keep its keys elsewhere.
PROGRAMS = ("gpg", "gpg2", "gpgsm")
SECONDS = 10.0
# libgpg-error's words for it, in the language that is asked for.
_NONE = "No secret key"
_LANGUAGE = {"LC_ALL": "C"}
#: The column of a `sec` line that tells what the key may be used for.
_USES = 11


def unfit(program: str, who: str, keep: tuple[str, ...]) -> str | None:
    """Return why gpg can plainly not sign as `who`, None where it may; asks for no passphrase.

    Raises ToolError where the program cannot be started.
    """
    argv = [program, "--batch", "--with-colons", "--list-secret-keys", "--", who]
    done = process.run(argv, timeout=SECONDS, env_extra=_LANGUAGE, keep=keep)
    rows = [row.split(":") for row in done.stdout_text.splitlines()]
    keys = [row for row in rows if row[0] in {"sec", "crs"}]
    if not keys:
        # gpgsm lists nothing and is content; whatever else went wrong, signing tells in its own words.
        return f"{program} has no secret key of {who}" if _NONE in done.stderr_text or not done.returncode else None
    # In capitals stands what the key as a whole can still do; gpgsm tells it in another way.
    if any(row[0] != "sec" or "S" in "".join(row[_USES : _USES + 1]) for row in keys):
        return None
    return f"no secret key of {who} can sign: it is expired, revoked, or made for something else"
