"""The action's step that fetches the embedded model, before any step has a secret in its environment."""

from __future__ import annotations

import os
import sys

from agentos_action.entry.fail import guarded
from agentos_action.entry.installed import refused
from agentos_action.entry.request import cache_folder
from agentos_action.errors import AgentOSError
from agentos_action.report.terminal import Reporter
from agentos_action.sidecar import models


def main() -> int:
    """Install the small model where the input sidecar asks for it, and return the exit code."""
    if os.environ.get("AGENTOS_INPUT_SIDECAR", "").strip() != "embedded":
        return 0
    return guarded(_install, as_json=False)


def _install() -> int:
    try:
        with Reporter(quiet=False, plain=True, runner=True) as reporter:
            models.install(next(iter(models.KNOWN)), cache=cache_folder() / "models", progress=reporter.transfer)
    except AgentOSError as error:
        return refused(error, os.environ.get("GITHUB_OUTPUT"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
