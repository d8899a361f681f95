"""The one door to child processes: scrubbed environment, time limit, capped output, the whole process group ended.

A child gets its own session, so Ctrl-C in a terminal reaches us alone and we decide how it ends: TERM, a grace period,
KILL, for its process group and for the descendants that left the group but are still its children's children.
A daemon that was orphaned on purpose (double fork) cannot be found this way.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Self

from agentos_action.errors import ToolError
from agentos_action.interrupts import deferred

INHERITED = (
    *("PATH", "HOME", "LANG", "LC_*", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
# Python's own settings would change what our children import; git exports GIT_DIR and GIT_INDEX_FILE to hooks,
# and a child that inherits them works on the wrong repository.
NEVER = ("PYTHON*", "GIT_*")
MAX_OUTPUT = 8 * 1024 * 1024
GRACE_SECONDS = 2.0
_CHUNK = 65_536
_QUIET_SECONDS = 0.05


@dataclass(frozen=True)
class Finished:
    """How a child ended: exit code (negative for a signal), the first `max_output` bytes of each stream."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    truncated: bool = False

    @property
    def stdout_text(self) -> str:
        """Return standard output as text, bytes that are not UTF-8 replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def stderr_text(self) -> str:
        """Return standard error as text, bytes that are not UTF-8 replaced."""
        return self.stderr.decode("utf-8", "replace")


def environment(keep: Sequence[str] = (), extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment a child gets: the allow-list, the `keep` patterns (`PIP_*`), then `extra`."""
    wanted = (*INHERITED, *keep)
    kept = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in wanted)
        and not any(fnmatch.fnmatchcase(name, pattern) for pattern in NEVER)
    }
    return {**kept, **(extra or {})}


