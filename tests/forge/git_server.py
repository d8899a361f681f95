"""A real git server over HTTP: `git http-backend` on loopback, behind a password."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.git import git_environment

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyzAB"


class GitServer:
    """Serves the bare repositories below a folder; who has no token is asked for one, another is refused."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.refuse: int | None = None
        #: So many pushes are carried out, and answered as if they were not.
        self.lost = 0
        self.redirect_to: str | None = None
        self.redirect_after_password = False
        self.meanwhile: tuple[str, Callable[[], object]] | None = None
        self.asked: list[str] = []
        self.passwords: list[str | None] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def bare(self, name: str) -> Path:
        """Return the folder of a repository that is served."""
        return self.root / name


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    """Serve until the end of the block."""
    one = GitServer(root)
    thread = threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.server.shutdown()
        one.server.server_close()
        thread.join()


def _handler(of: GitServer) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one small server
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            pass

        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            body = self.body()
            self.answer(body)

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                read = b""
                while size := int(self.rfile.readline(), 16):
                    read += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return read
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, body: bytes) -> None:
            of.asked.append(f"{self.command} {self.path}")
            if of.redirect_to is not None and not of.redirect_after_password:
                self.plain(301, {"Location": f"{of.redirect_to}{self.path}"})
                return
            told = self.headers.get("Authorization", "")
            given = base64.b64decode(told.removeprefix("Basic ")).decode() if told else None
            of.passwords.append(given)
            if given != f"x-access-token:{TOKEN}":
                self.plain(401, {"WWW-Authenticate": 'Basic realm="git"'})
            elif of.redirect_to is not None:
                self.plain(301, {"Location": f"{of.redirect_to}{self.path}"})
            elif of.refuse is not None:
                self.plain(of.refuse, {})
            else:
                self.backend(body)

        def plain(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def backend(self, body: bytes) -> None:
            if of.meanwhile is not None and f"{self.command} {self.path}".endswith(of.meanwhile[0]):
                _, act = of.meanwhile
                of.meanwhile = None
                act()
            parts = urlsplit(self.path)
            env = {
                **git_environment(),
                "GIT_PROJECT_ROOT": str(of.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": parts.path,
                "QUERY_STRING": parts.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "somebody",
                "PATH": os.environ["PATH"],
            }
            done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
            if of.lost and self.command == "POST" and parts.path.endswith("/git-receive-pack"):
                of.lost -= 1
                self.plain(502, {})
                return
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            with suppress(ConnectionError):  # a client that was ended meanwhile
                self.end_headers()
                self.wfile.write(content)

    return Handler
