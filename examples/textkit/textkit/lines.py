"""Work on lines of text."""

from pathlib import Path


def indent(text: str, width: int = 4) -> str:
    """Put spaces in front of every line of the text."""
    return "\n".join(" " * width + line for line in text.splitlines())


def count_sentences(text: str) -> int:
    return sum(text.count(mark) for mark in ".!?")


def is_numeric(text: str) -> bool:
    return text.strip().lstrip("+-").replace(".", "", 1).isdigit()


def remove_punctuation(text: str) -> str:
    return "".join(char for char in text if char.isalnum() or char.isspace())


def shortest_line(text: str) -> str:
    return min(text.splitlines(), key=len)


def number_lines(lines):
    for number, line in enumerate(lines, start=1):
        yield f"{number:>4} {line}"


def save_lines(path: Path, lines: list[str]) -> None:
    with path.open("w", encoding="utf-8") as handle:
        handle.writelines(f"{line}\n" for line in lines)
