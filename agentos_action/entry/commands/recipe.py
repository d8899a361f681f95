"""`agentos recipe list|show`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos recipe list"

SHOWN = """{id}: {summary}

  look first   agentos run --recipe {id} --embedded --dry-run
  commit it    agentos run --recipe {id} --embedded
  some files   agentos run --recipe {id} --embedded --files FILE...
  your server  agentos run --recipe {id} --provider llamacpp --base-url URL

More: docs/recipes.md
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="list|show", required=True)
    listed = below.add_parser("list", **described("list every recipe in a line", EXAMPLE))
    show = below.add_parser(
        "show", **described("tell what one recipe does and how to run it", "agentos recipe show docstrings")
    )
    show.add_argument("name", metavar="NAME", help="its name in the list")
    for parser_ in (listed, show):
        parser_.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """List or show."""
    from agentos_action.recipes import registry  # noqa: PLC0415 - not for --help

    names = registry.names() if options.what == "list" else (options.name,)
    found = [{"id": recipe.id, "summary": recipe.summary} for recipe in map(registry.load, names)]
    if options.json:
        sys.stdout.write(json.dumps({"recipes": found}) + "\n")
    elif options.what == "list":
        sys.stdout.writelines(f"{recipe['id']}\t{recipe['summary']}\n" for recipe in found)
    else:
        for recipe in found:
            sys.stdout.write(SHOWN.format(**recipe))
    return 0
