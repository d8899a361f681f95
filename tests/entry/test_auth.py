"""`agentos tool auth`: keys go in by stdin, prompt or argument, and come out nowhere but at their host."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.runs import CLI, agentos, cli

PLANTED = "planted-key-0123456789"


class Auth:
    """Runs `agentos tool auth` in a home of its own and looks for planted keys in everything it says."""

    def __init__(self, tmp_path: Path) -> None:
        self.cwd = tmp_path
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.file = self.home / ".agentos" / "credentials.json"
        self.env = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
        self.env |= {"HOME": str(self.home)}

    def __call__(self, *arguments: str, key: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run one command with the key on stdin."""
        done = agentos("tool", "auth", *arguments, cwd=self.cwd, env={**self.env, **env}, stdin=key or "")
        assert PLANTED not in done.stdout + done.stderr
        return done

    def told(self, *arguments: str, key: str | None = None, **env: str) -> Any:
        """Return the one object of `--json`."""
        done = self(*arguments, "--json", key=key, **env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def stored(self) -> dict[str, dict[str, object]]:
        """The file's content."""
        return dict(json.loads(self.file.read_text(encoding="utf-8")))


@pytest.fixture
def auth(tmp_path: Path) -> Auth:
    return Auth(tmp_path)


def test_a_key_goes_in_by_stdin_bound_to_its_provider(auth: Auth) -> None:
    told = auth.told("set", "--provider", "openai", key=f"{PLANTED}\r\n")
    assert told == {"name": "openai", "provider": "openai", "hosts": ["api.openai.com"], "replaced": False}
    assert auth.stored == {"openai": {"provider": "openai", "key": PLANTED, "hosts": ["api.openai.com"]}}
    assert (auth.file.stat().st_mode & 0o777, auth.file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert auth.told("set", "--provider", "openai", key=PLANTED)["replaced"]


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        (["--provider", "anthropic"], ["api.anthropic.com"]),
        (["--provider", "llamacpp"], ["127.0.0.1:8080", "127.0.0.1:8081"]),
        (["--provider", "llamacpp:qwen3-coder-30b"], ["127.0.0.1:8081"]),
        (["--provider", "ollama"], ["127.0.0.1:11434"]),
        (["--provider", "openai", "--base-url", "https://Models.example:8443/v1"], ["models.example:8443"]),
        (["--provider", "openai", "--host", "a.example", "--host", "http://b:80"], ["a.example", "http://b"]),
        (["--provider", "claude_cli"], []),
    ],
)
def test_what_a_key_is_bound_to(auth: Auth, options: list[str], hosts: list[str]) -> None:
    assert auth.told("set", *options, key=PLANTED)["hosts"] == hosts


def test_a_key_as_an_argument_works_and_warns(auth: Auth) -> None:
    done = auth("set", "--provider", "openai", "--api-key", PLANTED)
    assert done.returncode == 0
    assert "warning: other users of this machine can see arguments" in done.stderr
    assert "stored openai, for api.openai.com" in done.stderr
    assert done.stdout == ""


def test_a_key_that_travels_unencrypted_is_stored_with_a_warning(auth: Auth) -> None:
    done = auth("set", "--provider", "llamacpp", "--base-url", "http://gpu.lan:8080", "--name", "gpu", key=PLANTED)
    assert (done.returncode, auth.stored["gpu"]["hosts"]) == (0, ["http://gpu.lan:8080"])
    assert "warning: http://gpu.lan:8080 is not encrypted" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        (["--provider", "openai"], "", "the key is empty"),
        (["--provider", "openai"], f"{PLANTED} {PLANTED}", "a character that no key has"),
        (["--provider", "openai"], f"{PLANTED}\n{PLANTED}", "a character that no key has"),
        (["--provider", "openai"], PLANTED * 1_000, "can be stored"),
        (["--provider", "openai", PLANTED], "", "a word is left over"),
        (["--provider", "openai", "--api-keyy", PLANTED], "", "unrecognized arguments: --api-keyy"),
        (["--provider", PLANTED], PLANTED, "there is no such provider"),
        (["--provider", "openai", "--base-url", f"https://u:{PLANTED}@h"], PLANTED, "the address is not usable"),
        (["--provider", "openai", "--host", f"h?{PLANTED}"], PLANTED, "the address is not usable"),
        (["--provider", "openai", "--name", "a b"], PLANTED, "the name of the credential"),
        (["--provider", "llamacpp:nobody"], PLANTED, "there is no instance"),
        ([], PLANTED, "--provider"),
    ],
)
def test_what_cannot_be_stored_is_a_usage_error(auth: Auth, arguments: list[str], key: str, said: str) -> None:
    done = auth("set", *arguments, key=key)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not auth.file.exists()


