"""A commit object, signed where git is configured to sign: the same programs, keys and answers as git's own."""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from agentos_action.errors import ToolError, UsageError
from agentos_action.executor.identity import Identities, setting
from agentos_action.records.policy import Signing
from agentos_action.records.trailer import one_line
from agentos_action.redact import Redactor

if TYPE_CHECKING:
    from agentos_action import process

#: Long enough to type a passphrase or to touch a key, short enough for a run that nobody watches.
SECONDS = 90.0
# Where agents are reached, and what a pinentry needs to show itself.
_KEEP = (
    *("GNUPGHOME", "SSH_AUTH_SOCK", "GPG_TTY", "GPG_AGENT_INFO", "PINENTRY_USER_DATA", "TERM", "SSH_ASKPASS"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
)
_MAX_OUTPUT = 64 * 1024
_MAX_WORDS = 300
_CREATED = re.compile(rb"^\[GNUPG:\] SIG_CREATED ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Format:
    """One value of gpg.format: where its program is configured, git's default for it, the armour it writes."""

    keys: tuple[str, ...]
    program: str
    armour: tuple[str, ...]


_FORMATS = {
    "openpgp": _Format(("gpg.openpgp.program", "gpg.program"), "gpg", ("PGP SIGNATURE", "PGP MESSAGE")),
    "x509": _Format(("gpg.x509.program",), "gpgsm", ("SIGNED MESSAGE",)),
    "ssh": _Format(("gpg.ssh.program",), "ssh-keygen", ("SSH SIGNATURE",)),
}


def create(  # noqa: PLR0913 - a commit's parts, and how it is signed
    repo: pygit2.Repository,
    people: Identities,
    text: str,
    tree: pygit2.Oid,
    parents: Sequence[pygit2.Oid],
    *,
    rule: Signing = "git",
    seconds: float = SECONDS,
) -> pygit2.Oid:
    """Write a commit object that no branch names yet and return its id, signed if git or the policy says so.

    Raises UsageError where it should be signed and cannot be (nothing is written then), and lets pygit2.GitError and
    OSError of the repository through.
    """
    if not wanted(repo.config, rule):
        return repo.create_commit(None, people.author, people.committer, text, tree, list(parents))
    # pygit2's stub calls it an Oid; it is the commit's text.
    content = str(repo.create_commit_string(people.author, people.committer, text, tree, list(parents)))
    signature = _Signer(repo, _as_gpg(people.committer), rule, seconds).sign(content.encode())
    return repo.create_commit_with_signature(content, signature)


def check(repo: pygit2.Repository, rule: Signing = "git", committer: pygit2.Signature | None = None) -> None:
    """Raise UsageError where commits are to be signed and plainly cannot be; nothing is signed and nobody asked.

    gpg is asked whether it has the secret key at all; one that is locked is as good as any. Without `committer`, by
    whom gpg finds a key that is not configured, only a configured one is looked for.
    """
    if wanted(repo.config, rule):
        _Signer(repo, _as_gpg(committer) if committer else "", rule, SECONDS).check()


def wanted(config: pygit2.Config, rule: Signing) -> bool:
    """Return whether commits are signed here; raises UsageError for a commit.gpgsign that says neither."""
    try:
        return rule == "always" or config.get_bool("commit.gpgsign")
    except KeyError:
        return False
    except pygit2.GitError as error:
        raise UsageError(f"git's setting commit.gpgsign: {error}", "Set it to true or false.") from error


def _as_gpg(person: pygit2.Signature) -> str:
    return f"{person.name} <{person.email}>"


class _Signer:
    """The signing program as git is configured, run once."""

    def __init__(self, repo: pygit2.Repository, committer: str, rule: Signing, seconds: float) -> None:
        self._config = repo.config
        self._place = Path(repo.workdir or repo.path)
        self._committer = committer
        self._rule = rule
        self._seconds = seconds
        self._name = setting(self._config, "gpg.format") or "openpgp"
        if self._name not in _FORMATS:
            known = ", ".join(sorted(_FORMATS))
            raise UsageError(f"git's setting gpg.format is {self._name!r}", f"It is one of: {known}.")
        self._format = _FORMATS[self._name]
        self._program = self._configured_program()

    def check(self) -> None:
        """Raise UsageError where the program or the key is missing."""
        if shutil.which(self._program) is None:
            raise self._cannot(f"cannot start {self._program}: there is no such program")
        key = setting(self._config, "user.signingkey")
        if self._name != "ssh":
            self._check_secret(key or self._committer)
        elif not key:
            self._default_command()
        elif _literal(key) is None and not any(file.is_file() for file in (self._file(key), self._file(f"{key}.pub"))):
            raise self._cannot(f"user.signingkey names {key}, which is no file")
        else:
            self._check_agent(key)

    def _check_secret(self, who: str) -> None:
        """Raise UsageError where gpg itself says that it has no such secret key; another program may have its own."""
        from agentos_action.executor import secret_key  # noqa: PLC0415 - most commits are not signed

        if not who or Path(self._program).name not in secret_key.PROGRAMS:
            return
        try:
            why = secret_key.unfit(self._program, who, _KEEP)
        except ToolError as error:
            raise self._cannot(error.message) from error
        if why is not None:
            raise self._cannot(why)

    def _check_agent(self, key: str) -> None:
        """Raise UsageError where the private half can only be in an agent, and there is none; a wrapper knows more."""
        from agentos_action import process  # noqa: PLC0415 - most commits are not signed

        if Path(self._program).name != "ssh-keygen":
            return
        if _literal(key) is None:
            # As ssh-keygen looks for it: a certificate lies beside its key too.
            named = str(self._file(key)).removesuffix(".pub")
            if any(Path(private).is_file() for private in (named, named.removesuffix("-cert"))):
                return
        if not process.environment(_KEEP).get("SSH_AUTH_SOCK"):
            raise self._cannot("the private half of user.signingkey is not here, and SSH_AUTH_SOCK names no agent")

    def sign(self, content: bytes) -> str:
        """Return the armoured signature of a commit object; raises UsageError with the program's own words."""
        key = setting(self._config, "user.signingkey") or ""
        try:
            with tempfile.TemporaryDirectory(prefix="agentos-sign-") as folder:
                made = self._ssh if self._name == "ssh" else self._gpg
                signature = made(content, key, Path(folder))
        except OSError as error:
            raise self._cannot(f"no temporary file can be written: {error.strerror}") from error
        return self._checked(signature)

    def _gpg(self, content: bytes, key: str, folder: Path) -> bytes:
        # As git: without user.signingkey gpg looks for the committer's key.
        argv = [self._program, "--status-fd=2", "-bsau", key or self._committer]
        done = self._run(argv, folder, content)
        if not _CREATED.search(done.stderr):
            raise self._cannot(f"{self._program} did not say that it signed", done.stderr_text)
        return done.stdout

    def _ssh(self, content: bytes, key: str, folder: Path) -> bytes:
        key = key or self._default_key(folder)
        literal = _literal(key)
        if literal is not None:
            file = folder / "key.pub"
            file.write_text(f"{literal}\n", encoding="utf-8", errors="surrogateescape")
        else:
            file = self._file(key)
        buffer = folder / "commit"
        buffer.write_bytes(content)
        # -U: the private half of a literal key is in the agent.
        agent = ["-U"] if literal is not None else []
        done = self._run([self._program, "-Y", "sign", "-n", "git", "-f", str(file), *agent, str(buffer)], folder)
        made = folder / "commit.sig"
        if made.is_symlink() or not made.is_file() or made.stat().st_size > _MAX_OUTPUT:
            raise self._cannot(f"{self._program} left no signature", done.stderr_text)
        return made.read_bytes()

    def _file(self, key: str) -> Path:
        return self._place / _home(key)

    def _default_command(self) -> str:
        command = setting(self._config, "gpg.ssh.defaultKeyCommand")
        if not command:
            raise self._cannot("neither user.signingkey nor gpg.ssh.defaultKeyCommand is set")
        return command

    def _default_key(self, folder: Path) -> str:
        try:
            argv = shlex.split(self._default_command())
        except ValueError as error:
            raise self._cannot(f"gpg.ssh.defaultKeyCommand: {error}") from error
        if not argv:
            raise self._cannot("gpg.ssh.defaultKeyCommand is empty")
        argv[0] = self._found(argv[0], "gpg.ssh.defaultKeyCommand")
        done = self._run(argv, folder)
        first = done.stdout_text.partition("\n")[0].strip()
        if _literal(first) is None:
            raise self._cannot("gpg.ssh.defaultKeyCommand gave no key", done.stderr_text)
        return first

    def _configured_program(self) -> str:
        for key in self._format.keys:
            if value := setting(self._config, key):
                return self._found(value, key)
        return self._format.program

    def _found(self, program: str, key: str) -> str:
        """Return a program by its name or full path; one inside the repository would be run as whoever wrote it."""
        path = _home(program)
        if "/" in program and not path.is_absolute():
            raise UsageError(f"git's setting {key} names {program!r}, which depends on the folder", "Give a full path.")
        return str(path) if "/" in program else program

    def _run(self, argv: Sequence[str], folder: Path, content: bytes = b"") -> process.Finished:
        from agentos_action import process  # noqa: PLC0415 - most commits are not signed

        try:
            done = process.run(
                argv, timeout=self._seconds, cwd=folder, keep=_KEEP, input=content, max_output=_MAX_OUTPUT
            )
        except ToolError as error:
            raise self._cannot(error.message) from error
        if done.timed_out:
            why = f"{argv[0]} did not end within {self._seconds:.0f} s; it may wait for a passphrase or a touch"
            raise self._cannot(why, done.stderr_text)
        if done.returncode:
            raise self._cannot(f"{argv[0]} failed ({done.returncode})", done.stderr_text)
        return done

    def _checked(self, signature: bytes) -> str:
        """Return the signature as it goes into the commit; raises UsageError where it is no armour of this format."""
        text = signature.decode("utf-8", "replace").replace("\r\n", "\n").strip()
        for armour in self._format.armour:
            if re.fullmatch(rf"-----BEGIN {armour}-----\n(?:[\x20-\x7e]*\n)+-----END {armour}-----", text):
                return text
        raise self._cannot(f"{self._program} gave something that is no signature", text)

    def _cannot(self, why: str, words: str = "") -> UsageError:
        lines = [line for line in words.splitlines() if line.strip() and not line.startswith("[GNUPG:]")]
        # gpg says its last words twice.
        last = list(dict.fromkeys(lines))[-2:]
        said = Redactor().text(one_line("; ".join(last)))[:_MAX_WORDS]
        off = "git config commit.gpgsign false" if self._rule == "git" else 'the policy\'s [commit] sign = "git"'
        hint = f"Check user.signingkey, unlock the key (gpg asks on the terminal GPG_TTY names), or do not sign: {off}"
        return UsageError(f"the commit cannot be signed: {why}{f': {said}' if said else ''}", hint)


def _literal(key: str) -> str | None:
    """Return the public key that stands in the setting itself, None where it names a file."""
    if key.startswith("key::"):
        return key.removeprefix("key::")
    return key if key.startswith("ssh-") else None


def _home(path: str) -> Path:
    """Return a path with its leading `~`; one whose user is unknown stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
