"""Commits signed by the real gpg and ssh-keygen, checked by the real git; and every way in which signing fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest

from agentos_action.errors import UsageError
from agentos_action.executor import sign
from agentos_action.executor.identity import identities
from agentos_action.records.policy import Signing
from agentos_action.records.receipt import CommitOrder
from tests.git import configure, git, git_environment, git_run, make_repo
from tests.runs import state_of

TEXT = "Change it — ünïcode\n\nA body.\n\nAgentOS-Run: test\n"
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
needs_gpgsm = pytest.mark.skipif(
    shutil.which("gpgsm") is None or shutil.which("openssl") is None, reason="gpgsm or openssl is not installed"
)
needs_ssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
needs_agent = pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="ssh-agent is not installed")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "one\n"})


def create(repo: Path, rule: Signing = "git", seconds: float = 30.0) -> str:
    """Make a commit object on top of HEAD; returns its id."""
    opened = pygit2.Repository(str(repo))
    base = opened.head.peel(pygit2.Commit)
    people = identities(opened.config, CommitOrder("x", "", ()), {})
    return str(sign.create(opened, people, TEXT, base.tree_id, [base.id], rule=rule, seconds=seconds))


def refused(repo: Path, rule: Signing = "git", seconds: float = 30.0) -> UsageError:
    """Return the error of a commit that cannot be signed, and see that nothing was made of it."""
    before, objects = state_of(repo), git(repo, "count-objects", "-v")
    with pytest.raises(UsageError) as caught:
        create(repo, rule, seconds)
    assert state_of(repo) == before
    assert git(repo, "count-objects", "-v") == objects
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message
    return caught.value


def program(folder: Path, body: str) -> str:
    """Write a real executable that stands for a signing program."""
    file = folder / "signer"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def verified(repo: Path, commit: str) -> str:
    """Return what git says of a commit's signature, which has to be good; the repository has to be whole."""
    done = git_run(repo, "verify-commit", commit)
    assert done.returncode == 0, done.stderr.decode()
    assert git(repo, "log", "-1", "--format=%G?", commit).strip() in {"G", "U"}
    assert git(repo, "log", "-1", "--format=%B", commit).strip() == TEXT.strip()
    git(repo, "update-ref", "refs/heads/signed", commit)
    fsck = git_run(repo, "fsck", "--strict", "--no-dangling")
    assert (fsck.returncode, fsck.stdout, fsck.stderr) == (0, b"", b"")
    return done.stderr.decode() + git(repo, "log", "-1", "--show-signature", commit)


# --- not signed


def test_a_commit_is_not_signed_where_git_does_not_sign(repo: Path) -> None:
    commit = create(repo)
    assert "gpgsig" not in git(repo, "cat-file", "commit", commit)
    configure(repo, commit_gpgsign="false")
    assert "gpgsig" not in git(repo, "cat-file", "commit", create(repo))


def test_a_setting_that_says_neither_is_refused(repo: Path) -> None:
    configure(repo, commit_gpgsign="perhaps")
    assert "commit.gpgsign" in refused(repo).message


def test_a_format_that_git_does_not_know_is_refused(repo: Path) -> None:
    configure(repo, commit_gpgsign="true", gpg_format="pgp")
    error = refused(repo)
    assert "gpg.format is 'pgp'" in error.message
    assert "openpgp, ssh, x509" in error.hint


# --- ssh


@pytest.fixture
def ssh_key(tmp_path: Path) -> Path:
    """Return a throw-away key pair's private file."""
    file = tmp_path / "id key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)], check=True)
    return file


