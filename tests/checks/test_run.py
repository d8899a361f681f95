"""Real commands on a real folder, in a real sandbox where one can be made here."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from agentos_action import process
from agentos_action.checks import sandbox
from agentos_action.checks.run import require, run_checks
from agentos_action.errors import UsageError
from agentos_action.records.check import CheckResult
from agentos_action.records.policy import CheckRules, Sandbox
from agentos_action.records.reading import read

MISSING = sandbox.available(CheckRules())
needs_bubblewrap = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
BOTH: list[object] = ["none", pytest.param("bubblewrap", marks=needs_bubblewrap)]


def checks(place: Path, *commands: str, rules: Mapping[str, object] | None = None) -> tuple[CheckResult, ...]:
    """Run commands in `place/tree` as the pipeline does."""
    folder, home = place / "tree", place / "home"
    for new in (folder, home):
        new.mkdir(exist_ok=True)
    given = read(CheckRules, {"commands": commands, **(rules or {})})
    return run_checks(given, folder, home, hidden=[place / "repo"], on_stage=lambda _: None)


def said(place: Path, command: str, **rules: object) -> str:
    """Return what a command says in the sandbox, whatever its exit code."""
    return checks(place, command, rules=rules)[0].output


@pytest.mark.parametrize("kind", BOTH)
class TestInBoth:
    """What holds with a sandbox and without one."""

    def test_commands_run_in_order_until_one_fails(self, tmp_path: Path, kind: Sandbox) -> None:
        stages: list[str] = []
        folder, home = tmp_path / "tree", tmp_path / "home"
        folder.mkdir()
        home.mkdir()
        commands = ("echo one > made", "cat made; echo bad >&2; exit 3", "echo never > later")
        rules = CheckRules(commands=commands, sandbox=kind)
        first, second = run_checks(rules, folder, home, on_stage=stages.append)
        assert (first.status, first.exit_code, first.output, first.sandbox) == ("passed", 0, "", kind)
        assert (second.status, second.exit_code, second.output) == ("failed", 3, "one\nbad\n")
        assert (folder / "made").read_text() == "one\n"
        assert not (folder / "later").exists()
        assert stages == ["Check: echo one > made", "Check: cat made; echo bad >&2; exit 3"]

    def test_a_command_that_is_not_there_fails_and_says_so(self, tmp_path: Path, kind: Sandbox) -> None:
        (result,) = checks(tmp_path, "no-such-program --now", rules={"sandbox": kind})
        assert (result.status, result.exit_code) == ("failed", 127)
        assert "no-such-program" in result.output
        assert "not found" in result.output

    def test_the_time_limit_is_for_all_together(self, tmp_path: Path, kind: Sandbox) -> None:
        began = time.monotonic()
        rules = {"sandbox": kind, "timeout_seconds": 5.0}
        first, second = checks(tmp_path, "sleep 0.4", "echo begun; sleep 300", "true", rules=rules)
        assert first.status == "passed"
        assert (second.status, second.exit_code, second.output) == ("timed_out", None, "begun\n")
        assert time.monotonic() - began < 100

    def test_of_much_output_both_ends_are_kept(self, tmp_path: Path, kind: Sandbox) -> None:
        before = psutil.Process().memory_info().rss
        command = "echo first; yes 0123456789abcdef | head -c 50000000; echo; echo last"
        (result,) = checks(tmp_path, command, rules={"sandbox": kind})
        assert result.status == "passed"
        assert result.truncated
        assert result.output.startswith("first\n")
        assert result.output.endswith("\nlast\n")
        assert "bytes are left out here" in result.output
        assert len(result.output) < 21_000
        assert psutil.Process().memory_info().rss - before < 20_000_000

    def test_output_that_is_no_text_is_made_text(self, tmp_path: Path, kind: Sandbox) -> None:
        (result,) = checks(tmp_path, r"printf 'a\377\000b'", rules={"sandbox": kind})
        assert result.output == "a\ufffd\0b"

    def test_nothing_can_be_read_from_standard_input(self, tmp_path: Path, kind: Sandbox) -> None:
        (result,) = checks(tmp_path, "cat; echo done", rules={"sandbox": kind})
        assert (result.status, result.output) == ("passed", "done\n")

    def test_the_environment_holds_no_secret(
        self, tmp_path: Path, kind: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secrets = {"OPENAI_API_KEY": "sk-1", "GITHUB_TOKEN": "ghs", "OWN_PASSWORD": "pw", "SSH_AUTH_SOCK": "/s"}
        for name, value in {**secrets, "OPEN": "yes", "HTTPS_PROXY": "http://u:p@h", "OTHER": "x"}.items():
            monkeypatch.setenv(name, value)
        rules = {"sandbox": kind, "environment": ("O*", "H*", "PATH")}
        (result,) = checks(tmp_path, "env", rules=rules)
        names = {line.partition("=")[0] for line in result.output.splitlines()}
        assert {"OPEN", "OTHER", "HTTPS_PROXY", "CI", "HOME", "TMPDIR", "PATH"} <= names
        assert not names & set(secrets)
        (result,) = checks(tmp_path, "env", rules={"sandbox": kind})
        assert not {"OPEN", "OTHER", "HTTPS_PROXY"} & {line.partition("=")[0] for line in result.output.splitlines()}

    def test_home_and_tmpdir_are_its_own(self, tmp_path: Path, kind: Sandbox) -> None:
        command = 'find "$HOME" -maxdepth 1 -type f; echo a > "$HOME/a" && echo b > "$TMPDIR/b" && echo written'
        (result,) = checks(tmp_path, command, rules={"sandbox": kind})
        assert result.output == "written\n"
        assert not Path("~/a").expanduser().exists()

    def test_a_program_in_the_candidate_is_not_taken_for_one_of_the_system(
        self, tmp_path: Path, kind: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", ".::" + os.environ["PATH"])
        (tmp_path / "tree").mkdir()
        for name in ("bwrap", "sh", "ls"):
            fake = tmp_path / "tree" / name
            fake.write_text(f"#!/bin/sh\necho {name} of the candidate\n")
            fake.chmod(0o755)
        (result,) = checks(tmp_path, "ls", rules={"sandbox": kind})
        assert result.output.split() == ["bwrap", "ls", "sh"]

    def test_a_large_file_is_stopped(self, tmp_path: Path, kind: Sandbox) -> None:
        (result,) = checks(tmp_path, "truncate -s 5G large; test -s large || echo none", rules={"sandbox": kind})
        assert "none" in result.output


@needs_bubblewrap
class TestSandbox:
    """What a check cannot do."""

    def test_it_sees_no_file_of_the_user(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        home = tmp_path / "user"
        for name in (".ssh/id_rsa", ".aws/credentials", ".local/share/keyrings/k", ".local/bin/tool", "notes"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text("secret\n")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("PATH", f"{home}/.local/bin:{home}:{os.environ['PATH']}")
        assert said(tmp_path, f"cd {home} && find . -type f; echo $HOME") == f"./.local/bin/tool\n{home}\n"

    def test_it_sees_no_repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (".git/config", "code.py", ".venv/bin/tool", ".venv/lib/part.py", "bin/own", "lib/code.py"):
            (tmp_path / "repo" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "repo" / name).write_text("x\n")
        repo = tmp_path / "repo"
        monkeypatch.setenv("PATH", f"{repo}/.venv/bin:{repo}/bin:{os.environ['PATH']}")
        # Not even where the policy shows a folder that it lies in.
        found = said(tmp_path, f"cd {repo} && find . -type f | sort", readable=(str(tmp_path),))
        assert found.split() == ["./.venv/bin/tool", "./.venv/lib/part.py", "./bin/own"]

    @pytest.mark.parametrize("tools", ["tools", ".venv"])
    def test_a_repository_does_not_say_what_it_sees(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tools: str
    ) -> None:
        home, repo = tmp_path / "user", tmp_path / "repo"
        for name in ("user/.ssh/id_rsa", "user/.private/bin/python3", f"repo/{tools}/bin/x", "repo/.git/config"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("SECRET\n")
            (tmp_path / name).chmod(0o755)
        (repo / tools / "pyvenv.cfg").write_text(f"home = {home}/.private/bin\n")
        links = {f"{tools}/bin/node": ".ssh/id_rsa", f"{tools}/lib": ".ssh", "data": ".ssh", "more/bin": "../repo/.git"}
        for name, target in links.items():
            (repo / name).parent.mkdir(exist_ok=True)
            (repo / name).symlink_to(home / target)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("PATH", f"{repo}/{tools}/bin:{repo}/more/bin:{os.environ['PATH']}")
        command = f"grep -rs SECRET {home} {repo}; ls -A {home}; find {repo} -type f"
        readable = (f"{repo}/data", f"{repo}/data/id_rsa")
        found = checks(tmp_path, command, rules={"readable": readable})[0].output
        assert found.splitlines() == [
            *(f"{repo}/{tools}/bin/x:SECRET", f"{repo}/{tools}/pyvenv.cfg", f"{repo}/{tools}/bin/x"),
        ]

    def test_no_bubblewrap_of_the_repository_is_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = tmp_path / "repo" / "bin" / "bwrap"
        fake.parent.mkdir(parents=True)
        fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
        require(CheckRules(commands=("true",)), hidden=[tmp_path / "repo"])
        assert said(tmp_path, "echo inside") == "inside\n"
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("way", ["runner", "link"])
    def test_it_sees_no_runner(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
        runner = tmp_path / "deep" / "runner"
        files = (".runner", ".credentials", "_work/_temp/_runner_file_commands/env_1", "_work/_tool/py/bin/tool", "a/b")
        for name in files:
            (runner / name).parent.mkdir(parents=True, exist_ok=True)
            (runner / name).write_text("SECRET\n")
        (tmp_path / "deep" / "link").symlink_to(runner)
        monkeypatch.setenv("RUNNER_TEMP", f"{tmp_path}/deep/{way}/_work/_temp")
        monkeypatch.setenv("PATH", f"{runner}/_work/_tool/py/bin:{os.environ['PATH']}")
        # As below /opt: a folder that is shown holds the runner, and the candidate may lie in it.
        place = runner / "_work" / "_temp" / "agentos"
        place.mkdir(parents=True)
        command = f"pwd; touch made; find {tmp_path}/deep/ -type f; find {runner}/ -type f"
        output = said(place, command, readable=(f"{tmp_path}/deep", f"{tmp_path}/deep/runner/a"))
        tool, shown, made = (runner / name for name in ("_work/_tool/py/bin/tool", "a/b", place / "tree/made"))
        assert sorted(set(output.splitlines())) == sorted(map(str, (place / "tree", tool, shown, made)))

    def test_it_sees_what_the_policy_shows_and_cannot_write_there(self, tmp_path: Path) -> None:
        shown = tmp_path / "shown"
        shown.mkdir()
        (shown / "data").write_text("data\n")
        rules = (str(shown), str(tmp_path / "not-there"))
        output = said(tmp_path, f"cat {shown}/data; echo bad > {shown}/data || echo refused", readable=rules)
        assert output.splitlines()[0::2] == ["data", "refused"]
        assert (shown / "data").read_text() == "data\n"

    def test_it_writes_nowhere_else(self, tmp_path: Path) -> None:
        places = f"/x /usr/x /etc/passwd /etc/x /bin/x {sys.prefix}/x"
        # Opened for writing and left as they are: where the sandbox fails, these are the machine's own settings.
        kernel = "$(find /proc/sys /proc/sysrq-trigger /proc/irq /proc/mtrr -perm /222 -type f 2>/dev/null)"
        command = (
            f"echo > {tmp_path}/x; for f in {places} {kernel}; do (: >> $f) 2>/dev/null && echo $f; done; echo end"
        )
        assert said(tmp_path, command) == "end\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "tree"]

    def test_it_reads_no_secret_of_the_system(self, tmp_path: Path) -> None:
        command = "cat /etc/shadow /etc/gitconfig /etc/sudoers; ls /etc/ssl/private /etc/ssh /run /sys /var/run"
        (result,) = checks(tmp_path, f"({command}) 2>/dev/null")
        assert (result.output, result.status) == ("", "failed")

    def test_it_has_no_network(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)
            code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 30)"
            # The same outside, so that the refusal says something.
            assert checks(tmp_path, f'python3 -c "{code}"', rules={"sandbox": "none"})[0].status == "passed"
            server.accept()[0].close()
            server.settimeout(0.2)
            (result,) = checks(tmp_path, f'python3 -c "{code}"')
            assert result.status == "failed"
            assert "ConnectionRefusedError" in result.output
            with pytest.raises(TimeoutError):
                server.accept()

    def test_it_reaches_no_other_process(self, tmp_path: Path) -> None:
        with process.spawn(["sleep", "300"]) as other:
            output = said(tmp_path, f"kill -9 {os.getpid()} {other.pid}; kill -9 $PPID; ls -d /proc/[0-9]* | wc -l")
            assert other.poll() is None
        assert int(output.split()[-1]) < 8

    def test_it_has_no_capability_and_no_terminal(self, tmp_path: Path) -> None:
        output = said(tmp_path, "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; (: < /dev/tty) 2>/dev/null")
        assert output.split() == ["CapEff:", "0" * 16, "CapBnd:", "0" * 16, "NoNewPrivs:", "1"]

    @pytest.mark.parametrize("then", ["exit 0", "exit 1", "sleep 300"])
    def test_a_daemon_it_leaves_behind_is_gone(self, tmp_path: Path, then: str) -> None:
        name = f"daemon of {tmp_path}"
        script = (
            f"(setsid sh -c 'sleep 301; : {name}' >/dev/null 2>&1 &); sleep 0.1; ls -d /proc/[0-9]* | wc -l; {then}"
        )
        (result,) = checks(tmp_path, script, rules={"timeout_seconds": 4.0 if then == "sleep 300" else 100})
        assert int(result.output) > 4, "the daemon was there"
        assert _gone(name)

    def test_very_many_processes_end_with_the_time(self, tmp_path: Path) -> None:
        name = f"many of {tmp_path}"
        script = f"n=0; while [ $n -lt 150 ]; do setsid sh -c 'sleep 301; : {name}' & n=$((n+1)); done; echo made; wait"
        began = time.monotonic()
        (result,) = checks(tmp_path, script, rules={"timeout_seconds": 6.0})
        assert (result.status, result.output) == ("timed_out", "made\n")
        assert time.monotonic() - began < 60
        assert _gone(name)

    def test_python_and_its_virtual_environment_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{sys.prefix}/bin:{os.environ['PATH']}")
        (tmp_path / "tree").mkdir()
        (tmp_path / "tree" / "test_it.py").write_text("def test_it():\n    assert 1 + 1 == 2\n")
        (result,) = checks(tmp_path, "python -m pytest -q -p no:cacheprovider && ruff --version")
        assert result.status == "passed", result.output
        assert "1 passed" in result.output

    def test_git_works_on_the_candidate(self, tmp_path: Path) -> None:
        (result,) = checks(tmp_path, "git init -q . && git add -A && git status --short && echo fine")
        assert result.output == "fine\n"

    def test_a_home_that_hides_the_system_is_replaced(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for home in ("/", "/usr", "/nonexistent"):
            monkeypatch.setenv("HOME", home)
            assert said(tmp_path, "echo $HOME; ls -A $HOME; touch $HOME/x") == f"{sandbox.TEMPORARY}/home\n"


def _gone(name: str) -> bool:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if not any(name in " ".join(found.info["cmdline"] or ()) for found in psutil.process_iter(["cmdline"])):
            return True
        time.sleep(0.05)
    return False


class TestRequire:
    """Whether the checks can run is known before a model is asked."""

    def test_without_commands_nothing_is_required(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        require(CheckRules())
        require(CheckRules(commands=("true",), sandbox="none"))

    def test_without_bubblewrap_it_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError, match=r"bubblewrap \(bwrap, Linux only\) is not installed") as caught:
            require(CheckRules(commands=("true",)))
        assert "apt-get install bubblewrap" in caught.value.hint
        assert 'sandbox = "none"' in caught.value.hint
        assert "your rights" in caught.value.hint

    def test_a_bubblewrap_that_cannot_is_as_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        fake = tmp_path / "bwrap"
        fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with pytest.raises(
            UsageError, match="cannot make a sandbox here: bwrap: setting up uid map: Permission denied"
        ):
            require(CheckRules(commands=("true",)))

    @needs_bubblewrap
    def test_with_one_it_passes(self, tmp_path: Path) -> None:
        require(CheckRules(commands=("true",), readable=("~/.rustup", str(tmp_path), "/")))
