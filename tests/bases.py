"""A base made of a mapping: satisfies the `Base` port without a repository, for tests that need thousands of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from agentos_action.records.base import MODE_TREE
from agentos_action.records.patch import MODE_FILE, MODE_GITLINK, FileVersion
from agentos_action.records.verdict import DiffValidationResult, Finding

BASE_ID = "0123456789abcdef0123456789abcdef01234567"


def written(record: DiffValidationResult | Finding) -> bytes:
    """Return a record as JSON in UTF-8; raises for half of a character, which no JSON file can hold."""
    return json.dumps(asdict(record), ensure_ascii=False).encode()


class Files:
    """Files by path; `modes` gives a path another mode than that of a regular file."""

    def __init__(self, files: Mapping[str, bytes | str], modes: Mapping[str, int] | None = None) -> None:
        self.id = BASE_ID
        self._modes = dict(modes or {})
        self._files = {
            path: content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
            for path, content in files.items()
        }
        for path in self._modes:
            self._files.setdefault(path, b"")

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path`, also of folders."""
        if path in self._files:
            return self._modes.get(path, MODE_FILE)
        return MODE_TREE if path and any(known.startswith(f"{path}/") for known in self._files) else None

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`."""
        mode = self._modes.get(path, MODE_FILE)
        if path not in self._files or mode == MODE_GITLINK:
            return None
        return FileVersion(self._files[path], mode)

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`."""
        return len(self._files.get(path, b""))

    def paths(self) -> Iterator[str]:
        """Yield every path in git's order."""
        yield from sorted(self._files)

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names directly in `folder`."""
        prefix = f"{folder}/" if folder else ""
        below = (path.removeprefix(prefix) for path in sorted(self._files) if path.startswith(prefix))
        return tuple(dict.fromkeys(path.partition("/")[0] for path in below))
