"""Pushing over SSH to a real sshd on loopback, with the keys of an agent; skipped where there is none."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.git import git, make_repo
from tests.runs import CLI, diff_answer

_SBIN = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
SSHD = shutil.which("sshd", path=_SBIN)

pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh-agent") is None, reason="no sshd here (Debian: openssh-server)"
)


@dataclass
class Ssh:
    """A server with a repository, and what a client needs."""

    tmp: Path
    port: int
    agent: Path

    @property
    def url(self) -> str:
        user = pwd.getpwuid(os.getuid()).pw_name
        return f"ssh://{user}@127.0.0.1:{self.port}{self.tmp / 'bare.git'}"

    def home(self, *, known: bool) -> Path:
        """Make a home that knows the server's key, or does not."""
        home = self.tmp / f"home-{known}"
        (home / ".ssh").mkdir(parents=True, exist_ok=True, mode=0o700)
        key = (self.tmp / "host.pub").read_text(encoding="utf-8").split()[:2]
        lines = f"[127.0.0.1]:{self.port} {' '.join(key)}\n" if known else ""
        (home / ".ssh/known_hosts").write_text(lines, encoding="utf-8")
        return home

    def push(self, branch: str, *, known: bool = True, agent: bool = True) -> dict[str, object]:
        """Run once in a process of its own and push; returns the report."""
        answer = self.tmp / "answer.md"
        answer.write_text(diff_answer("a.txt", "one", "two"), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "SSH_"))}
        environment = {**kept, "HOME": str(self.home(known=known))}
        if agent:
            environment["SSH_AUTH_SOCK"] = str(self.agent)
        argv = [*CLI, "run", "--instruction", "x", "--answer", str(answer), "--branch", branch, "--json"]
        argv += ["--delivery", "push", "--remote", self.url]
        done = subprocess.run(argv, cwd=self.tmp / "repo", env=environment, capture_output=True, check=False)
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ssh]:
    tmp = tmp_path_factory.mktemp("ssh")
    repo = make_repo(tmp, {"a.txt": "one\n"})
    git(tmp, "clone", "--quiet", "--bare", str(repo), str(tmp / "bare.git"))
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp / name)], check=True)
    shutil.copy(tmp / "user.pub", tmp / "authorized")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": str(tmp / "host"),
        "AuthorizedKeysFile": str(tmp / "authorized"),
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
    }
    config = tmp / "sshd_config"
    config.write_text("".join(f"{key} {value}\n" for key, value in options.items()), encoding="utf-8")
    # A path to a socket may have a hundred characters.
    short = Path("/tmp", f"agentos-test-{os.getpid()}-{port}")  # noqa: S108 - removed below
    with (
        subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=subprocess.PIPE) as server,
        subprocess.Popen(["ssh-agent", "-D", "-a", str(short)], stdout=subprocess.DEVNULL) as agent,
    ):
        try:
            _wait(server, port, short)
            subprocess.run(
                ["ssh-add", "-q", str(tmp / "user")], env={**os.environ, "SSH_AUTH_SOCK": str(short)}, check=True
            )
            yield Ssh(tmp, port, short)
        finally:
            agent.terminate()
            server.terminate()
            short.unlink(missing_ok=True)


def _wait(server: subprocess.Popen[bytes], port: int, agent: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            said = server.stderr.read().decode() if server.stderr else ""
            pytest.skip(f"sshd does not start here: {said.strip()}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
            continue
        if agent.exists():
            return
    pytest.skip("sshd or ssh-agent does not answer")


def test_a_commit_goes_over_ssh_with_the_agent_s_key(ssh: Ssh) -> None:
    report = ssh.push("agentos/x")
    assert (report["status"], report["exit_code"]) == ("committed", 0), report["message"]
    assert git(ssh.tmp / "bare.git", "rev-parse", "agentos/x").strip() == report["commit"]


def test_a_host_that_nobody_knows_is_told_nothing(ssh: Ssh) -> None:
    report = ssh.push("agentos/y", known=False)
    assert (report["status"], report["raw_error_code"]) == ("usage", "push_host_key"), report["message"]
    assert "known_hosts" in str(report["hint"])
    assert "agentos/y" not in git(ssh.tmp / "bare.git", "branch", "--list")


def test_without_a_key_it_is_refused_with_what_to_do(ssh: Ssh) -> None:
    report = ssh.push("agentos/z", agent=False)
    assert (report["status"], report["raw_error_code"]) == ("usage", "push_no_key"), report["message"]
    assert "ssh-add" in str(report["hint"])
