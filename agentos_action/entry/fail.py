"""The one catch-all: every error becomes one line what, one line what to do, and an exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from typing import TYPE_CHECKING, TextIO, TypeVar

from agentos_action.errors import EXIT_BUG, EXIT_INTERRUPTED, AgentOSError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer

T = TypeVar("T")

#: Secrets that were taken out of the environment: what is said of an error must not tell them all the same.
_TAKEN: list[str] = []


class _Stream(io.FileIO):
    """A standard stream that never raises: a full disk or a reader that went away must not end a run half-way.

    What was lost is remembered; for stdout `delivered` asks for it, for stderr there is nobody left to tell.
    """

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or remember why not and take the data as written."""
        size = memoryview(data).nbytes
        try:
            written = super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            return size
        if written is None:
            # The other end is slow and somebody made it non-blocking; a wait here could last for ever.
            self.failure = self.failure or BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            return size
        return written


def guarded(work: Callable[[], int], *, as_json: bool) -> int:
    """Run `work` and return its exit code; nothing it raises passes."""
    from agentos_action import interrupts  # noqa: PLC0415 - not for --help

    interrupts.raise_on_signals()
    _open_streams()
    try:
        code = work()
        delivered()
        interrupts.ignore_from_now_on()
    except AgentOSError as error:
        tell(error, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted(as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the one place where a bug is turned into a report
        if interrupts.was_interrupted():
            # A library that was being loaded, for one, tells a Ctrl-C as a failure of its own.
            return _interrupted(as_json=as_json)
        tell_fields(
            "bug", EXIT_BUG, f"unexpected {type(error).__name__}", "Please report the log above.", as_json=as_json
        )
        _log_of(error)
        return EXIT_BUG
    return code


def _interrupted(*, as_json: bool) -> int:
    tell_fields("interrupted", EXIT_INTERRUPTED, "interrupted", "", as_json=as_json)
    return EXIT_INTERRUPTED


def spared(work: Callable[[], T], instead: Callable[[str], T]) -> T:
    """Return what `work` returns; a bug in it is one line on stderr, and `instead` gets its name.

    For one case of many, where the others must not suffer.
    """
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - the same place, for one case
        import traceback  # noqa: PLC0415 - only for a bug

        from agentos_action.redact import Redactor  # noqa: PLC0415 - the same
        from agentos_action.report.visible import visible_line  # noqa: PLC0415 - the same

        last = traceback.extract_tb(error.__traceback__)[-1]
        what = "".join(traceback.format_exception_only(error)).strip()
        said = f"unexpected {what[:400]} ({last.name}, line {last.lineno})"
        sys.stderr.write(f"agentos: {visible_line(Redactor(_secrets()).text(said))}\n")
        return instead(type(error).__name__)


def take_out(*names: str) -> None:
    """Take secrets out of the environment once they are read, so that no child finds them there."""
    _TAKEN.extend(filter(None, (os.environ.pop(name, "") for name in names)))


def heard() -> bool:
    """Return whether everything said on stdout so far has found its way; a reader may go away in the middle."""
    return _lost() is None


def read_by_runner() -> bool:
    """Return whether a CI runner reads what we write, and would obey commands in it."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def as_line(fields: object) -> str:
    """Return one line of JSON in which no CI runner finds a command of its own."""
    return json.dumps(fields).replace("##[", "\\u0023#[") + "\n"


def uncoloured() -> bool:
    """Return whether stderr goes to a file or a pipe, and nobody asked for colours all the same.

    A runner's log is never coloured: lines are wrapped there, and a wrapped line may begin with a command.
    """
    if read_by_runner():
        return True
    forced = any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
    return not forced and not sys.stderr.isatty()


def delivered(made: str = "") -> None:
    """Raise UsageError where something on stdout got lost; `made` says what was done nevertheless.

    A reader that went away (`| head`) had what it wanted: that is no failure, and the exit code stays.
    """
    failure = _lost()
    if failure is not None and not isinstance(failure, BrokenPipeError):
        raise UsageError(f"the report could not be written: {failure.strerror}{made}")


def _lost() -> OSError | None:
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, _Stream) else None


def _open_streams() -> None:
    """Give the process three open streams that do not raise; a caller's own stream in their place is left alone."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - for the life of the process
    if sys.stdout is sys.__stdout__:
        # A closed stdout is opened for reading: no file of ours may become stdout, and what is lost is noticed.
        sys.stdout = _stream(sys.stdout, os.O_RDONLY)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, os.O_WRONLY)


def _stream(old: TextIO | None, flags: int) -> TextIO:
    if old is None:
        raw = _Stream(os.open(os.devnull, flags), "w", closefd=False)
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
    if not isinstance(old, io.TextIOWrapper):
        return old
    raw = _Stream(old.fileno(), "w", closefd=False)
    # PYTHONUNBUFFERED asks for `write_through`, which would end at our buffer: a line at a time is as good.
    buffer, lines = io.BufferedWriter(raw), old.line_buffering or old.write_through
    return io.TextIOWrapper(buffer, encoding=old.encoding, errors="backslashreplace", line_buffering=lines)


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
        sys.stdout.write(as_line(fields))
        if _lost() is None:
            return
    sys.stderr.write(f"agentos: {visible(clean(message))}\n")
    if hint:
        sys.stderr.write(f"  {visible(clean(hint))}\n")


def _secrets() -> list[str]:
    from agentos_action.entry.request import known_secrets, secrets_in  # noqa: PLC0415 - only on errors

    try:
        return [*known_secrets(os.environ), *_TAKEN]
    except UsageError:
        # The file of keys is what the error may be about.
        return [*secrets_in(os.environ).values(), *_TAKEN]


def _log_of(error: BaseException) -> None:
    import platform  # noqa: PLC0415 - only for a bug
    import traceback  # noqa: PLC0415 - the same

    from agentos_action import __version__  # noqa: PLC0415 - the same
    from agentos_action.redact import Redactor  # noqa: PLC0415 - the same

    trace = "".join(traceback.format_exception(error))
    where = f"agentos {__version__}, Python {platform.python_version()}, {platform.platform()}"
    sys.stderr.write(Redactor(_secrets()).text(f"--- log for an issue ---\n{where}\n{trace}--- end of log ---\n"))
