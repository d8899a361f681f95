"""What is private, and what foreign content may not decide."""

from __future__ import annotations

from pathlib import Path

from agentos_action.checks.bounds import Bounds


def test_nothing_is_allowed_that_opens_a_private_folder(tmp_path: Path) -> None:
    (tmp_path / "home/x").mkdir(parents=True)
    (tmp_path / "link").symlink_to("home")
    (tmp_path / "other").symlink_to(".")
    bounds = Bounds.of([tmp_path / "home"])
    assert [name for name in ("", "home", "link", "other", "home/x", "link/x") if bounds.allow(tmp_path / name)] == [
        *("home/x", "link/x"),
    ]


def test_folders_of_keys_are_never_allowed(tmp_path: Path) -> None:
    (tmp_path / ".ssh/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to(".ssh/bin")
    assert not any(Bounds().allow(tmp_path / name) for name in (".ssh", ".ssh/bin", "bin", ".docker/bin"))
    assert Bounds().allow(tmp_path)


def test_a_link_counts_where_it_lies(tmp_path: Path) -> None:
    for name in ("repo/real", "out/real"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "repo/out").symlink_to("../out")
    (tmp_path / "in").symlink_to(tmp_path / "repo")
    (tmp_path / "out/circle").symlink_to("circle")
    bounds = Bounds.of(foreign=[tmp_path / "in"])
    led = ("repo/out", "repo/out/real", "in/out/real", "repo/real/../out")
    free = ("repo/real", "in/real", "in", "out/real", "out/circle", "repo/no-such")
    assert [name for name in (*led, *free) if bounds.led(tmp_path / name)] == list(led)
    written = (*led, "repo/real", "in/real", "in", "repo/no-such")
    assert [name for name in (*led, *free) if bounds.written(tmp_path / name)] == [
        name for name in (*led, *free) if name in written
    ]
