"""Names as file systems read them: what is no clean path, and what folds together."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Characters that Windows allows in no name; git there cannot check such a file out, but takes it for no other one.
NOT_ON_WINDOWS = frozenset('<>"|?*')

#: Bytes that could not be read as UTF-8 stand in a name as these.
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_GIT_SHORT = re.compile(r"git~[0-9]+")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789"}
)

#: Drawn as nothing although Unicode files them under letters, marks or symbols (Default_Ignorable_Code_Point, blanks).
_DRAWN_AS_NOTHING = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0").union(
    map(chr, range(0x180B, 0x1810)), map(chr, range(0xFE00, 0xFE10)), map(chr, range(0xFFF0, 0xFFF9))
)
_TAGS = range(0xE0000, 0xE1000)
_EMOJI_STYLE = "\ufe0f"
_IGNORABLE = re.compile(f"[{''.join(sorted(_DRAWN_AS_NOTHING))}{chr(_TAGS.start)}-{chr(_TAGS.stop - 1)}]")

#: Bytes that file systems hold in one part, and in a path below the folder of a checkout (macOS: 1,024 in all).
_LONGEST_PART = 255
_LONGEST_NAME = 1_024


def unclean(name: str) -> tuple[str, str] | None:
    """Return (finding id, reason) for a name no patch may carry, None for a clean one."""
    long = too_long(name)
    if long is not None:
        return "paths.too-long", long
    if _NOT_UTF8.search(name):
        return "paths.encoding", "it is not UTF-8"
    if not name.isprintable() and any(unicodedata.category(char) in _INVISIBLE for char in name):
        return "paths.invisible", "it holds control or invisible characters"
    if name.startswith("/") or _DRIVE.match(name):
        return "paths.absolute", "it is absolute"
    if "\\" in name:
        return "paths.backslash", "it holds a backslash"
    return next(filter(None, map(_unclean_part, name.split("/"))), None) or _unseen(name)


def too_long(name: str) -> str | None:
    """Return why no file system could hold a name of this length, None where it can."""
    raw = name.encode("utf-8", "replace")
    if len(raw) > _LONGEST_NAME:
        return f"it has {len(raw):,} bytes, more than the {_LONGEST_NAME:,} that every file system holds"
    longest = max(map(len, raw.split(b"/")))
    if longest > _LONGEST_PART:
        return f"a part of it has {longest:,} bytes, more than the {_LONGEST_PART} that every file system holds"
    return None


def _unseen(name: str) -> tuple[str, str] | None:
    if _IGNORABLE.search(name) is None:
        return None
    for at, char in enumerate(name):
        if char == _EMOJI_STYLE and at and not name[at - 1].isascii() and unicodedata.category(name[at - 1])[0] in "SP":
            # Half of the emoji that keyboards write: a symbol, and the wish to see it in colour.
            continue
        if _is_ignorable(char):
            return "paths.invisible", "it holds characters that are drawn as nothing"
    return None


def _is_ignorable(char: str) -> bool:
    return char in _DRAWN_AS_NOTHING or ord(char) in _TAGS


@lru_cache(maxsize=4_096)
def _unclean_part(part: str) -> tuple[str, str] | None:
    if part in {"", ".", ".."} or folded(part) in {".", ".."}:
        return "paths.traversal", f"it has the component {part!r}"
    if is_git(part):
        return "paths.git-folder", f"{part!r} is a spelling of .git"
    stem = folded(part).split(".", maxsplit=1)[0].rstrip(" ")
    if part != part.rstrip(" .") or stem in _DEVICES or ":" in part:
        return "paths.windows", f"{part!r} means something else on Windows"
    if part != part.strip():
        return "paths.invisible", f"{part!r} begins or ends with a blank, which nobody sees"
    return None


def is_git(part: str) -> bool:
    """Return whether some file system would take this name for `.git` (case, short names, streams, trailing dots)."""
    if part.isascii():
        visible = part.lower()
    else:
        normal = unicodedata.normalize("NFKC", part).casefold()
        visible = "".join(char for char in normal if unicodedata.category(char) not in {"Cf", "Mn"})
    stem = visible.partition(":")[0].rstrip(" .")
    return stem == ".git" or _GIT_SHORT.fullmatch(stem) is not None


@lru_cache(maxsize=4_096)
def folded(name: str) -> str:
    """Return what all spellings of a name come to that some file system or reader takes for one another.

    Case, the normal forms of Unicode (the compatible ones too) and what is drawn as nothing make no difference.
    """
    if name.isascii():
        return name.lower()
    seen = "".join(char for char in name if unicodedata.category(char) != "Cf" and not _is_ignorable(char))
    once = unicodedata.normalize("NFKC", seen).casefold()
    # Folding case may undo the normal form (U+0345), and the normal form bring back a case.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", once).casefold())
