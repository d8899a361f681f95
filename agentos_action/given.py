"""Files that somebody handed over as texts: a base without a repository and without a folder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from agentos_action.records.base import MODE_TREE, NO_COMMIT
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, FileVersion


class GivenFiles:
    """Files by path, which may be any text; `modes` gives a path another mode than that of a regular file.

    A path with a mode and no text is an empty file or link; a submodule never has content.
    """

    def __init__(self, files: Mapping[str, bytes], modes: Mapping[str, int] | None = None) -> None:
        self.id = NO_COMMIT
        self._modes = {**dict.fromkeys(files, MODE_FILE), **(modes or {})}
        self._files = files
        self._sorted = sorted(self._modes)

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path` (also of folders and submodules), None where there is nothing."""
        found = self._modes.get(path)
        if found is None and path:
            below = bisect_left(self._sorted, f"{path}/")
            if below < len(self._sorted) and self._sorted[below].startswith(f"{path}/"):
                return MODE_TREE
        return found

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`; None for folders, submodules and what is not there."""
        mode = self._modes.get(path)
        if mode is None or mode == MODE_GITLINK:
            return None
        return FileVersion(self._files.get(path, b""), mode)

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`, 0 where there is none."""
        version = self.read(path)
        return len(version.content) if version else 0

    def paths(self) -> Iterator[str]:
        """Yield the path of every regular file, in git's order."""
        regular = (path for path, mode in self._modes.items() if mode in {MODE_FILE, MODE_EXEC})
        yield from sorted(regular, key=lambda path: path.encode("utf-8", "surrogateescape"))

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names of everything directly in `folder` (`""` is the root)."""
        prefix = f"{folder}/" if folder else ""
        below = (path.removeprefix(prefix) for path in sorted(self._modes) if path.startswith(prefix))
        return tuple(dict.fromkeys(path.partition("/")[0] for path in below))
