"""`agentos tool health`: does the model answer, and if not, why not and what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.tool import ToolHealth

EXAMPLE = "agentos tool health --provider llamacpp --base-url http://127.0.0.1:8080"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="health", required=True)
    health = below.add_parser("health", **described("walk the four probe steps of one provider", EXAMPLE))
    health.add_argument("--provider", default="llamacpp", metavar="P[:INSTANCE]", help="default: llamacpp")
    health.add_argument("--base-url", metavar="URL", help="the server's address")
    health.add_argument("--model", metavar="NAME", help="the model that must be there")
    health.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds (default 30)")
    health.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Probe and report; exit code 0 only where the model is connected."""
    health = _probe(options)
    if options.json:
        sys.stdout.write(health.model_dump_json() + "\n")
    else:
        from agentos_action.report.visible import visible_line  # noqa: PLC0415 - not with --json

        where = f" at {health.endpoint}" if health.endpoint else ""
        models = f", models: {', '.join(health.models)}" if health.models else ""
        line = f"{health.adapter_id}{where}: {health.status} (step {health.probe_step}, {health.latency_ms} ms{models})"
        sys.stderr.write(f"{visible_line(line)}\n  {visible_line(health.details)}\n")
    return 0 if health.status == "connected" else 3


def _probe(options: argparse.Namespace) -> ToolHealth:
    import os  # noqa: PLC0415 - not for --help

    from agentos_action.adapters.base import AdapterParts  # noqa: PLC0415 - not for --help
    from agentos_action.adapters.registry import create  # noqa: PLC0415 - the same
    from agentos_action.clock import Deadline  # noqa: PLC0415 - the same
    from agentos_action.entry.request import home_folder, secrets_in, wish  # noqa: PLC0415 - the same
    from agentos_action.evidence.finalize import finalize_health  # noqa: PLC0415 - the same
    from agentos_action.settings.profile import find_instance  # noqa: PLC0415 - the same

    asked = wish(None, options.provider, options.model, options.base_url)
    found = find_instance(asked.provider or "", asked.instance, None, home_folder(os.environ)).profile
    update = {key: value for key, value in (("model", asked.model), ("base_url", asked.base_url)) if value}
    profile = found.model_copy(update=update)
    from agentos_action.settings.destination import key_for  # noqa: PLC0415 - the same

    adapter = create(profile, AdapterParts(api_key=key_for(profile, secrets_in(os.environ))))
    try:
        return finalize_health(adapter.health_check(Deadline(options.timeout), full=True))
    finally:
        adapter.close()
