"""Names that a person cannot tell apart: characters of other scripts that are drawn like ASCII (Unicode TR39)."""

from __future__ import annotations

import json
from functools import lru_cache

from agentos_action.verifier.names import folded

#: Letters of ASCII that fonts draw alike: they are the same where a letter of another script stands beside them.
_ALIKE = str.maketrans("i1|0", "lllo")


@lru_cache(maxsize=1)
def _ascii_twins() -> dict[str, str]:
    """Return the character of ASCII that each other character is drawn like."""
    from importlib import resources  # noqa: PLC0415 - few names are not ASCII

    # The data only: the package's own loader imports an HTTP client and takes its folder from the environment.
    data = resources.files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, str]]] = json.loads(data)
    return {
        char: alike["c"]
        for char, all_alike in found.items()
        for alike in all_alike
        if alike["c"].isascii() and not char.isascii()
    }


@lru_cache(maxsize=4_096)
def skeleton(part: str) -> str:
    """Return what a name looks like: equal for names that differ only by characters which are drawn alike."""
    if part.isascii():
        return part.lower().translate(_ALIKE)
    drawn = "".join(_ascii_twins().get(char, char) for char in part)
    return folded(drawn).translate(_ALIKE)


def look_alike(one: str, other: str) -> bool:
    """Return whether two different names look the same, and not only for letters that are all ASCII."""
    return one != other and not (one.isascii() and other.isascii()) and skeleton(one) == skeleton(other)
