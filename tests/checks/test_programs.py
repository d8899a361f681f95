"""Which folders the programs on a PATH need, and which are never shown for them."""

from __future__ import annotations

import os
from pathlib import Path

from agentos_action.checks.bounds import Bounds
from agentos_action.checks.programs import absolute, believed, needed


def made(top: Path, *names: str) -> Path:
    """Make empty executable files below a folder."""
    for name in names:
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
    return top


def below(top: Path, found: set[Path]) -> list[str]:
    """Return what was found below a folder, relative to it."""
    return sorted(str(path.relative_to(top)) for path in found if path.is_relative_to(top))


def test_relative_folders_of_a_path_are_dropped() -> None:
    assert absolute(os.pathsep.join(("", ".", "bin", "/usr/bin", "node_modules/.bin", "/bin"))) == "/usr/bin:/bin"
    assert absolute("") == ""


def test_what_belongs_to_a_bin_is_shown_and_nothing_else_beside_it(tmp_path: Path) -> None:
    top = made(tmp_path, "p/bin/a", "p/lib/b", "p/libexec/c", "p/share/keyrings/k", "p/credentials")
    assert below(top, needed(f"{top}/p/bin", (), Bounds())) == ["p/bin", "p/lib", "p/libexec"]


def test_a_private_folder_is_shown_by_nothing(tmp_path: Path) -> None:
    top = made(tmp_path, "home/bin/a", "home/lib/b", "home/c")
    for path in (f"{top}/home", f"{top}", f"{top}/home/bin"):
        found = below(top, needed(path, (), Bounds.of([top / "home"])))
        assert found == (["home/bin"] if path.endswith("bin") else [])


def test_a_virtual_environment_brings_the_python_it_was_made_from(tmp_path: Path) -> None:
    top = made(tmp_path, "py/bin/python3.9", "py/lib/os.py", "venv/lib/x.py", "venv/bin/pytest")
    (top / "venv/pyvenv.cfg").write_text(f"home = {top}/py/bin\nversion = 3.9\n")
    (top / "venv/bin/python").symlink_to("python3")
    (top / "venv/bin/python3").symlink_to(top / "py/bin/python3.9")
    assert below(top, needed(f"{top}/venv/bin", (), Bounds())) == [
        *("py/bin", "py/lib", "venv/bin", "venv/lib", "venv/pyvenv.cfg"),
    ]


def test_a_program_that_a_command_names_is_followed_to_its_real_place(tmp_path: Path) -> None:
    top = made(tmp_path, "tools/ruff/bin/ruff", "tools/ruff/lib/x", "tools/other/bin/other")
    (top / "bin").mkdir()
    for name in ("ruff", "other"):
        (top / "bin" / name).symlink_to(f"../tools/{name}/bin/{name}")
    found = needed(f"{top}/bin", ("cd src && ruff check .",), Bounds())
    assert below(top, found) == ["bin", "tools/ruff/bin", "tools/ruff/lib"]


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "a").symlink_to("b")
    (tmp_path / "bin" / "b").symlink_to("a")
    (tmp_path / "pyvenv.cfg").write_text(f"home = {tmp_path}/bin\n")
    assert below(tmp_path, needed(f"{tmp_path}/bin", ("a",), Bounds())) == ["bin", "pyvenv.cfg"]


def committed(tmp_path: Path, *names: str) -> tuple[Path, Path, Bounds]:
    """Make a repository with `bin` folders on the PATH, a home with keys and programs, and their bounds."""
    repo = made(tmp_path / "repo", *names)
    home = made(tmp_path / "home", ".ssh/run", ".ssh/bin/python3", ".private/python3", "py/bin/python3", "py/lib/x")
    return repo, home, Bounds.of([repo, home], foreign=[repo])


def test_no_configuration_in_a_repository_is_believed(tmp_path: Path) -> None:
    repo, home, bounds = committed(tmp_path, "tools/bin/x", ".venv/bin/x")
    for folder in ("tools", ".venv"):
        for place in (".ssh", "py/bin", "../repo"):
            (repo / folder / "pyvenv.cfg").write_text(f"home = {home / place}\n")
            found = needed(f"{repo}/{folder}/bin", (), bounds)
            assert below(home, found) == []
            assert below(repo, found) == [f"{folder}/bin", f"{folder}/pyvenv.cfg"]


def test_no_link_in_a_repository_is_followed(tmp_path: Path) -> None:
    repo, home, bounds = committed(tmp_path, "tools/bin/x", "other/bin/x", ".git/config")
    links = {
        "tools/bin/node": ".ssh/run",
        "tools/bin/tool": "py/bin/python3",
        "tools/lib": ".ssh",
        "tools/include": "",
        "linked": "py",
        "one/bin": ".ssh",
        "tools/pyvenv.cfg": ".ssh/run",
        "tools/libexec": "../repo/.git",
    }
    for name, target in links.items():
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).symlink_to(home / target)
    (home / "bin").mkdir()
    (home / "bin" / "tool").symlink_to(repo / "tools/bin/tool")
    (home / "bin" / "node").symlink_to(repo / "linked/bin/python3")
    path = ":".join((f"{repo}/tools/bin", f"{repo}/linked/bin", f"{repo}/one/bin", f"{home}/bin"))
    found = needed(path, ("tool; x; python3",), bounds)
    assert below(repo, found) == ["tools/bin"]
    assert below(home, found) == ["bin"]


def test_a_link_between_what_is_shown_is_no_harm(tmp_path: Path) -> None:
    repo, _, bounds = committed(tmp_path, ".venv/bin/x", ".venv/lib/python3/y")
    (repo / ".venv/lib64").symlink_to("lib")
    found = needed(f"{repo}/.venv/bin", (), bounds)
    assert below(repo, found) == [".venv/bin", ".venv/lib", ".venv/lib64"]


def test_a_python_of_a_virtual_environment_lies_in_a_folder_for_programs(tmp_path: Path) -> None:
    _, home, bounds = committed(tmp_path, "x")
    made(tmp_path, "venv/bin/x", "empty/bin/x")
    for base, shown in ((home / "py/bin", ["py/bin", "py/lib"]), (home / ".private", []), (home / ".ssh/bin", [])):
        (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {base}\n")
        assert below(home, needed(f"{tmp_path}/venv/bin", (), bounds)) == shown
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = {tmp_path}/empty/bin\n")
    assert below(tmp_path / "empty", needed(f"{tmp_path}/venv/bin", (), bounds)) == []


def test_what_a_link_leads_to_is_shown_only_as_a_folder_for_programs(tmp_path: Path) -> None:
    _, home, bounds = committed(tmp_path, "x")
    made(home, ".config/tool/run", "tool/bin/run")
    (home / "bin").mkdir()
    (home / "bin/one").symlink_to("../.config/tool/run")
    (home / "bin/two").symlink_to("../tool/bin/run")
    assert below(home, needed(f"{home}/bin", ("one && two",), bounds)) == ["bin", "tool/bin"]
    assert below(home, needed(f"{home}/.ssh:{home}/.ssh/bin", (), bounds)) == []


def test_programs_of_a_repository_are_not_believed(tmp_path: Path) -> None:
    repo, home, bounds = committed(tmp_path, "bin/bwrap")
    (home / "bin").symlink_to(repo / "bin")
    assert believed(f"{repo}/bin:/usr/bin:{home}/bin:{home}/py/bin", bounds) == f"/usr/bin:{home}/py/bin"
