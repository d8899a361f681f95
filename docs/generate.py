"""Writes the tables of the pages that stand in the code, each between two marks of its page.

`python docs/generate.py` writes, `python docs/generate.py --check` says whether it would change anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from agentos_action.adapters.faults import FAULTS, STATUS_BY_CATEGORY

DOCS = Path(__file__).resolve().parent


def faults() -> str:
    """Return the table of what goes wrong with a model."""
    rows = []
    for fault in FAULTS.values():
        says = _sentence(fault.says.replace("{endpoint}", "the server"))
        rows.append((f"`{fault.code}`", fault.category, f"`{STATUS_BY_CATEGORY[fault.category]}`", says, fault.todo))
    return _table(("code", "category", "health status", "what is wrong", "what to do"), rows)


def inputs() -> str:
    """Return the table of the action's inputs."""
    return _table(
        ("input", "default", "meaning"),
        (
            (f"`{name}`", f"`{told['default']}`" if told.get("default") else "", told["description"])
            for name, told in _action()["inputs"].items()
        ),
    )


def outputs() -> str:
    """Return the table of the action's outputs."""
    rows = ((f"`{name}`", told["description"]) for name, told in _action()["outputs"].items())
    return _table(("output", "meaning"), rows)


#: Page and mark, and who writes what stands there.
TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("errors.md", "faults"): faults,
    ("action.md", "inputs"): inputs,
    ("action.md", "outputs"): outputs,
}


def _action() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    return told


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return (
        "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("| --- |", "|---|").replace(" --- |", "---|")
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def written(page: str, mark: str, table: str) -> str:
    """Return a page with the table between its marks; raises ValueError where it has no such marks."""
    begin, end = f"<!-- generated: {mark} -->\n", "<!-- generated: end -->\n"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        message = f"no place for {mark}: {begin.strip()} … {end.strip()}"
        raise ValueError(message)
    return f"{before}{begin}\n{table}\n{end}{after}"


def main() -> int:
    """Write or compare the pages; exit code 1 where one is out of date."""
    code = 0
    for (name, mark), table in TABLES.items():
        page = DOCS / name
        there = page.read_text(encoding="utf-8")
        wanted = written(there, mark, table())
        if wanted == there:
            continue
        if "--check" in sys.argv[1:]:
            sys.stderr.write(f"docs/{name} is out of date: python docs/generate.py\n")
            code = 1
        else:
            page.write_text(wanted, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
