"""`agentos schema NAME`: the JSON Schema of a record that crosses a border."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos schema policy"

SCHEMAS = {
    "tool_task": "agentos_action.records.task:ToolTask",
    "tool_health": "agentos_action.records.tool:ToolHealth",
    "tool_capabilities": "agentos_action.records.tool:ToolCapabilities",
    "tool_result": "agentos_action.records.tool:ToolResult",
    "diff_validation_result": "agentos_action.records.verdict:DiffValidationResult",
    "run_report": "agentos_action.records.run:RunReport",
    "policy": "agentos_action.records.policy:Policy",
    "profile": "agentos_action.records.profile:Profile",
    "task_file": "agentos_action.tasks.file:FrontMatter",
    "edits": "agentos_action.patches.formats.structured:Edits",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("name", choices=sorted(SCHEMAS), metavar="NAME", help=", ".join(SCHEMAS))
    parser.add_argument("--json", action="store_true", help="the output is JSON anyway")


def execute(options: argparse.Namespace) -> int:
    """Print the schema."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - not for --help

    module, _, name = SCHEMAS[options.name].partition(":")
    told = TypeAdapter(getattr(import_module(module), name)).json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **told}
    sys.stdout.write(json.dumps(schema, indent=2) + "\n")
    return 0
