"""Apply the diff on standard input to the folder this runs in, as a fresh repository; prints the seconds it took."""

from __future__ import annotations

import json
import sys
import time

import pygit2


def main() -> int:
    """Return 1 where libgit2 refuses."""
    repository = pygit2.init_repository(".")
    text = sys.stdin.buffer.read()
    started = time.perf_counter()
    try:
        diff = pygit2.Diff.parse_diff(text)
        if not len(diff):
            return _refused("no diff")
        repository.apply(diff, pygit2.enums.ApplyLocation.WORKDIR)
    except (pygit2.GitError, ValueError, KeyError, OSError) as error:
        return _refused(str(error))
    print(json.dumps(time.perf_counter() - started))
    return 0


def _refused(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
