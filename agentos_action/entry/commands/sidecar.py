"""`agentos sidecar start|status|stop`: a llama.cpp server of your own, on loopback, behind a key."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described

if TYPE_CHECKING:
    import argparse

    from agentos_action.sidecar.server import Status

EXAMPLE = "agentos sidecar start --model smollm2-135m"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="start|status|stop", required=True)
    start = below.add_parser("start", **described("start a server and leave it running", EXAMPLE))
    start.add_argument("--model", default="smollm2-135m", metavar="NAME", help="an installed model")
    start.add_argument(
        "--binary", metavar="PATH", help="a llama-server program (default: the xllamacpp wheel, then PATH)"
    )
    start.add_argument("--port", type=int, default=0, metavar="N", help="a fixed port (default: a free one)")
    start.add_argument("--context", type=int, default=4096, metavar="TOKENS", help="context size (default 4096)")
    start.add_argument("--threads", type=int, metavar="N", help="threads (default: by the machine)")
    start.add_argument("--timeout", type=float, default=180.0, metavar="S", help="seconds for the start (default 180)")
    status = below.add_parser(
        "status", **described("say whether it runs, where and since when", "agentos sidecar status")
    )
    stop = below.add_parser("stop", **described("end the server", "agentos sidecar stop"))
    for parser_ in (start, status, stop):
        parser_.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Start, look or stop; `status` exits 1 where no server runs."""
    import platformdirs  # noqa: PLC0415 - not for --help

    from agentos_action.sidecar import server  # noqa: PLC0415 - the same

    folder = platformdirs.user_state_path("agentos") / "sidecar"
    if options.what == "status":
        found = server.status(folder)
    elif options.what == "stop":
        found = server.stop(folder)
    else:
        found = _start(options)
    _say(options, found)
    return 1 if options.what == "status" and found.state != "running" else 0


def _start(options: argparse.Namespace) -> Status:
    import platformdirs  # noqa: PLC0415 - not for --help

    from agentos_action.entry.request import cache_folder  # noqa: PLC0415 - the same
    from agentos_action.report.terminal import Reporter  # noqa: PLC0415 - the same
    from agentos_action.sidecar import models, server  # noqa: PLC0415 - the same
    from agentos_action.sidecar.plan import Options  # noqa: PLC0415 - the same

    wanted = Options(
        context_tokens=options.context,
        threads=options.threads,
        port=options.port,
        binary=options.binary,
        timeout=options.timeout,
    )
    model = models.find(options.model, cache_folder() / "models")
    folder = platformdirs.user_state_path("agentos") / "sidecar"
    with Reporter(quiet=options.json) as reporter:
        return server.start(model, folder=folder, options=wanted, progress=lambda what, _: reporter.stage(what))


def _say(options: argparse.Namespace, found: Status) -> None:
    if options.json:
        sys.stdout.write(json.dumps(asdict(found)) + "\n")
        return
    if found.state != "running":
        sys.stderr.write(f"sidecar: {found.state.replace('_', ' ')}\n")
        return
    already = "runs already" if found.already else "runs"
    sys.stderr.write(
        f"sidecar {already}: {found.model} at {found.base_url} (process {found.pid}, since {found.since})\n"
    )
    if options.what == "start":
        server = f"--provider llamacpp --base-url {found.base_url}"
        sys.stderr.write("  its key is in a file; to use the server:\n")
        sys.stderr.write(f'  export LLAMACPP_API_KEY="$(cat {shlex.quote(found.key_file or "")})"\n')
        sys.stderr.write(f"  agentos tool health {server}\n")
        sys.stderr.write(f"  agentos run --recipe docstrings {server}\n")