class Child:
    """A running child process with pipes to its stdin and stdout; leaving its `with` block ends its whole group."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self._swept = False

    @property
    def pid(self) -> int:
        """Return the process id, which is also the id of the child's group and session."""
        return self._popen.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Return the unbuffered pipe to the child's standard input."""
        return _there(self._popen.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """Return the unbuffered pipe from the child's standard output."""
        return _there(self._popen.stdout)

    @property
    def stderr(self) -> IO[bytes] | None:
        """Return the pipe from standard error, or nothing where it went to a file."""
        return self._popen.stderr

    def poll(self) -> int | None:
        """Return the exit code once the child has ended (what it left in its group is then killed), else nothing."""
        code = self._popen.poll()
        if code is not None:
            self._sweep()
        return code

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long for the child to end by itself and return its exit code, or nothing."""
        # Running on is what the caller is told by None.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, seconds))
        return self.poll()

    def end(self, grace: float = GRACE_SECONDS) -> int:
        """End the child and everything it started, TERM first, KILL after the grace period; return the exit code."""
        if self.poll() is None:
            strays = _Strays(self.pid)
            try:
                self._signal(signal.SIGTERM)
                self.wait(grace)
            finally:  # a second Ctrl-C during the grace period must not leave anything behind
                self._signal(signal.SIGKILL)
                strays.kill()
                self._popen.wait()
                self._swept = True
        self._close()
        return self._popen.wait()

    def release(self) -> None:
        """Let the child live on after us: close our ends of the pipes and forget it."""
        self._close()
        # Popen warns about a child that nobody waited for; this one is meant to outlive us.
        self._popen.returncode = 0
        self._swept = True

    def _sweep(self) -> None:
        # Once, at the moment the leader is seen dead: later its number may belong to somebody else.
        if not self._swept:
            self._swept = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # No such group: all have ended. Not permitted: what macOS answers for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _close(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def spawn(  # noqa: PLR0913 - each is one property of the child, all by name
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    env_extra: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    stderr_to: IO[bytes] | None = None,
) -> Child:
    """Start a long-lived child with pipes for stdin and stdout (stderr too unless it goes to a file).

    Use it as a context manager. `env` is the whole environment where it is given: nothing is inherited then.
    Raises ToolError `cannot_start` when there is no such program.
    """
    popen: subprocess.Popen[bytes] | None = None
    try:
        # A Ctrl-C between the fork and our knowing of the child would leave it behind.
        with deferred():
            popen = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=environment(keep, env_extra) if env is None else dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr_to if stderr_to is not None else subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
    except KeyboardInterrupt:
        if popen is not None:
            Child(popen).end()
        raise
    except OSError as error:
        message = f"cannot start {argv[0]}: {error.strerror or error}"
        hint = "check that the program exists and may be executed"
        raise ToolError(message, hint, category="runtime", code="cannot_start") from error
    return Child(popen)


def run(  # noqa: PLR0913 - each is one property of the child, all by name
    argv: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    env_extra: Mapping[str, str] | None = None,
    keep: Sequence[str] = (),
    input: bytes | None = None,  # noqa: A002 - the name subprocess.run gives it
    max_output: int = MAX_OUTPUT,
    on_stdout: Callable[[bytes], None] | None = None,
) -> Finished:
    """Run a command to its end, or to the time limit (seconds), and return what it said.

    Output beyond `max_output` bytes a stream is read and dropped, so the child never blocks and memory stays small.
    `on_stdout` is handed standard output as it comes, and none of it is kept here.
    """
    end = time.monotonic() + timeout
    with spawn(argv, cwd=cwd, env=env, env_extra=env_extra, keep=keep) as child:
        talk = _Talk(child, input or b"", max_output, on_stdout)
        talk.until(end)
        timed_out = child.wait(end - time.monotonic()) is None
        code = child.end()
    return Finished(code, bytes(talk.stdout), bytes(talk.stderr), timed_out, talk.truncated)


class _Talk:
    """The exchange over a child's three pipes, without threads and without blocking on any of them."""

    def __init__(self, child: Child, data: bytes, limit: int, on_stdout: Callable[[bytes], None] | None) -> None:
        self._child = child
        self._data = memoryview(data)
        self._limit = limit
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.truncated = False
        self._on_stdout = on_stdout or partial(self._keep, self.stdout)

    def until(self, end: float) -> None:
        """Write the input and read both outputs until they are closed, the child is gone, or the time has come."""
        with selectors.DefaultSelector() as selector:
            for pipe, sink in self._outputs():
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, sink)
            os.set_blocking(self._child.stdin.fileno(), False)
            selector.register(self._child.stdin, selectors.EVENT_WRITE)
            while selector.get_map() and (left := end - time.monotonic()) > 0:
                ready = selector.select(min(left, _QUIET_SECONDS))
                for key, _ in ready:
                    more = self._read(key.fd, key.data) if key.data is not None else self._write(key.fd)
                    if not more:
                        selector.unregister(key.fileobj)
                    if not more and key.data is None:
                        self._child.stdin.close()
                # Quiet and ended: whoever still holds a pipe was swept with the group, or has left it.
                if not ready and self._child.poll() is not None:
                    break

    def _outputs(self) -> Iterator[tuple[IO[bytes], Callable[[bytes], None]]]:
        yield self._child.stdout, self._on_stdout
        if self._child.stderr is not None:
            yield self._child.stderr, partial(self._keep, self.stderr)

    def _read(self, descriptor: int, sink: Callable[[bytes], None]) -> bool:
        chunk = os.read(descriptor, _CHUNK)
        sink(chunk)
        return bool(chunk)

    def _keep(self, kept: bytearray, chunk: bytes) -> None:
        room = self._limit - len(kept)
        kept += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room

    def _write(self, descriptor: int) -> bool:
        try:
            self._data = self._data[os.write(descriptor, self._data[:_CHUNK]) :]
        except BrokenPipeError:  # a child may end, or close its input, without reading all of it
            return False
        return bool(self._data)


class _Strays:
    """Descendants noted before the signal: a `setsid` takes them out of the group, not out of the family."""

    def __init__(self, pid: int) -> None:
        import psutil  # noqa: PLC0415 - only where a child has to be ended; a hook's happy path never is

        try:
            self._family = psutil.Process(pid).children(recursive=True)
        except psutil.Error:  # it ended in between, and orphans cannot be told from strangers
            self._family = []
        self._gone = psutil.Error

    def kill(self) -> None:
        for member in self._family:
            # psutil compares the start time, so a number that was given away is not killed.
            with contextlib.suppress(self._gone):
                member.kill()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the child was started without this pipe")
    return pipe
