"""The one catch-all: every error becomes one line what, one line what to do, and an exit code."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from agentos_action.errors import EXIT_BUG, EXIT_INTERRUPTED, AgentOSError

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(work: Callable[[], int], *, as_json: bool) -> int:
    """Run `work` and return its exit code; nothing it raises passes."""
    from agentos_action.interrupts import ignore_from_now_on, raise_on_sigterm  # noqa: PLC0415 - not for --help

    raise_on_sigterm()
    try:
        code = work()
        sys.stdout.flush()
        ignore_from_now_on()
    except AgentOSError as error:
        tell(error, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        tell_fields("interrupted", EXIT_INTERRUPTED, "interrupted", "", as_json=as_json)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) went away; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the one place where a bug is turned into a report
        tell_fields(
            "bug", EXIT_BUG, f"unexpected {type(error).__name__}", "Please report the log above.", as_json=as_json
        )
        _log_of(error)
        return EXIT_BUG
    return code


def tell(error: AgentOSError, *, as_json: bool) -> None:
    """Say an error: on stderr for a person, as one object on stdout for a machine."""
    code = error.exit_code
    tell_fields(
        error.status,
        code,
        error.message,
        error.hint,
        as_json=as_json,
        category=error.category,
        raw=error.raw_error_code,
    )


def tell_fields(  # noqa: PLR0913 - the fields of the object
    status: str,
    exit_code: int,
    message: str,
    hint: str,
    *,
    as_json: bool,
    category: str | None = None,
    raw: str | None = None,
) -> None:
    """Say the fields of an error."""
    from agentos_action.redact import Redactor  # noqa: PLC0415 - errors are rare, start-up is not
    from agentos_action.report.visible import visible  # noqa: PLC0415 - the same

    clean = Redactor(_secrets()).text
    if as_json:
        fields = {
            "status": status,
            "exit_code": exit_code,
            "error_category": category,
            "raw_error_code": raw,
            "message": clean(message),
            "hint": clean(hint),
        }
        sys.stdout.write(json.dumps(fields) + "\n")
        return
    sys.stderr.write(f"agentos: {visible(clean(message))}\n")
    if hint:
        sys.stderr.write(f"  {visible(clean(hint))}\n")


def _secrets() -> list[str]:
    from agentos_action.entry.request import secrets_in  # noqa: PLC0415 - only on errors

    return list(secrets_in(os.environ).values())


def _log_of(error: BaseException) -> None:
    import platform  # noqa: PLC0415 - only for a bug
    import traceback  # noqa: PLC0415 - the same

    from agentos_action import __version__  # noqa: PLC0415 - the same
    from agentos_action.redact import Redactor  # noqa: PLC0415 - the same

    trace = "".join(traceback.format_exception(error))
    where = f"agentos {__version__}, Python {platform.python_version()}, {platform.platform()}"
    sys.stderr.write(Redactor(_secrets()).text(f"--- log for an issue ---\n{where}\n{trace}--- end of log ---\n"))
