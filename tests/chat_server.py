"""A loopback server that speaks llama.cpp's chat shape and answers when a test lets it: real HTTP, exact answers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class ChatServer:
    """Answers every chat request with one text, once `release` is set; `asked` counts the requests that wait."""

    def __init__(self, answer: str) -> None:
        self.release = threading.Event()
        self.asked = threading.Semaphore(0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

            def do_GET(self) -> None:
                self._send({"object": "list", "data": [{"id": "told"}], "status": "ok"})

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if not self.path.endswith("/chat/completions"):
                    self.send_error(404)
                    return
                outer.asked.release()
                outer.release.wait(200)
                choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
                usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
                self._send({"object": "chat.completion", "model": "told", "choices": [choice], "usage": usage})

            def _send(self, body: dict[str, object]) -> None:
                content = json.dumps(body).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    # The client was interrupted and is gone; that is what some tests are about.
                    self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
