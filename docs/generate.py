"""Writes the tables of the pages that stand in the code, each between two marks of its page.

`python docs/generate.py` writes, `python docs/generate.py --check` says whether it would change anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from agentos_action.adapters.faults import FAULTS
from agentos_action.executor.push_refusals import ROWS as PUSH
from agentos_action.forge.refusals import ROWS as FORGE

DOCS = Path(__file__).resolve().parent

#: Codes that stand in no table of the code: category, what is wrong, what to do.
SINGLE = {
    "agent_result": ("schema", "What an agent left cannot be taken.", "The message says which file; run again."),
    "bad_wheel": ("network", "What was downloaded is no such package.", "Check pip's index settings."),
    "boundary_violated": (
        "runtime",
        "The repository changed while the tool ran.",
        "See agents.md; nothing was committed.",
    ),
    "cannot_start": ("runtime", "A program cannot be started.", "The message says which, and why."),
    "download": ("network", "A download broke off.", "Check the network and try again."),
    "forge_no_token": (
        "auth",
        "The forge must be asked, and no token is there.",
        "Set GITHUB_TOKEN (the input github-token).",
    ),
    "forge_refused": ("config", "The forge refused a request for a reason that we do not know.", "Its words say what."),
    "forge_reply": ("schema", "The forge sent a reply of another shape.", "Check that GITHUB_API_URL is GitHub's API."),
    "forge_unreachable": ("network", "The forge cannot be reached.", "Check GITHUB_API_URL and the network."),
    "interrupted": ("runtime", "The run was interrupted.", "Start it again."),
    "model_damaged": ("runtime", "The file of a model is not what was installed.", "`agentos model install` again."),
    "model_file_missing": ("runtime", "The file of a model is gone.", "`agentos model install` again."),
    "model_load_failed": ("runtime", "The model server could not load the model.", "The message holds its last words."),
    "not_asked": ("config", "The model was not asked.", "The message says why."),
    "pip_download_failed": ("network", "pip could not download the model.", "Check pip's index settings."),
    "push_failed": ("network", "A push broke off.", "Check the remote's address and the network."),
    "redirect_refused": ("network", "A download was sent elsewhere.", "Use the final address."),
    "sidecar_exited": (
        "runtime",
        "The model server ended while starting.",
        "A smaller model or context; its log says more.",
    ),
    "sidecar_not_ended": ("runtime", "The model server does not end.", "It may be another user's."),
    "sidecar_start_timeout": (
        "runtime",
        "The model server did not get ready in time.",
        "A smaller model, or more time.",
    ),
}


def codes() -> str:
    """Return the table of every raw_error_code; of several refusals with one code each stands in a row of its own."""
    rows: list[tuple[str, str, str, str]] = []
    for fault in FAULTS.values():
        program = fault.code.startswith("agent_") or fault.code in {"no_sandbox", "not_logged_in"}
        said = fault.says.replace("{endpoint}", "`NAME`" if program else "the server")
        rows.append((fault.code, fault.category, _sentence(said), fault.todo))
    rows += [(row.code, row.category, f"{_sentence(row.said)}.", row.hint) for row in (*FORGE, *PUSH)]
    rows += [(code, *cells) for code, cells in SINGLE.items()]
    return _table(
        ("code", "category", "what is wrong", "what to do"),
        ((f"`{code}`", *cells) for code, *cells in sorted(dict.fromkeys(rows))),
    )


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
    ("troubleshooting.md", "codes"): codes,
    ("action.md", "inputs"): inputs,
    ("action.md", "outputs"): outputs,
}


def _action() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    return told


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    first, rule = f"| {' | '.join(head)} |\n", "|---" * len(head) + "|\n"
    return first + rule + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


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
