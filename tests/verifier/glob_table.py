"""The table of globs: read from globs.toml, written into docs/policy.md (`python -m tests.verifier.glob_table`)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/policy.md"
ROWS: dict[str, list[dict[str, Any]]] = tomllib.loads((HERE / "globs.toml").read_text(encoding="utf-8"))


def rows(side: str) -> list[tuple[str, str, bool]]:
    """Return (pattern, path, whether it matches) for every pattern and path of a side."""
    return [
        (row["pattern"], path, hit)
        for row in ROWS[side]
        for hit, paths in ((True, row["yes"]), (False, row["no"]))
        for path in paths
    ]


def written(page: str) -> str:
    """Return the page with the table of each side between its two marks."""
    for side in ROWS:
        start, end = f"<!-- globs: {side} -->\n", "<!-- end -->"
        before, mark, after = page.partition(start)
        page = f"{before}{mark}{table(side)}\n{end}{after.partition(end)[2]}"
    return page


def table(side: str) -> str:
    """Return one side's rows as Markdown."""
    lines = ["| pattern | matches | does not match |", "|---|---|---|"]
    for row in ROWS[side]:
        cells = (code([row["pattern"]]), code(row["yes"]), code(row["no"]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def code(texts: list[str]) -> str:
    """Return texts as Markdown code inside a cell; what no cell can show is written as an escape."""
    shown = (text.replace("\n", "\\n").replace("|", "\\|") for text in texts)
    return ", ".join(
        f"`` {text} ``" if text.startswith("`") or " " in (text[:1], text[-1:]) else f"`{text}`" for text in shown
    )


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
