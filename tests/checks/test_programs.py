"""Which folders the programs on a PATH need, and which are never shown for them."""

from __future__ import annotations

import os
from pathlib import Path

from agentos_action.checks.programs import absolute, needed


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
    assert below(top, needed(f"{top}/p/bin", (), ())) == ["p/bin", "p/lib", "p/libexec"]


def test_a_private_folder_is_shown_by_nothing(tmp_path: Path) -> None:
    top = made(tmp_path, "home/bin/a", "home/lib/b", "home/c")
    for path in (f"{top}/home", f"{top}", f"{top}/home/bin"):
        found = below(top, needed(path, (), (top / "home",)))
        assert found == (["home/bin"] if path.endswith("bin") else [])


def test_a_virtual_environment_brings_the_python_it_was_made_from(tmp_path: Path) -> None:
    top = made(tmp_path, "py/bin/python3.9", "py/lib/os.py", "venv/lib/x.py", "venv/bin/pytest")
    (top / "venv/pyvenv.cfg").write_text(f"home = {top}/py/bin\nversion = 3.9\n")
    (top / "venv/bin/python").symlink_to("python3")
    (top / "venv/bin/python3").symlink_to(top / "py/bin/python3.9")
    assert below(top, needed(f"{top}/venv/bin", (), ())) == [
        *("py/bin", "py/lib", "venv/bin", "venv/lib", "venv/pyvenv.cfg"),
    ]


def test_a_program_that_a_command_names_is_followed_to_its_real_place(tmp_path: Path) -> None:
    top = made(tmp_path, "tools/ruff/bin/ruff", "tools/ruff/lib/x", "tools/other/bin/other")
    (top / "bin").mkdir()
    for name in ("ruff", "other"):
        (top / "bin" / name).symlink_to(f"../tools/{name}/bin/{name}")
    found = needed(f"{top}/bin", ("cd src && ruff check .",), ())
    assert below(top, found) == ["bin", "tools/ruff/bin", "tools/ruff/lib"]


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "a").symlink_to("b")
    (tmp_path / "bin" / "b").symlink_to("a")
    (tmp_path / "pyvenv.cfg").write_text(f"home = {tmp_path}/bin\n")
    assert below(tmp_path, needed(f"{tmp_path}/bin", ("a",), ())) == ["bin", "pyvenv.cfg"]
