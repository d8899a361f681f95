"""The documentation says what the code does: generated pages, exit codes, finding ids, events, commands."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from agentos_action import errors
from agentos_action.adapters.registry import PROVIDERS
from agentos_action.entry.cli import COMMANDS, _parser
from agentos_action.evidence.tape import ORDER
from agentos_action.pipeline.bulk import Case, read_line
from agentos_action.recipes.registry import names
from agentos_action.records.patch import RUNGS
from agentos_action.records.task import EditFormat
from agentos_action.tasks.file import FrontMatter
from agentos_action.verifier.verify import RULES

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text(encoding="utf-8")


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(TOP / "docs/generate.py"), "--check"], check=False)
    assert done.returncode == 0, "run: python docs/generate.py"


def test_every_exit_code_is_in_the_readme() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == codes


def test_every_finding_id_has_its_place() -> None:
    found = set()
    for file in (TOP / "agentos_action").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        found |= set(
            re.findall(
                r'"((?:patch|paths|protected|kinds|size|placement|judge|binding|commit|worktree|boundary'
                r'|text|secrets|checks|bundle|context|task|trust|policy|delivery|model|agent)\.[a-z-]+)"',
                text,
            )
        )
        found |= (
            {f"trust.{code}" for code in re.findall(r'_finding\("([a-z]+)"', text)} if file.stem == "trust" else set()
        )
    found -= {"commit.gpgsign", "commit.sig", "model.gguf", "model.provider"}
    missing = [finding for finding in sorted(found) if f"`{finding}`" not in page("findings.md")]
    assert missing == []
    assert len(found) > 30


def test_every_code_of_an_error_is_in_the_troubleshooting() -> None:
    named = re.compile(r"""(?:code=|raw_error_code: str \| None = )"([a-z_0-9]+)\"""")
    found = {code for file in (TOP / "agentos_action").rglob("*.py") for code in named.findall(file.read_text("utf-8"))}
    assert [code for code in sorted(found) if f"| `{code}` |" not in page("troubleshooting.md")] == []
    assert len(found) > 20


PAGES = ["README.md", "CONTRIBUTING.md", "examples/README.md", "examples/adapter-package/README.md"]
PAGES += sorted(f"docs/{path.name}" for path in (TOP / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_between_pages_leads_somewhere(page: str) -> None:
    folder, name = (TOP / page).parent, Path(page).name
    for target in re.findall(r"\]\(([^)\s]+)\)", (folder / name).read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        path = folder / file if file else folder / name
        assert path.exists(), f"{name}: {target}"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, target


def test_the_example_of_a_judged_line_is_what_comes_out() -> None:
    given, answered = re.findall(r"^```json\n(.*)\n```$", page("judge.md"), re.MULTILINE)
    assert read_line(given.encode(), 1).row() == json.loads(answered)
    keys = {*Case.model_fields, *json.loads(answered)}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in page("judge.md")] == []


def test_every_format_and_every_rung_is_told() -> None:
    assert [name for name in get_args(EditFormat) if f"| `{name}` |" not in page("models.md")] == []
    assert [rung for rung in RUNGS if f"| `{rung}` |" not in page("policy.md")] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_section(rule: str) -> None:
    assert f"\n## {rule}\n" in page("findings.md")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_adapter_has_a_section(provider: str) -> None:
    assert f"\n### {provider}\n" in page("adapters.md")


@pytest.mark.parametrize("recipe", names())
def test_every_recipe_has_a_section(recipe: str) -> None:
    assert f"\n## {recipe}\n" in page("recipes.md")


def test_every_event_and_every_task_key_is_told() -> None:
    assert [event for event in ORDER if f"`{event}`" not in page("evidence.md")] == []
    assert [key for key in FrontMatter.model_fields if f"`{key}`" not in page("tasks.md")] == []


def test_the_readme_names_the_two_commands_and_links_that_exist() -> None:
    assert "\n    make demo\n" in README
    assert "\n    make test\n" in README
    for text in (README, *(file.read_text(encoding="utf-8") for file in (TOP / "docs").glob("*.md"))):
        for link in re.findall(r"\]\(((?:docs/)?[\w./-]+\.md)\)", text):
            assert (TOP / link).is_file() or (TOP / "docs" / link).is_file(), link


def test_every_command_is_told_somewhere() -> None:
    told = README + "".join(file.read_text(encoding="utf-8") for file in (TOP / "docs").glob("*.md"))
    assert [name for name in COMMANDS if f"agentos {name}" not in told] == []


def test_every_command_line_that_is_shown_has_flags_that_there_are() -> None:
    shown = 0
    for page in PAGES:
        text = (TOP / page).read_text(encoding="utf-8")
        for line in re.findall(r"^    agentos (\S.*)$|`agentos ([a-z][^`]*)`", text, re.MULTILINE):
            check_line("".join(line).partition(" #")[0], page)
            shown += 1
    assert shown > 100


def check_line(line: str, where: str) -> None:
    """Assert that a command line behind `agentos` names a command, and options that it or one below it has."""
    words = re.sub(r'"[^"]*"', "…", line).split()
    if words[0].startswith("-"):
        return
    assert words[0] in COMMANDS, f"{where}: there is no agentos {words[0]}"
    # A flag may be told in brackets; what follows it is its own affair.
    used = {found for word in words for found in re.findall(r"^\[?(--[a-z][a-z0-9-]*)", word)}
    options = {
        option for parser in _parsers(words[0]) for action in parser._actions for option in action.option_strings
    }
    assert used <= options, f"{where}: agentos {line}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_all_below_say_what_they_are_for_and_show_an_example(name: str) -> None:
    for parser in _parsers(name):
        head, end, example = (parser.epilog or "").partition("example:\n  agentos ")
        assert (bool(parser.description), head, bool(end)) == (True, "", True), parser.prog
        check_line(example, parser.prog)


@cache
def _parsers(name: str) -> list[argparse.ArgumentParser]:
    """Return a command's parser and those of all below it."""
    found = [one for one in _below(_parser(name)[0]) if one.prog == f"agentos {name}"]
    for parser in found:
        found += _below(parser)
    return found


def _below(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [one for action in inner for one in action.choices.values()]
