"""`agentos gate`: prove on this machine what is claimed, keep the proof, tell it to a person or to CI."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described
from agentos_action.entry.commands.run import seconds

if TYPE_CHECKING:
    import argparse

    from agentos_action.gates.check import GateResult
    from agentos_action.gates.setting import Setting

EXAMPLE = "agentos gate run TL-R2-LLAMACPP --base-url http://127.0.0.1:8080"
OUT = Path("outputs") / "gates"
_REPORT = "agentos gate report --junit gates.xml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="list|run|report", required=True)
    listing = below.add_parser("list", **described("list the gates and what they prove", "agentos gate list"))
    run = below.add_parser("run", **described("run gates; a provider of the cloud is asked for real", EXAMPLE))
    run.add_argument("names", nargs="*", metavar="NAME", help="gates, for example TL-R1")
    run.add_argument("--all", action="store_true", help="run every gate")
    run.add_argument("--provider", metavar="P[:INSTANCE]", help="whom TL-R1 and TL-R2-CAP-SANITY ask, and P's own gate")
    run.add_argument("--profile", metavar="NAME", help="a profile by name, for TL-R1 and TL-R2-CAP-SANITY")
    run.add_argument("--base-url", metavar="URL", help="that provider's address")
    run.add_argument("--model", metavar="NAME", help="the model that must answer")
    run.add_argument("--timeout", type=seconds, metavar="S", help="seconds for each run (default 300)")
    run.add_argument("--allow-mock", action="store_true", help="with AGENTOS_GATE_MODE=1: AGENTOS_MOCK_CLAUDE counts")
    report = below.add_parser("report", **described("tell what gates left, also as JUnit's XML", _REPORT))
    report.add_argument("--junit", metavar="FILE", help="write it as JUnit's XML too")
    for one in (run, report):
        one.add_argument("--allow-skip", action="store_true", help="a gate that could not run is no reason for exit 4")
        one.add_argument("--out", metavar="DIR", help=f"where evidence is (default: {OUT})")
    for one in (listing, run, report):
        one.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Do what was asked for: 0 all passed, 1 one failed, 4 one could not run, 2 usage."""
    if options.what == "list":
        return _list(options)
    return _run(options) if options.what == "run" else _report_of(options)


def _list(options: argparse.Namespace) -> int:
    from agentos_action.entry.fail import as_line, read_by_runner  # noqa: PLC0415 - not for --help
    from agentos_action.errors import EXIT_DONE  # noqa: PLC0415 - the same

    if options.json:
        from agentos_action.gates.registry import GATES  # noqa: PLC0415 - the same

        rows = [
            {"gate": gate.name, "title": gate.title, "folder": gate.folder, "checks": list(gate.check_ids)}
            for gate in GATES.values()
        ]
        sys.stdout.write(as_line({"gates": rows}))
        return EXIT_DONE
    from agentos_action.entry.commands.gate_show import listed  # noqa: PLC0415 - rich, and not with --json

    listed(runner=read_by_runner())
    return EXIT_DONE


def _run(options: argparse.Namespace) -> int:
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.gates.perform import named, perform  # noqa: PLC0415 - the same
    from agentos_action.gates.registry import GATES  # noqa: PLC0415 - the same

    if options.all == bool(options.names):
        raise UsageError("name gates, or give --all", f"Gates: {', '.join(GATES)}.")
    if options.allow_skip and not options.all:
        raise UsageError("--allow-skip goes with --all only", "A gate that is named is meant to run.")
    gates = named(options.names) if options.names else tuple(GATES.values())
    results = perform(gates, _setting(options, [gate.name for gate in gates]), _out(options), _say)
    return _tell(results, options)


def _setting(options: argparse.Namespace, names: list[str]) -> Setting:
    from agentos_action.entry import request  # noqa: PLC0415 - not for --help
    from agentos_action.gates.registry import PROVIDERS  # noqa: PLC0415 - the same
    from agentos_action.gates.setting import SECONDS, Setting, check_mock  # noqa: PLC0415 - the same
    from agentos_action.records.run import RunRequest  # noqa: PLC0415 - the same

    environment = dict(os.environ)
    provider = options.provider
    if provider is None and options.profile is None and (options.base_url or options.model):
        provider = _meant(names, PROVIDERS)
    mock = check_mock(
        gate_mode=environment.get("AGENTOS_GATE_MODE") == "1",
        allowed=options.allow_mock,
        mock=environment.get("AGENTOS_MOCK_CLAUDE"),
    )
    own = RunRequest(
        repo=Path(),
        environment=request.wish_of(environment),
        api_keys=request.secrets_in(environment),
        secrets=request.known_secrets(environment),
        addresses=request.addresses_in(environment),
        home=request.home_folder(environment),
        cache=request.cache_folder(),
    )
    wish = request.wish(options.profile, provider, options.model, options.base_url)
    return Setting(own, wish, options.timeout or SECONDS, mock)


def _meant(names: list[str], providers: dict[str, tuple[str, str]]) -> str:
    """Return the one provider that an address or a model can be meant for."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

    found = {providers[name][0] for name in names if name in providers}
    if len(found) != 1:
        raise UsageError("--base-url or --model is given, and no provider", "Say whose with --provider.")
    return found.pop()


def _report_of(options: argparse.Namespace) -> int:
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.gates.perform import read_results  # noqa: PLC0415 - the same

    results = read_results(_out(options))
    if options.junit:
        from agentos_action.gates.junit import junit  # noqa: PLC0415 - only where it is asked for

        try:
            Path(options.junit).write_bytes(junit(results))
        except OSError as error:
            raise UsageError(f"{options.junit}: {error.strerror}", "Name a file that can be written.") from error
    return _tell(results, options)


def _tell(results: tuple[GateResult, ...], options: argparse.Namespace) -> int:
    from agentos_action.entry.fail import as_line, read_by_runner  # noqa: PLC0415 - not for --help
    from agentos_action.gates.check import overall  # noqa: PLC0415 - the same
    from agentos_action.gates.perform import exit_code  # noqa: PLC0415 - the same

    code = exit_code(results, allow_skip=options.allow_skip)
    out = _out(options)
    if options.json:
        gates = [result.model_dump(mode="json") for result in results]
        told = {"status": overall(results), "exit_code": code, "out": str(out), "gates": gates}
        sys.stdout.write(as_line(told))
        return code
    from agentos_action.entry.commands.gate_show import show  # noqa: PLC0415 - rich, and not with --json

    show(results, out, runner=read_by_runner())
    return code


def _out(options: argparse.Namespace) -> Path:
    return (Path(options.out) if options.out else OUT).absolute()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
