"""`agentos profile`, and what a cloned repository's own profile gets: no key, no program, until the user trusts it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.git import git, make_repo
from tests.runs import cli

PLANTED = "planted-key-0123456789"


class Listener:
    """A loopback server that keeps every request as it came, and answers none usably."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                heard.append(f"{self.requestline}\n{self.headers}\n{body}")
                self.send_error(404)

            do_POST = do_GET  # noqa: N815 - the base class's name

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


class Clone:
    """A repository that brings files along, run by a user with a home and a key of their own."""

    def __init__(self, tmp_path: Path, files: dict[str, str]) -> None:
        self.repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", **files})
        self.home = tmp_path / "home"
        self.home.mkdir()
        self.env = {"HOME": str(self.home), "LLAMACPP_API_KEY": PLANTED, "OPENAI_API_KEY": PLANTED}

    def __call__(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone."""
        done = cli(*arguments, cwd=self.repo, env={**self.env, **env})
        assert PLANTED not in done.stdout + done.stderr
        return done

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Ask for a change."""
        return self("run", "--instruction", "Change it", "--files", "a.txt", *arguments, **env)


def profile(**fields: object) -> str:
    """Return a profile's text."""
    return json.dumps({"provider": "llamacpp", "name": "theirs", **fields})


def test_a_clone_s_address_gets_no_byte_while_there_is_a_key(tmp_path: Path, listener: Listener) -> None:
    theirs = profile(base_url=listener.url)
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": theirs, "agentos.toml": '[model]\nprofile = "theirs"\n'})
    for arguments in ([], ["--profile", "theirs"], ["--provider", "llamacpp"], ["--provider", "llamacpp:theirs"]):
        done = clone.run(*arguments)
        # A bare provider has other instances, and goes on without this one.
        assert (done.returncode, listener.heard) == (3 if arguments[1:] == ["llamacpp"] else 2, []), done.stderr
        assert "agentos profile trust .agentos/profiles/theirs.json" in done.stderr
    # Without a key it is asked, and with the user's trust it gets the key.
    clone.run(LLAMACPP_API_KEY="")
    assert listener.heard
    assert PLANTED not in "".join(listener.heard)
    assert clone("profile", "trust", ".agentos/profiles/theirs.json", "--yes").returncode == 0
    assert clone.run().returncode == 3
    assert f"Bearer {PLANTED}" in "".join(listener.heard)


def test_a_clone_s_policy_address_gets_no_byte_while_there_is_a_key(tmp_path: Path, listener: Listener) -> None:
    clone = Clone(tmp_path, {"agentos.toml": f'[model]\nprovider = "llamacpp"\nbase_url = "{listener.url}"\n'})
    done = clone.run()
    assert (done.returncode, listener.heard) == (2, [])
    assert "agentos profile trust agentos.toml" in done.stderr
    trusted = clone("profile", "trust", "agentos.toml", "--yes")
    assert f"a key may be sent to: {listener.url}" in trusted.stderr
    assert clone.run().returncode == 3
    assert PLANTED in "".join(listener.heard)


def test_a_stored_key_is_kept_from_a_clone_and_out_of_the_evidence(tmp_path: Path, listener: Listener) -> None:
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": profile(base_url=listener.url, api_key_ref="mine")})
    clone.env |= {"LLAMACPP_API_KEY": ""}
    folder = clone.home / ".agentos"
    folder.mkdir(mode=0o700)
    host = listener.url.removeprefix("http://")
    stored = {"mine": {"provider": "llamacpp", "key": PLANTED, "hosts": [host]}}
    (folder / "credentials.json").write_text(json.dumps(stored), encoding="utf-8")
    (folder / "credentials.json").chmod(0o600)
    assert clone.run("--profile", "theirs").returncode == 2
    assert listener.heard == []
    answer = tmp_path / "answer.md"
    answer.write_text(f"The key is {PLANTED}.", encoding="utf-8")
    evidence = tmp_path / "evidence"
    clone.run("--answer", str(answer), "--evidence", str(evidence))
    files = [file for file in evidence.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if PLANTED.encode() in file.read_bytes()]


@pytest.mark.parametrize("provider", ["cli", "claude_cli"])
def test_a_clone_s_command_is_not_started(tmp_path: Path, provider: str) -> None:
    made = tmp_path / "made"
    agent = {"command": ["touch", str(made)], "version_command": ["touch", str(made)], "sandbox": "none"}
    theirs = json.dumps({"provider": provider, "name": "theirs", "agent": agent})
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": theirs})
    for arguments in (["--profile", "theirs"], ["--provider", f"{provider}:theirs"], ["--provider", provider]):
        done = clone.run(*arguments)
        assert (done.returncode, made.exists()) == (2, False)
        assert "names a command to start, and it is not trusted" in done.stderr
    # Not even with an address of the user's.
    assert clone.run("--profile", "theirs", "--base-url", "http://127.0.0.1:9").returncode == 2
    asked = clone("profile", "trust", ".agentos/profiles/theirs.json")
    assert (asked.returncode, f"it may start: touch {made}" in asked.stderr) == (2, True)
    assert "without a sandbox: yes" in asked.stderr
    assert "--yes" in asked.stderr
    assert not (clone.home / ".agentos" / "trusted.json").exists()


def test_a_clone_may_not_pick_a_token(tmp_path: Path, listener: Listener) -> None:
    theirs = profile(base_url=listener.url, api_key_ref="env:GITHUB_TOKEN")
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": theirs})
    done = clone.run("--profile", "theirs", GITHUB_TOKEN=PLANTED, LLAMACPP_API_KEY="")
    assert (done.returncode, listener.heard) == (2, [])
    assert "env:GITHUB_TOKEN" in done.stderr


def test_a_changed_file_is_a_new_one(tmp_path: Path, listener: Listener) -> None:
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": profile(base_url=listener.url)})
    told = clone("profile", "trust", ".agentos/profiles/theirs.json", "--yes", "--json")
    assert json.loads(told.stdout)["allows"] == {"a key may be sent to": [listener.url]}
    (clone.repo / ".agentos/profiles/theirs.json").write_text(profile(base_url=listener.url, model="m"))
    git(clone.repo, "commit", "-qam", "change")
    assert clone.run("--profile", "theirs").returncode == 2
    assert listener.heard == []


def test_an_address_given_by_the_user_is_not_the_clone_s(tmp_path: Path, listener: Listener) -> None:
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": profile(base_url="http://127.0.0.1:9")})
    assert clone.run("--profile", "theirs", "--base-url", listener.url).returncode == 3
    assert PLANTED in "".join(listener.heard)


def test_check_tells_every_wrong_field_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"provider": "nobody", "name": "x y", "base_url": "ftp://h", "key": "sk-planted"}'
    )
    (tmp_path / "b.json").write_text(
        '{"provider": "nobody", "name": "b", "instances": [{"name": "c", "base_url": "h"}]}'
    )
    (tmp_path / "c.json").write_text('{"provider": "llamacpp", "name": "c"}')
    done = cli("profile", "check", "a.json", "b.json", "c.json", "none.json", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["valid"]) == (2, False)
    assert "planted" not in done.stdout + done.stderr
    fields = {one["file"]: [error["field"] for error in one["errors"]] for one in told["files"]}
    assert fields == {
        "a.json": ["name", "key"],
        "b.json": ["provider", "instances.0.base_url"],
        "c.json": [],
        "none.json": [None],
    }
    plain = cli("profile", "check", "a.json", "b.json", cwd=tmp_path)
    assert plain.returncode == 2
    assert "a.json: field 'key': there is no such field; there are: $schema, agent, api_key_ref" in plain.stderr
    assert "b.json: field 'instances.0.base_url': The base_url is not usable" in plain.stderr
    right = cli("profile", "check", "c.json", cwd=tmp_path)
    assert (right.returncode, right.stderr) == (0, "1 profile is right\n")


