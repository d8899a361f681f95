"""Measure the docstrings recipe: `python -m benchmarks.recipes [--base-url URL]`; exits 1 under the bar."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import ExitStack

from agentos_action.recipes.base import Recipe
from agentos_action.recipes.registry import load as load_recipe
from agentos_action.records.recipe import Place
from benchmarks.recipes.cases import SETS, Case, load
from benchmarks.recipes.server import Server, embedded_server, key_from

TRUE_BAR = 0.80
PLACED_BAR = 0.95


def main() -> int:
    """Run the set, print every sentence with its verdict, then the shares; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__)
    parser.add_argument(
        "--base-url", help="an OpenAI-compatible server; without it the embedded small model is started"
    )
    parser.add_argument("--api-key-env", metavar="NAME", help="environment variable that holds the server's key")
    parser.add_argument("--model", default="default", help="model name to ask the server for")
    parser.add_argument("--set", choices=SETS, default="held_out", help="which functions (default: held_out)")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.base_url:
            server = Server(options.base_url, key_from(options.api_key_env), options.model)
        else:
            server = stack.enter_context(embedded_server())
        return measure(load(options.set), server)


def measure(cases: list[Case], server: Server) -> int:
    """Return 0 when enough sentences are true and enough are placed, else 1."""
    recipe = load_recipe("docstrings")
    true = placed = 0
    started = time.monotonic()
    for case in cases:
        place = recipe.find("case.py", case.source)[0][0]
        sentence = ask(recipe, place, case.source, server)
        fillings = {place.id: sentence} if sentence else {}
        is_placed = place.id in recipe.build("case.py", case.source, fillings).placed
        is_true = is_placed and case.is_true(sentence or "")
        true += is_true
        placed += is_placed
        verdict = "true" if is_true else "FALSE" if is_placed else "LEFT"
        print(f"{verdict:<6}{place.id.partition('::')[2]:<24}{sentence or ''}")
    seconds = (time.monotonic() - started) / len(cases)
    print(f"\ntrue    {true}/{len(cases)} = {true / len(cases):.0%} (bar {TRUE_BAR:.0%})")
    print(f"placed  {placed}/{len(cases)} = {placed / len(cases):.0%} (bar {PLACED_BAR:.0%})")
    print(f"time    {seconds:.2f} s and {server.calls / len(cases):.2f} calls a function")
    return 0 if true >= TRUE_BAR * len(cases) and placed >= PLACED_BAR * len(cases) else 1


def ask(recipe: Recipe, place: Place, text: str, server: Server) -> str | None:
    """Carry a recipe's questions for one place to the server and its answers back."""
    asking = recipe.ask(place, text)
    try:
        prompt = next(asking)
        while True:
            prompt = asking.send(server.answer(prompt))
    except StopIteration as end:
        return end.value if isinstance(end.value, str) else None


if __name__ == "__main__":
    sys.exit(main())
