"""Whether a file that its language could read before can still be read: the last look at a patch's result."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

#: Larger files are not looked at, nor TOML with longer lines: reading them would cost more than all the rest.
MOST_BYTES = 1_000_000
_LONGEST = 2_000

_PROGRAM = re.compile(rb"^\s*(?:def|class|import|from|async def)\b", re.MULTILINE)
#: Of Python 3.12 on: what an older interpreter cannot read need not be wrong.
_NEWER = re.compile(
    rb"^\s*(?:(?:async\s+)?def\s+\w+\s*\[|class\s+\w+\s*\[|type\s+\w+\s*(?:\[[^\]]*\]\s*)?=)", re.MULTILINE
)
#: JSON that its own programs read with comments.
_WITH_COMMENTS = re.compile(r"(?:^|/)(?:[tj]sconfig[^/]*\.json|devcontainer\.json|\.vscode/[^/]*\.json)$")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a parser said, and the line (from 1) where it stopped."""

    said: str
    line: int | None = None


def broken(path: str, old: bytes, new: bytes) -> Wrong | None:
    """Return what is wrong with the new content where the old one was right, else None.

    Python (if the file defines or imports something), JSON and TOML by the file's ending; other files are never wrong.
    """
    parse = _PARSERS.get(path.rpartition(".")[2])
    if parse is None or old == new or len(old) > MOST_BYTES or len(new) > MOST_BYTES:
        return None
    if (parse is _python and not _PROGRAM.search(old)) or _WITH_COMMENTS.search(path):
        return None
    wrong = parse(new)
    return wrong if wrong is not None and parse(old) is None else None


def _python(content: bytes) -> Wrong | None:
    import ast  # noqa: PLC0415 - most patches are of other files
    import warnings  # noqa: PLC0415 - the same

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content)
    except SyntaxError as error:
        newer = error.msg.startswith("f-string") or _NEWER.search(content)
        return None if newer else Wrong(f"line {error.lineno}: {error.msg}", error.lineno)
    except (ValueError, RecursionError, MemoryError) as error:
        return Wrong(str(error) or "nested too deeply")
    return None


def _json(content: bytes) -> Wrong | None:
    import json  # noqa: PLC0415 - most patches are of other files

    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        return Wrong(str(error), error.lineno)
    except (ValueError, RecursionError) as error:
        return Wrong(str(error))
    return None


def _toml(content: bytes) -> Wrong | None:
    import tomllib  # noqa: PLC0415 - most patches are of other files

    if max(map(len, content.split(b"\n"))) > _LONGEST:
        return None
    try:
        tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return Wrong(str(error))
    return None


_PARSERS: dict[str, Callable[[bytes], Wrong | None]] = {"py": _python, "pyi": _python, "json": _json, "toml": _toml}
