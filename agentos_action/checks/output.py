"""The two ends of what a command says: how it began and how it ended, whatever lies between."""

from __future__ import annotations

HEAD_BYTES = 4_000
TAIL_BYTES = 16_000


class Ends:
    """Takes output piece by piece and keeps its first and its last bytes; memory does not grow with it."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._cut = 0

    @property
    def truncated(self) -> bool:
        """Whether something between the two ends was dropped."""
        return self._cut > 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        room = HEAD_BYTES - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        if (over := len(self._tail) - TAIL_BYTES) > 0:
            del self._tail[:over]
            self._cut += over

    def text(self) -> str:
        """Return both ends as text, bytes that are not UTF-8 replaced; in the middle a line says how much is missing.

        The cut is between two lines where there are any: half a token would be recognised by nobody.
        """
        if not self.truncated:
            return (self._head + self._tail).decode("utf-8", "replace")
        head = self._head[: self._head.rfind(b"\n") + 1] or self._head
        tail = self._tail[self._tail.find(b"\n", 0, -1) + 1 :]
        missing = self._cut + len(self._head) - len(head) + len(self._tail) - len(tail)
        middle = f"\n[... {missing:,} bytes are left out here ...]\n"
        return head.decode("utf-8", "replace").removesuffix("\n") + middle + tail.decode("utf-8", "replace")
