"""Headless Chromium for tests: one page, its DOM, what its console said, a picture of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((found for name in NAMES if (found := shutil.which(name))), None)
MISSING = f"no browser is installed (looked for {', '.join(NAMES)})"

#: It may run as root, in a container, with little shared memory; it fetches nothing of its own.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--enable-logging=stderr", "--log-level=0",
)  # fmt: skip
DARK = "--blink-settings=preferredColorScheme=0"


def browse(page: Path, *flags: str) -> tuple[str, list[str]]:
    """Load a page and return its DOM (with `--dump-dom`) and what its console said."""
    with tempfile.TemporaryDirectory(prefix="agentos-browser-", ignore_cleanup_errors=True) as own:
        done = subprocess.run(
            [str(BROWSER), *FLAGS, f"--user-data-dir={own}", *flags, page.as_uri()],
            capture_output=True,
            check=True,
            timeout=120,
        )
    said = done.stderr.decode("utf-8", "replace").splitlines()
    return done.stdout.decode("utf-8", "replace"), [line for line in said if "CONSOLE" in line]


def picture(page: Path, target: Path, *flags: str, width: int = 1100, height: int = 900) -> Path:
    """Write a picture of a page, so large, and return its path."""
    browse(page, f"--screenshot={target}", f"--window-size={width},{height}", *flags)
    return target


def left_edge(png: Path) -> list[tuple[int, ...]]:
    """Return the colour of the first pixel of each row of a picture with 8 bits a channel."""
    content = png.read_bytes()
    width, channels = int.from_bytes(content[16:20]), {2: 3, 6: 4}[content[25]]
    packed, at = b"", 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4])
        packed += content[at + 8 : at + 8 + length] if content[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    raw, size = zlib.decompress(packed), width * channels + 1
    rows = [raw[start : start + channels + 1] for start in range(0, len(raw), size)]
    above = (0,) * channels
    found = []
    for kind, *pixel in rows:
        # Nothing stands to the left, so Paeth is Up and Average half of it.
        share = {0: 0, 1: 0, 2: 1, 3: 0.5, 4: 1}[kind]
        above = tuple((value + int(share * up)) % 256 for value, up in zip(pixel, above, strict=True))
        found.append(above[:3])
    return found


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server on loopback, and the paths that anybody asked it for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
