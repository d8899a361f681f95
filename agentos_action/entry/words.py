"""The inputs of the action in place of the command line's options, where a person wrote inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentos_action.entry.inputs import LINES, OPTIONS
from agentos_action.errors import UsageError

#: What `entry.inputs` makes of an input, and is no option that takes the value as it is.
_OTHERS = {
    "--branch": "branch",
    "--label": "labels",
    "--files": "files",
    "--gguf": "sidecar",
    "--embedded": "sidecar: embedded",
    "--dry-run": "dry-run: true",
    "--draft": "draft: true",
    "--no-comment": "comment: false",
    "--no-content": "evidence-content: false",
    "--repo": "actions/checkout, without path",
}
_INPUTS = {option: name for name, option in (OPTIONS | LINES).items()} | _OTHERS
#: How a provider says where a key belongs: a step has an input for it, and nobody there to store it.
_KEY = re.compile(r"\bPut (it|the right key) into the environment\b.*", re.DOTALL)
#: How a proposal says what comes next: a folder of the runner, which is gone with it, is no use to who reads a summary.
_NEXT = re.compile(r"\bcommit it: agentos commit .*", re.DOTALL)
#: How the embedded server says where its model comes from: in a step, an input fetches it.
_INSTALLS = (
    (re.compile(r"`agentos model install \S+`, then --embedded"), "Write sidecar: embedded, which fetches a model"),
    (re.compile(r"\Aagentos model install \S+\Z"), "Write sidecar: embedded and no profile: that fetches it."),
    (
        re.compile(r"\Aagentos model install \S+, or: agentos model install .*\Z"),
        "Write sidecar: embedded and neither profile nor model, or a GGUF file's path and sidecar-sha256.",
    ),
)


def input_of(option: str) -> str:
    """Return the name of the input that is handed on as this option, an option that is none as it is."""
    return _INPUTS.get(option, option)


def in_inputs(text: str) -> str:
    """Return what an error says with inputs in place of options; one that names a whole command is left as it is."""
    text = _NEXT.sub("a step with mode: commit takes its evidence and commits it", text)
    text = _KEY.sub(r"Give \1 as api-key, from a secret that is there and not empty.", text)
    for command, instead in _INSTALLS:
        text = command.sub(instead, text)
    return text if "agentos " in text else re.sub(r"(?<![^\s(])--[a-z][a-z0-9-]*", lambda word: input_of(word[0]), text)


def check_dashes(argv: Iterable[str]) -> None:
    """Raise UsageError for a value of two dashes: argparse drops it, and an address or a narrowing with it."""
    wrong = next((option for option, _, value in (word.partition("=") for word in argv) if value == "--"), None)
    if wrong is not None:
        raise UsageError(f"the input {input_of(wrong)} is '--'", "Write what is meant, or leave it out.")
