"""What a sandbox must not show: private folders, and whatever only the content of a repository points at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

#: Folders that hold keys under these names, whoever's home they lie in.
_KEYS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".pki", "keyrings"})
_MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class Bounds:
    """Folders that are `private`, and `foreign` ones: their content others wrote, a model among them.

    A foreign folder may be shown where the user names it; no link and no file in it decides what else is.
    """

    private: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()

    @classmethod
    def of(cls, private: Iterable[Path] = (), foreign: Iterable[Path] = ()) -> Self:
        """Make bounds of these folders and of their real places."""
        return cls(_with_real(private), _with_real(foreign))

    def allow(self, place: Path) -> bool:
        """Return whether a place may be shown for the programs in it."""
        return not self.led(place) and not any(_keys(end) or self._opens(end) for end in (place, real(place)))

    def led(self, place: Path) -> bool:
        """Return whether a link in foreign content is on the way to a place: who wrote it chose where the way ends."""
        # A link that is the folder itself lies beside the content, not in it.
        return any(self._inside(link) and link not in self.foreign for link in _links(place))

    def written(self, place: Path) -> bool:
        """Return whether foreign content decides what is in a place."""
        return self.led(place) or self._inside(place) or self._inside(real(place))

    def _inside(self, place: Path) -> bool:
        return any(place.is_relative_to(folder) for folder in self.foreign)

    def _opens(self, place: Path) -> bool:
        return any(kept.is_relative_to(place) for kept in self.private)


def real(place: Path) -> Path:
    """Return where a path ends, as far as it leads; links in a circle are no error (Path.resolve makes them one)."""
    return Path(os.path.realpath(place))


def _with_real(places: Iterable[Path]) -> tuple[Path, ...]:
    return tuple({end: None for place in places for end in (place, real(place))})


def _keys(place: Path) -> bool:
    return not _KEYS.isdisjoint(place.parts)


def _links(place: Path) -> Iterator[Path]:
    """Yield every link on the way to an absolute path, each by the real place where it lies."""
    here, ahead, left = Path("/"), list(reversed(place.parts[1:])), _MAX_LINKS
    while ahead and left:
        part = ahead.pop()
        if part == "..":
            here = here.parent
            continue
        here /= part
        try:
            target = here.readlink()
        except OSError:  # no link, or nothing that we (and so a check) could reach
            continue
        yield here
        left -= 1
        here = Path("/") if target.is_absolute() else here.parent
        ahead.extend(reversed(target.parts[1:] if target.is_absolute() else target.parts))
