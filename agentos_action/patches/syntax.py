"""Whether a file that its language could read before can still be read: the last look at a patch's result."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable

#: Larger files are not looked at: reading them would cost more than all the rest.
MOST_BYTES = 1_000_000


_PROGRAM = re.compile(rb"^\s*(?:def|class|import|from|async def)\b", re.MULTILINE)


def broken(path: str, old: bytes, new: bytes) -> str | None:
    """Return what is wrong with the new content where the old one was right, else None.

    Python (if the file defines or imports something), JSON and TOML by the file's ending; other files are never wrong.
    """
    parse = _PARSERS.get(path.rpartition(".")[2])
    if parse is _python and not _PROGRAM.search(old):
        return None
    if parse is None or old == new or len(old) > MOST_BYTES or len(new) > MOST_BYTES:
        return None
    wrong = parse(new)
    return wrong if wrong is not None and parse(old) is None else None


def _python(content: bytes) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or "nested too deeply"
    return None


def _json(content: bytes) -> str | None:
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        return str(error)
    return None


def _toml(content: bytes) -> str | None:
    try:
        tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return str(error)
    return None


_PARSERS: dict[str, Callable[[bytes], str | None]] = {"py": _python, "pyi": _python, "json": _json, "toml": _toml}
