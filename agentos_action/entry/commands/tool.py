"""`agentos tool`: which models there are, whether they answer, and the keys for them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from agentos_action.entry.cli import described
from agentos_action.entry.commands import auth
from agentos_action.entry.commands.run import seconds

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

EXAMPLE = "agentos tool health --provider llamacpp --base-url http://127.0.0.1:8080"

_WORK = {
    "health": "agentos_action.entry.commands.tool_health:health",
    "models": "agentos_action.entry.commands.tool_health:models",
    "list": "agentos_action.entry.commands.tool_list:listing",
    "test": "agentos_action.entry.commands.tool_test:test",
    "auth": "agentos_action.entry.commands.auth:execute",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="health|list|models|test|auth", required=True)
    health = below.add_parser("health", **described("tell whether models answer, and if not, what to do", EXAMPLE))
    listed = below.add_parser("list", **described("list providers and their instances", "agentos tool list"))
    models = below.add_parser(
        "models", **described("list the models that each instance has", "agentos tool models --provider ollama")
    )
    test = below.add_parser(
        "test", **described("ask a model for one word, and tell what came", "agentos tool test llamacpp")
    )
    test.add_argument("provider", metavar="P[:INSTANCE]", help="whom to ask")
    for one in (health, models):
        one.add_argument("--provider", metavar="P[:INSTANCE]", help="whom to ask (default: every instance there is)")
        one.add_argument("--profile", metavar="NAME", help="a profile by name")
    for one in (health, models, test):
        one.add_argument("--base-url", metavar="URL", help="the server's address (of llamacpp, if no other is named)")
        one.add_argument("--model", metavar="NAME", help="the model that must be there")
        one.add_argument("--timeout", type=seconds, default=30.0, metavar="S", help="seconds in all (default 30)")
    for one in (health, listed, models, test):
        one.add_argument("--json", action="store_true", help="print JSON and nothing else on stdout")
    auth.add(below)


def execute(options: argparse.Namespace) -> int:
    """Do what was asked for; health, models and test end with 0 only where a model answers."""
    module, _, name = _WORK[options.what].partition(":")
    return cast("Callable[[argparse.Namespace], int]", getattr(import_module(module), name))(options)