@pytest.fixture
def ssh_repo(repo: Path, ssh_key: Path, tmp_path: Path) -> Path:
    """Return a repository that signs with the key, and knows whose it is."""
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {ssh_key.with_name('id key.pub').read_text()}")
    git(repo, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    configure(repo, commit_gpgsign="true", gpg_format="ssh", user_signingkey=str(ssh_key))
    return repo


@needs_ssh
def test_ssh_with_a_key_file(ssh_repo: Path) -> None:
    assert 'Good "git" signature for ada@example.org' in verified(ssh_repo, create(ssh_repo))


@needs_ssh
def test_the_object_is_the_one_that_git_would_make(ssh_repo: Path) -> None:
    # An ed25519 signature is the same each time, so the whole commit is.
    commit = create(ssh_repo)
    stamp = git(ssh_repo, "log", "-1", "--format=%ad", "--date=raw", commit).strip()
    done = subprocess.run(
        ["git", "commit-tree", "-S", "-p", "HEAD", "HEAD^{tree}"],
        cwd=ssh_repo,
        env={**git_environment(), "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp},
        input=TEXT.encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == commit


@needs_ssh
def test_ssh_by_the_policy_alone(ssh_repo: Path) -> None:
    configure(ssh_repo, commit_gpgsign="false")
    assert "Good" in verified(ssh_repo, create(ssh_repo, "always"))
    assert "gpgsig" not in git(ssh_repo, "cat-file", "commit", create(ssh_repo))


@needs_ssh
def test_a_key_below_the_home_folder(ssh_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    configure(ssh_repo, user_signingkey="~/id key")
    assert "Good" in verified(ssh_repo, create(ssh_repo))


@pytest.fixture
def agent(ssh_key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the public key, whose private half is in a running agent and nowhere else."""
    with tempfile.TemporaryDirectory(prefix="ag") as folder:
        socket = f"{folder}/s"
        with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as running:
            try:
                monkeypatch.setenv("SSH_AUTH_SOCK", socket)
                end = time.monotonic() + 60
                while not Path(socket).exists() and time.monotonic() < end:
                    time.sleep(0.01)
                subprocess.run(["ssh-add", "-q", str(ssh_key)], check=True)
                ssh_key.unlink()
                yield ssh_key.with_name("id key.pub").read_text().strip()
            finally:
                running.terminate()


@needs_ssh
@needs_agent
def test_a_literal_key_is_signed_for_by_the_agent(ssh_repo: Path, agent: str) -> None:
    for value in (f"key::{agent}", agent):
        configure(ssh_repo, user_signingkey=value)
        assert "Good" in verified(ssh_repo, create(ssh_repo))


@needs_ssh
@needs_agent
def test_a_command_may_tell_the_key(ssh_repo: Path, agent: str) -> None:
    git(ssh_repo, "config", "--unset", "user.signingkey")
    git(ssh_repo, "config", "gpg.ssh.defaultKeyCommand", f"echo '{agent}'")
    assert "Good" in verified(ssh_repo, create(ssh_repo))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo nothing", "gave no key"),
        ("false", "false failed"),
        ("echo 'open", "No closing quotation"),
        ("/nowhere/at/all", "cannot start"),
    ],
)
@needs_ssh
def test_a_command_that_tells_no_key(ssh_repo: Path, command: str, said: str) -> None:
    git(ssh_repo, "config", "--unset", "user.signingkey")
    git(ssh_repo, "config", "gpg.ssh.defaultKeyCommand", command)
    assert said in refused(ssh_repo).message


def test_ssh_without_a_key_says_what_is_not_set(repo: Path) -> None:
    configure(repo, gpg_format="ssh")
    error = refused(repo, "always")
    assert "neither user.signingkey nor gpg.ssh.defaultKeyCommand is set" in error.message
    assert "[commit] sign" in error.hint


@needs_ssh
def test_ssh_with_a_key_that_is_not_there(ssh_repo: Path) -> None:
    configure(ssh_repo, user_signingkey="/nowhere/id")
    error = refused(ssh_repo)
    assert "/nowhere/id" in error.message
    assert "git config commit.gpgsign false" in error.hint


@needs_ssh
def test_ssh_with_a_locked_key_does_not_hang(ssh_repo: Path, ssh_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(ssh_key)], check=True, stdout=-3)
    assert "passphrase" in refused(ssh_repo).message


# --- openpgp


def run_gpg(*args: str, stdin: str = "") -> str:
    done = subprocess.run(["gpg", "--batch", *args], input=stdin.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture
def gnupg(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a throw-away GNUPGHOME (a short path: its sockets stand in it), its agent ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="gp", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("GNUPGHOME", folder)
        monkeypatch.delenv("GPG_TTY", raising=False)
        monkeypatch.delenv("DISPLAY", raising=False)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


@pytest.fixture
def gpg_repo(repo: Path, gnupg: Path) -> Path:
    """Return a repository whose user has a key in the throw-away GNUPGHOME."""
    assert gnupg.is_dir()
    run_gpg("--passphrase", "", "--quick-generate-key", "Ada Test <ada@example.org>", "ed25519", "sign", "never")
    configure(repo, commit_gpgsign="true")
    return repo


@needs_gpg
def test_gpg_takes_the_committers_key(gpg_repo: Path) -> None:
    assert "Good signature from" in verified(gpg_repo, create(gpg_repo))


@needs_gpg
def test_gpg_with_a_key_by_its_id(gpg_repo: Path) -> None:
    fields = [line.split(":") for line in run_gpg("--list-keys", "--with-colons").splitlines()]
    fingerprint = next(field[9] for field in fields if field[0] == "fpr")
    configure(gpg_repo, user_signingkey=fingerprint, gpg_format="openpgp", user_email="other@example.org")
    assert fingerprint in verified(gpg_repo, create(gpg_repo))


@needs_gpg
def test_gpg_without_the_key_says_so_in_its_own_words(gpg_repo: Path) -> None:
    configure(gpg_repo, user_signingkey="0123456789ABCDEF")
    error = refused(gpg_repo)
    assert "No secret key" in error.message
    assert "GNUPG:" not in error.message


@needs_gpg
@pytest.mark.usefixtures("gnupg")
def test_gpg_with_a_locked_key_and_nobody_to_ask_does_not_hang(repo: Path) -> None:
    run_gpg(
        *("--pinentry-mode", "loopback", "--passphrase", "secret"),
        *("--quick-generate-key", "Ada Test <ada@example.org>", "ed25519", "sign", "never"),
    )
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True)
    configure(repo, commit_gpgsign="true")
    started = time.monotonic()
    error = refused(repo, seconds=5.0)
    assert time.monotonic() - started < 60
    assert "GPG_TTY" in error.hint


# --- x509


@needs_gpgsm
def test_x509_with_gpgsm(repo: Path, gnupg: Path, tmp_path: Path) -> None:
    who = ["-subj", "/CN=Ada Test/emailAddress=ada@example.org", "-addext", "subjectAltName=email:ada@example.org"]
    usage = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", "key", "-out", "cert", *who, *usage]
    # gpgsm 2.2 reads no newer way of locking a file of keys.
    old = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"]
    lock = ["openssl", "pkcs12", "-export", "-inkey", "key", "-in", "cert", "-out", "p12", "-passout", "pass:", *old]
    taken = ["gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--import", "p12"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    for _ in range(10):
        subprocess.run(lock, cwd=tmp_path, check=True, capture_output=True)
        done = subprocess.run(taken, cwd=tmp_path, input=b"\n", capture_output=True, check=False)
        if done.returncode == 0:
            break
        # With an empty passphrase gpgsm 2.2 takes some salts for a wrong one.
    assert done.returncode == 0, done.stderr.decode()
    listed = subprocess.run(["gpgsm", "--list-secret-keys", "--with-colons"], check=True, capture_output=True).stdout
    fingerprint = next(line.split(":")[9] for line in listed.decode().splitlines() if line.startswith("fpr:"))
    (gnupg / "trustlist.txt").write_text(f"{fingerprint} S relax\n")
    (gnupg / "gpgsm.conf").write_text("disable-crl-checks\n")
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True)
    configure(repo, commit_gpgsign="true", gpg_format="x509", user_signingkey="ada@example.org")
    assert "Good signature from" in verified(repo, create(repo))


# --- what is plain before anything is asked


@needs_gpg
def test_the_check_finds_a_key_that_is_not_there_or_can_sign_no_more(gpg_repo: Path) -> None:
    opened = pygit2.Repository(str(gpg_repo))
    sign.check(opened, "git", identities(opened.config, CommitOrder("x", "", ()), {}).committer)
    old = ("--faked-system-time", "20200101T000000!", "--passphrase", "", "--quick-generate-key", "Old <o@example.org>")
    run_gpg(*old, "ed25519", "sign", "2020-02-01")
    for name, said in (
        ("Old", "Old <o@example.org> can sign: it is expired"),
        ("Nobody", "gpg has no secret key of N"),
    ):
        with pytest.raises(UsageError, match=said):
            sign.check(opened, "always", pygit2.Signature(name, "o@example.org"))
    configure(gpg_repo, user_signingkey="47971A78E87D5A20")
    with pytest.raises(UsageError, match="no secret key of 47971A78E87D5A20"):
        sign.check(pygit2.Repository(str(gpg_repo)))


@needs_gpg
def test_the_check_refuses_nothing_that_may_sign(
    gpg_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # gpg reads a name by the letters of the locale, so that it must be the one in which it signs.
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    run_gpg("--passphrase", "", "--quick-generate-key", "Jörg <j@example.org>", "ed25519", "sign", "never")
    sign.check(pygit2.Repository(str(gpg_repo)), "git", pygit2.Signature("Jörg", "j@example.org"))
    # A gpg of before 2.1 does not tell what a key is for, and one that only signs lists nothing.
    for said in ("echo sec::2048:1:6C7EE1B8621CC013:2011-06-23::::Old Gpg::", "exit 0"):
        wrapper = Path(program(tmp_path, said)).rename(tmp_path / "gpg")
        configure(gpg_repo, gpg_program=str(wrapper), user_signingkey="6C7EE1B8621CC013")
        sign.check(pygit2.Repository(str(gpg_repo)))


@needs_ssh
def test_the_check_finds_that_there_is_no_agent(ssh_repo: Path, ssh_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    configure(ssh_repo, user_signingkey=f"{ssh_key}.pub")
    sign.check(pygit2.Repository(str(ssh_repo)))
    # A certificate lies beside the key, as ssh-keygen looks for it.
    ssh_key.with_name("id key-cert.pub").write_text("ssh-ed25519-cert-v01@openssh.com AAAA")
    configure(ssh_repo, user_signingkey=f"{ssh_key}-cert.pub")
    sign.check(pygit2.Repository(str(ssh_repo)))
    literal = ssh_key.with_name("id key.pub").read_text().strip()
    ssh_key.unlink()
    for key in (f"{ssh_key}.pub", f"{ssh_key}-cert.pub", f"key::{literal}"):
        configure(ssh_repo, user_signingkey=key)
        with pytest.raises(UsageError, match="SSH_AUTH_SOCK names no agent"):
            sign.check(pygit2.Repository(str(ssh_repo)))


def test_the_check_finds_what_is_plainly_missing_and_runs_nothing(repo: Path, tmp_path: Path) -> None:
    opened = pygit2.Repository(str(repo))
    sign.check(opened)
    configure(repo, commit_gpgsign="true", gpg_program=program(tmp_path, f"touch '{tmp_path}/ran'"))
    sign.check(pygit2.Repository(str(repo)))
    assert not (tmp_path / "ran").exists()
    for settings, said in (
        ({"gpg_program": "no-such-signer"}, "cannot start no-such-signer"),
        ({"gpg_format": "ssh", "gpg_ssh_program": "sh"}, "neither user.signingkey"),
        ({"user_signingkey": "/nowhere/id"}, "/nowhere/id, which is no file"),
        ({"gpg_format": "pgp"}, "gpg.format"),
    ):
        configure(repo, **settings)
        with pytest.raises(UsageError) as caught:
            sign.check(pygit2.Repository(str(repo)))
        assert said in caught.value.message
    configure(repo, gpg_format="ssh", user_signingkey="key::ssh-ed25519 AAAA")
    sign.check(pygit2.Repository(str(repo)), "always")


# --- programs that fail


@pytest.mark.parametrize("form", ["openpgp", "ssh", "x509"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'the card is out' >&2; exit 3", "failed (3): the card is out"),
        ("exit 0", ""),
        (
            "echo rubbish; echo '[GNUPG:] SIG_CREATED x' >&2; for f; do :; done; echo rubbish >\"$f.sig\"",
            "no signature",
        ),
        ("kill -9 $$", "failed (-9)"),
        ("printf 'a\\033[31m ghp_%036d\\n' 0 >&2; exit 1", "a [31m [redacted:github-token]"),
    ],
)
def test_a_program_that_does_not_sign(repo: Path, tmp_path: Path, form: str, body: str, said: str) -> None:
    configure(repo, commit_gpgsign="true", gpg_format=form, user_signingkey="key")
    git(repo, "config", f"gpg.{form}.program", program(tmp_path, body))
    error = refused(repo)
    assert error.message.startswith("the commit cannot be signed: ")
    assert said in error.message


@pytest.mark.parametrize("form", ["openpgp", "ssh"])
def test_a_program_that_hangs_is_ended(repo: Path, tmp_path: Path, form: str) -> None:
    mark = tmp_path / "pid"
    configure(repo, commit_gpgsign="true", gpg_format=form, user_signingkey="key")
    git(repo, "config", f"gpg.{form}.program", program(tmp_path, f"echo $$ >'{mark}'; echo asking >&2; sleep 100"))
    error = refused(repo, seconds=3.0)
    assert "did not end within 3 s" in error.message
    assert "asking" in error.message
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.parametrize("form", ["openpgp", "ssh", "x509"])
def test_a_program_that_is_missing(repo: Path, form: str) -> None:
    configure(repo, commit_gpgsign="true", gpg_format=form, user_signingkey="key")
    git(repo, "config", f"gpg.{form}.program", "/nowhere/signer")
    assert "cannot start /nowhere/signer" in refused(repo).message


def test_a_program_by_a_relative_path_is_not_run(repo: Path) -> None:
    # git would run it from the work tree, where a patch can put one.
    configure(repo, commit_gpgsign="true", gpg_program="./signer")
    program(repo, "touch ran")
    assert "gpg.program names './signer'" in refused(repo).message
    assert not (repo / "ran").exists()


def test_a_program_gets_no_secrets_and_no_variables_of_git(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "GIT_DIR", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "planted-value")
    monkeypatch.setenv("GPG_TTY", "/dev/null")
    seen = tmp_path / "environment"
    configure(repo, commit_gpgsign="true", gpg_program=program(tmp_path, f"env >'{seen}'"))
    refused(repo)
    assert "planted-value" not in seen.read_text()
    assert "GPG_TTY=/dev/null" in seen.read_text()


def test_the_programs_of_gpg_have_gits_order(repo: Path) -> None:
    configure(repo, commit_gpgsign="true", gpg_program="/nowhere/general")
    assert "/nowhere/general" in refused(repo).message
    configure(repo, gpg_openpgp_program="/nowhere/openpgp")
    assert "/nowhere/openpgp" in refused(repo).message
