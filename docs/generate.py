"""Writes the pages that stand in the code: `docs/errors.md` and the tables of `docs/action.md`.

`python docs/generate.py` writes, `python docs/generate.py --check` says whether it would change anything.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from agentos_action.adapters.faults import FAULTS, STATUS_BY_CATEGORY

DOCS = Path(__file__).resolve().parent

ERRORS = """# Faults of a model

A run whose model could not be reached or did not answer usably ends with exit code 3, an `error_category` and a
`raw_error_code`. The same codes stand in `agentos tool health`, where the category decides the status. This page is
written by `docs/generate.py` from the table in `agentos_action/adapters/faults.py`.

| code | category | health status | what is wrong | what to do |
|---|---|---|---|---|
"""

ACTION = """# The GitHub Action

One step: a task goes in, a commit on a branch of the checkout comes out, the evidence is uploaded. With `delivery` it
pushes the branch and opens or updates a pull request ([delivery.md](delivery.md)); without, the workflow takes the
branch further itself, as in [examples/workflows/docstrings.yml](../examples/workflows/docstrings.yml). It needs a
checkout, Python 3.11 or newer on the runner, and neither sudo nor Docker; Linux is tested, macOS should work and has
not been tried.

The step fails with the run's exit code. Findings become annotations, the job summary shows task, verdict, diff, places
left alone, tokens and timing. Nothing that a model or a task wrote can become a workflow command.

Events of pull requests check out a detached HEAD: give `branch` there.

"""


def errors_page() -> str:
    """Return the page about faults."""
    rows = []
    for fault in FAULTS.values():
        says = fault.says.replace("{endpoint}", "the server")
        cells = (
            f"`{fault.code}`",
            fault.category,
            f"`{STATUS_BY_CATEGORY[fault.category]}`",
            says[0].upper() + says[1:],
            fault.todo,
        )
        rows.append(f"| {' | '.join(cells)} |\n")
    return ERRORS + "".join(rows)


def action_page() -> str:
    """Return the page about the action."""
    action: dict[str, Any] = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    page = ACTION + "## Inputs\n\n| input | default | meaning |\n|---|---|---|\n"
    for name, told in action["inputs"].items():
        default = f"`{told['default']}`" if told.get("default") else ""
        page += f"| `{name}` | {default} | {told['description']} |\n"
    page += "\n## Outputs\n\n| output | meaning |\n|---|---|\n"
    for name, told in action["outputs"].items():
        page += f"| `{name}` | {told['description']} |\n"
    return page


def main() -> int:
    """Write or compare the pages; exit code 1 where one is out of date."""
    code = 0
    for name, wanted in (("errors.md", errors_page()), ("action.md", action_page())):
        page = DOCS / name
        if "--check" not in sys.argv[1:]:
            page.write_text(wanted, encoding="utf-8")
        elif not page.is_file() or page.read_text(encoding="utf-8") != wanted:
            sys.stderr.write(f"docs/{name} is out of date: python docs/generate.py\n")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
