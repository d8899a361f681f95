"""`agentos recipe list|show`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos recipe list"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="list|show", required=True)
    listed = below.add_parser("list", help="every recipe in a line", epilog=EXAMPLE)
    show = below.add_parser("show", help="one recipe", epilog="agentos recipe show docstrings")
    show.add_argument("name", metavar="NAME")
    for parser_ in (listed, show):
        parser_.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """List or show."""
    from agentos_action.recipes import registry  # noqa: PLC0415 - not for --help

    names = registry.names() if options.what == "list" else (options.name,)
    found = [{"id": recipe.id, "summary": recipe.summary} for recipe in map(registry.load, names)]
    if options.json:
        sys.stdout.write(json.dumps({"recipes": found}) + "\n")
    else:
        sys.stdout.writelines(f"{recipe['id']}\t{recipe['summary']}\n" for recipe in found)
    return 0
