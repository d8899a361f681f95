"""Writes the parts of the documentation that stand in the code: `docs/errors.md`.

`python docs/generate.py` writes, `python docs/generate.py --check` says whether it would change anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

from agentos_action.adapters.faults import FAULTS, STATUS_BY_CATEGORY

HEAD = """# Faults of a model

A run whose model could not be reached or did not answer usably ends with exit code 3, an `error_category` and a
`raw_error_code`. The same codes stand in `agentos tool health`, where the category decides the status. This page is
written by `docs/generate.py` from the table in `agentos_action/adapters/faults.py`.

| code | category | health status | what is wrong | what to do |
|---|---|---|---|---|
"""


def errors_page() -> str:
    """Return the page about faults."""
    rows = []
    for fault in FAULTS.values():
        says = fault.says.replace("{endpoint}", "the server")
        says = says[0].upper() + says[1:]
        cells = (f"`{fault.code}`", fault.category, f"`{STATUS_BY_CATEGORY[fault.category]}`", says, fault.todo)
        rows.append(f"| {' | '.join(cells)} |\n")
    return HEAD + "".join(rows)


def main() -> int:
    """Write or compare the page; exit code 1 where it is out of date."""
    page = Path(__file__).with_name("errors.md")
    wanted = errors_page()
    if "--check" in sys.argv[1:]:
        return 0 if page.is_file() and page.read_text(encoding="utf-8") == wanted else 1
    page.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
