"""The user's own files: nobody else's eyes, no link followed, each change whole, and of two at once none lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentos_action.errors import UsageError
from agentos_action.settings import private
from agentos_action.settings.private import changing, read_private, write_private


def put(file: Path, content: bytes = b"x", mode: int = 0o600) -> Path:
    """Write a file of this mode in a folder of the user's own."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_what_is_not_there_is_nothing(home: Path) -> None:
    assert read_private(home / "x" / "y.json") is None
    put(home / "file")
    assert read_private(home / "file" / "y.json") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620, 0o601])
def test_a_file_that_is_open_to_others_is_refused_with_what_to_do(home: Path, mode: int) -> None:
    file = put(home / "y z.json", mode=mode)
    with pytest.raises(UsageError, match=f"mode {mode:o}") as caught:
        read_private(file)
    assert caught.value.hint == f"chmod 600 '{file}'"
    assert subprocess.run(["sh", "-c", caught.value.hint], check=False).returncode == 0
    assert read_private(file) == b"x"


@pytest.mark.parametrize("target", ["other.json", "nowhere", "."])
def test_a_link_is_refused(home: Path, target: str) -> None:
    put(home / "other.json")
    file = home / "y.json"
    file.symlink_to(target)
    with pytest.raises(UsageError, match="is a link"):
        read_private(file)


def test_what_is_no_file_is_refused_without_waiting(home: Path) -> None:
    os.mkfifo(home / "pipe", 0o600)
    (home / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(UsageError, match="is no regular file"):
            read_private(home / name)


def test_a_folder_that_others_may_write_is_refused(home: Path) -> None:
    file = put(home / "y.json")
    home.chmod(0o770)
    with pytest.raises(UsageError, match="can be written by other users"):
        read_private(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_or_folder_of_another_user_is_refused(home: Path) -> None:
    file = put(home / "y.json")
    os.chown(file, 65_534, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        read_private(file)
    os.chown(file, os.geteuid(), -1)
    os.chown(home, 65_534, -1)
    with pytest.raises(UsageError, match="belongs to another user"):
        read_private(file)
    with pytest.raises(UsageError, match="belongs to another user"), changing(file):
        raise AssertionError


def test_a_file_that_is_too_large_is_refused(home: Path) -> None:
    file = put(home / "y.json", b"x" * (private.MAX_BYTES + 1))
    with pytest.raises(UsageError, match="larger than"):
        read_private(file)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_file_and_folder_are_the_user_s_alone_from_the_first_byte(tmp_path: Path, mask: int) -> None:
    file = tmp_path / "fresh" / "y.json"
    before = os.umask(mask & 0o077)
    try:
        with changing(file):
            write_private(file, b"1")
    finally:
        os.umask(before)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read_private(file) == b"1"


def test_a_folder_that_was_open_is_closed_when_something_is_stored(home: Path) -> None:
    home.chmod(0o755)
    with changing(home / "y.json"):
        write_private(home / "y.json", b"1")
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_write_never_follows_a_link_and_leaves_nothing_beside(home: Path) -> None:
    victim = put(home / "victim", b"theirs")
    (home / "y.json").symlink_to(victim)
    with changing(home / "y.json"):
        write_private(home / "y.json", b"mine")
    assert victim.read_bytes() == b"theirs"
    assert not (home / "y.json").is_symlink()
    assert sorted(path.name for path in home.iterdir()) == [".y.json.lock", "victim", "y.json"]


def test_a_lock_that_is_a_link_is_not_followed(home: Path) -> None:
    (home / ".y.json.lock").symlink_to(home / "made")
    with pytest.raises(UsageError, match="cannot be written"), changing(home / "y.json"):
        raise AssertionError
    assert not (home / "made").exists()


ADD = """
import sys
from pathlib import Path
from agentos_action.settings.private import changing, read_private, write_private
file = Path(sys.argv[1])
for _ in range(25):
    with changing(file):
        write_private(file, (read_private(file) or b"") + sys.argv[2].encode())
"""


def test_of_changes_at_once_none_is_lost(home: Path) -> None:
    file = home / "y.json"
    running = [subprocess.Popen([sys.executable, "-c", ADD, str(file), letter]) for letter in "ab"]
    assert [process.wait(120) for process in running] == [0, 0]
    content = read_private(file)
    assert content is not None
    assert (content.count(b"a"), content.count(b"b")) == (25, 25)