def test_what_a_profile_says_steers_no_terminal_and_no_runner(tmp_path: Path) -> None:
    agent = {"command": ["sh", "-c", "\u001b[2J\n::error::x"]}
    (tmp_path / "a.json").write_text(json.dumps({"provider": "cli", "name": "a", "agent": agent}))
    done = cli("profile", "trust", "a.json", cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\n::error" not in done.stderr


def test_trust_shows_where_each_argument_of_a_command_ends(tmp_path: Path) -> None:
    agent = {"command": ["sh", "-c", "curl x; rm y"]}
    (tmp_path / "a.json").write_text(json.dumps({"provider": "cli", "name": "a", "agent": agent}))
    done = cli("profile", "trust", "a.json", cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert "it may start: sh -c 'curl x; rm y'" in done.stderr


def test_show_tells_what_would_be_used_and_never_a_key(tmp_path: Path) -> None:
    secret = f"http://user:{PLANTED}@127.0.0.1:9"
    clone = Clone(tmp_path, {".agentos/profiles/theirs.json": profile(base_url=secret, instances=[{"name": "second"}])})
    shown = json.loads(clone("profile", "show", "theirs", "--json").stdout)
    assert (shown["from_repository"], shown["trusted"], shown["profile"]["name"]) == (True, False, "theirs")
    assert shown["source"].startswith(".agentos/profiles/theirs.json@")
    own = json.loads(clone("profile", "show", "openai", "--json").stdout)
    assert (own["trusted"], own["address"]) == (True, "https://api.openai.com")
    assert own["key"] == {"from": "OPENAI_API_KEY", "note": ""}
    second = json.loads(clone("profile", "show", "llamacpp:second").stdout)
    assert second["profile"]["name"] == "second"
    assert clone("profile", "show", "nobody").returncode == 2
    outside = cli("profile", "show", "llamacpp", "--json", cwd=tmp_path, env=clone.env)
    assert json.loads(outside.stdout)["from_repository"] is False


def test_show_follows_the_environment_s_address(tmp_path: Path) -> None:
    clone = Clone(tmp_path, {})
    env = {"OPENAI_BASE_URL": "https://gateway.example/v1", "OLLAMA_HOST": "0.0.0.0:99"}
    openai = json.loads(clone("profile", "show", "openai", **env).stdout)
    assert (openai["address"], openai["key"]["from"]) == ("https://gateway.example/v1", None)
    assert "agentos tool auth set --provider openai --host gateway.example" in openai["key"]["note"]
    assert json.loads(clone("profile", "show", "ollama", **env).stdout)["address"] == "http://127.0.0.1:99"


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "not valid JSON"), ('{"provider": "p"}', "field 'name'"), (None, "no such file"), ("x" * 300_000, "larger")],
)
def test_what_is_no_profile_is_not_trusted(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    done = cli("profile", "trust", "a.json", "--yes", cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / ".agentos").exists()


@pytest.mark.parametrize("what", ["check", "show", "trust"])
def test_help_shows_an_example(tmp_path: Path, what: str) -> None:
    done = cli("profile", what, "--help", cwd=tmp_path)
    assert (done.returncode, "example:\n  agentos profile" in done.stdout) == (0, True)
