"""The house rules that no linter knows: sizes, docstrings, and which door each outside thing has."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "agentos_action"
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

#: Every dotted name that a module spells, gathered once.
SPELLED = {
    name: {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for name, tree in TREES.items()
}

MAX_MODULE = 300
MAX_FUNCTION = 50

#: Who else may read the environment, and why.
READS_ENVIRONMENT = {
    "process.py": "hands a child the allow-list of its own environment",
    "sidecar/child.py": "becomes llama-server by execve and has to hand the environment on",
}

#: Who may catch everything, and why.
CATCHES_ALL = {"entry/fail.py": "turns a bug into a report"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@cache
def imports(tree: ast.Module) -> frozenset[str]:
    """Return the name of every module imported anywhere, also inside functions, and of what is taken from it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def importers(package: str) -> set[str]:
    """Return the modules of ours that import a package or anything in it."""
    return {
        name
        for name, tree in TREES.items()
        if any(found == package or found.startswith(f"{package}.") for found in imports(tree))
    }


def users(dotted: str) -> set[str]:
    """Return the modules of ours that spell this name (`os.environ`) or import it."""
    spelled = {name for name, names in SPELLED.items() if dotted in names}
    return spelled | {name for name, tree in TREES.items() if dotted in imports(tree)}


def callers(function: str) -> set[str]:
    """Return the modules of ours that name this function otherwise than to define it."""
    return {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == function)
        or (isinstance(node, ast.Attribute) and node.attr == function)
    }


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Yield every function and class with its dotted name, methods too, functions inside functions not."""
    for node in body:
        if isinstance(node, Definition):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from definitions(node.body, f"{prefix}{node.name}.")


def in_folder(names: set[str], *folders: str) -> set[str]:
    """Return the names that lie in none of the folders or files."""
    return {name for name in names if not name.startswith(folders)}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_fits_in_one_reading(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= MAX_MODULE


@pytest.mark.parametrize("name", MODULES)
def test_a_function_fits_on_a_page(name: str) -> None:
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_and_every_public_name_has_a_docstring(name: str) -> None:
    tree = TREES[name]
    assert ast.get_docstring(tree)
    silent = [
        dotted
        for dotted, node in definitions(tree.body)
        if not any(part.startswith("_") for part in dotted.split(".")) and not ast.get_docstring(node)
    ]
    assert silent == []


def test_only_the_verifier_seals_an_acceptance() -> None:
    assert callers("sealed") == {"verifier/verify.py"}
    assert callers("_SEAL") == {"records/verdict.py"}
    assert {name for name in callers("Accepted") if any(_calls(TREES[name], "Accepted"))} == {"records/verdict.py"}


def test_who_handles_an_acceptance_copies_no_record_with_other_fields() -> None:
    # `dataclasses.replace` would hand the seal on to another diff.
    handlers = callers("Accepted") | callers("accepted")
    assert handlers >= {"executor/commit.py", "pipeline/execute.py", "pipeline/checks.py"}
    assert handlers & (users("dataclasses.replace") | users("copy.replace")) == set()


def _calls(tree: ast.AST, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function:
            yield node


def test_only_repo_and_executor_know_pygit2() -> None:
    assert in_folder(importers("pygit2"), "repo.py", "branches.py", "executor/") == set()


def test_only_one_module_knows_unidiff() -> None:
    assert importers("unidiff") == {"patches/parse.py"}


def test_only_one_module_starts_processes() -> None:
    assert importers("subprocess") == {"process.py"}
    assert importers("multiprocessing") == set()
    starters = ("system", "popen", "fork", "forkpty", "posix_spawn", "spawnv", "spawnve", "execv", "execve", "execvp")
    # The sidecar's child forks: one half becomes the server, the other watches that it ends with its owner.
    child = {"sidecar/child.py"}
    assert {name: users(f"os.{name}") for name in starters if users(f"os.{name}")} == {"execve": child, "fork": child}


def test_only_adapters_and_forge_speak_http_and_only_the_sidecar_fetches() -> None:
    assert in_folder(importers("httpx"), "adapters/", "forge/") == set()
    assert in_folder(importers("urllib.request") | importers("http.client"), "sidecar/") == set()


def test_only_the_doors_read_the_environment() -> None:
    found = users("os.environ") | users("os.getenv") | users("os.environb")
    assert in_folder(found, "entry/", "wiring.py") == set(READS_ENVIRONMENT)


def test_only_the_one_catch_all_catches_all() -> None:
    found = set()
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {"all"}
            if caught & {"all", "Exception", "BaseException"}:
                found.add(name)
                assert name == "entry/fail.py" or isinstance(node.body[-1], ast.Raise)
    assert found == set(CATCHES_ALL)


def test_only_entry_ends_the_process() -> None:
    found = callers("exit") | callers("SystemExit") | callers("_exit")
    assert in_folder(found, "entry/", "__main__.py", "sidecar/child.py") == set()


def test_only_the_doors_and_the_reporter_print() -> None:
    found = {name for name, tree in TREES.items() if any(_calls(tree, "print"))}
    assert in_folder(found, "entry/", "report/", "sidecar/child.py") == set()


@pytest.mark.parametrize("module", ["agentos_action.entry.cli", "agentos_action", "agentos_action.errors"])
def test_starting_up_loads_nothing_heavy(module: str) -> None:
    heavy = ("httpx", "pygit2", "pydantic", "rich", "pathspec", "wcmatch", "unidiff", "platformdirs", "psutil")
    code = f"import sys, {module}; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


@pytest.mark.parametrize("options", [["--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(options: list[str]) -> None:
    code = (
        "import sys\nfrom agentos_action.entry.cli import main\n"
        f"try: main({options!r})\nexcept SystemExit: pass\n"
        "print('loaded:', *(name for name in ('httpx', 'pygit2', 'pydantic', 'rich') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_an_init_is_one_docstring() -> None:
    long = [
        name
        for name, tree in TREES.items()
        if name.endswith("/__init__.py") and not (len(tree.body) == 1 and ast.get_docstring(tree))
    ]
    assert long == []