def test_a_key_is_typed_unseen_at_a_terminal(auth: Auth) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(auth.cwd)
        os.execve(CLI[0], [*CLI, "tool", "auth", "set", "--provider", "openai"], auth.env)  # noqa: S606 - a terminal of its own
    seen = b""
    while b"Key for openai: " not in seen:
        seen += os.read(terminal, 1_024)
    os.write(terminal, PLANTED.encode() + b"\n")
    while True:
        try:
            more = os.read(terminal, 1_024)
        except OSError:
            # A terminal whose other end has closed.
            break
        if not more:
            break
        seen += more
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, seen
    os.close(terminal)
    assert PLANTED.encode() not in seen
    assert auth.stored["openai"]["key"] == PLANTED


def test_status_tells_whose_keys_there_are_and_which_wins(auth: Auth) -> None:
    assert auth.told("status") == {"credentials": []}
    assert "no key is stored" in auth("status").stderr
    auth("set", "--provider", "openai", key=PLANTED)
    auth("set", "--provider", "llamacpp", "--name", "own", key=PLANTED)
    rows = auth.told("status", OPENAI_API_KEY=PLANTED, GITHUB_TOKEN=PLANTED)["credentials"]
    assert [(row["name"], row["provider"], row["from"], row["overridden_by"]) for row in rows] == [
        ("OPENAI_API_KEY", "openai", "environment", None),
        ("openai", "openai", "file", "OPENAI_API_KEY"),
        ("own", "llamacpp", "file", None),
    ]
    assert rows[0]["hosts"] == ["api.openai.com", "this machine"]
    assert [row["name"] for row in auth.told("status", "--provider", "llamacpp")["credentials"]] == ["own"]
    said = auth("status", OPENAI_API_KEY=PLANTED).stderr
    assert "openai: openai, from the file, for api.openai.com; OPENAI_API_KEY wins where it may go" in said


def test_clear_removes_what_it_names(auth: Auth) -> None:
    for name in ("a", "b"):
        auth("set", "--provider", "openai", "--name", name, key=PLANTED)
    auth("set", "--provider", "llamacpp", key=PLANTED)
    assert auth.told("clear", "--provider", "openai", "--name", "b") == {"removed": ["b"]}
    assert auth.told("clear", "--provider", "openai") == {"removed": ["a"]}
    assert auth.told("clear", "--provider", "openai") == {"removed": []}
    assert "removed llamacpp" in auth("clear").stderr
    assert not auth.file.exists()
    assert "there was no such key" in auth("clear").stderr


def test_a_damaged_file_may_be_cleared_as_a_whole_only(auth: Auth) -> None:
    auth("set", "--provider", "openai", key=PLANTED)
    auth.file.chmod(0o644)
    for arguments in (["set", "--provider", "openai"], ["status"], ["clear", "--provider", "openai"]):
        done = auth(*arguments, key=PLANTED)
        assert (done.returncode, f"chmod 600 {auth.file}" in done.stderr) == (2, True)
    assert auth("clear").returncode == 0
    assert not auth.file.exists()


def test_a_link_in_the_file_s_place_is_not_written_through(auth: Auth) -> None:
    auth.file.parent.mkdir(mode=0o700)
    victim = auth.home / "victim"
    victim.write_text("{}", encoding="utf-8")
    victim.chmod(0o600)
    auth.file.symlink_to(victim)
    done = auth("set", "--provider", "openai", key=PLANTED)
    assert (done.returncode, "is a link" in done.stderr) == (2, True)
    assert victim.read_text(encoding="utf-8") == "{}"


def test_of_keys_that_are_stored_at_once_none_is_lost(auth: Auth) -> None:
    command = [*CLI, "tool", "auth", "set", "--provider", "openai", "--name"]
    running = [
        subprocess.Popen(
            [*command, f"n{number}"], env=auth.env, cwd=auth.cwd, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for number in range(4)
    ]
    for number, process in enumerate(running):
        process.communicate(f"{PLANTED}{number}".encode(), timeout=60)
    assert [process.returncode for process in running] == [0] * 4
    assert {name: one["key"] for name, one in auth.stored.items()} == {f"n{n}": f"{PLANTED}{n}" for n in range(4)}


def test_a_home_that_cannot_be_written_is_told(auth: Auth) -> None:
    (auth.home / ".agentos").write_text("", encoding="utf-8")
    done = auth("set", "--provider", "openai", key=PLANTED)
    assert (done.returncode, "cannot be written" in done.stderr) == (2, True)


@pytest.mark.parametrize("what", ["", "set", "status", "clear"])
def test_help_shows_an_example(auth: Auth, what: str) -> None:
    done = cli("tool", "auth", *([what] if what else []), "--help", cwd=auth.cwd)
    assert (done.returncode, "example:\n  agentos tool auth" in done.stdout) == (0, True)
    assert "stray" not in done.stdout
