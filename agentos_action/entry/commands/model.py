"""`agentos model install|list`: model files for the embedded server."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos model install smollm2-135m"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="install|list", required=True)
    install = below.add_parser(
        "install", **described("fetch a model, check its digest, keep it in your cache", EXAMPLE)
    )
    install.add_argument("source", metavar="NAME|FILE|URL", help="smollm2-135m, or any GGUF file or URL")
    install.add_argument("--sha256", metavar="H", help="the file's sha256 (needed for FILE and URL)")
    install.add_argument("--name", metavar="N", help="the name to keep it under")
    install.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    listed = below.add_parser("list", **described("list the models in your cache", "agentos model list"))
    listed.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Install or list."""
    from agentos_action.entry.request import cache_folder  # noqa: PLC0415 - not for --help
    from agentos_action.sidecar import models  # noqa: PLC0415 - the same

    cache = cache_folder() / "models"
    if options.what == "install":
        from agentos_action.report.terminal import Reporter  # noqa: PLC0415 - not for list

        with Reporter(quiet=options.json) as reporter:
            model = models.install(
                options.source, cache=cache, sha256=options.sha256, name=options.name, progress=reporter.transfer
            )
        if options.json:
            sys.stdout.write(json.dumps(asdict(model)) + "\n")
        else:
            sys.stderr.write(f"installed {model.name} ({model.size / 1e6:.0f} MB, sha256 {model.sha256[:16]}…)\n")
            sys.stderr.write(f"  {model.path}\n")
        return 0
    found = models.installed(cache)
    if options.json:
        sys.stdout.write(json.dumps({"models": [asdict(model) for model in found]}) + "\n")
    elif not found:
        sys.stderr.write("no model is installed\n  agentos model install smollm2-135m\n")
    else:
        for model in found:
            sys.stdout.write(f"{model.name}\t{model.size / 1e6:.0f} MB\tsha256 {model.sha256[:16]}…\t{model.source}\n")
    return 0
