"""Keep short notes by name."""


class Shelf:
    """Keep notes by name."""

    def __init__(self) -> None:
        self._notes: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._notes)

    def add_note(self, name: str, text: str) -> None:
        self._notes[name] = text

    def names(self) -> list[str]:
        """Return the names of all notes in alphabetical order."""
        return sorted(self._notes)
