"""`agentos verify`: judge a diff that a person made, with the same policy and rules; no model, nothing written."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from agentos_action.records.base import Base
    from agentos_action.records.patch import FileChange, Placed
    from agentos_action.records.verdict import DiffValidationResult, Finding
    from agentos_action.repo import RepoView
    from agentos_action.settings.policy import LoadedPolicy

EXAMPLE = "agentos verify --staged"

_SKIP = "SKIP=agentos-verify git commit"

#: A larger diff is nobody's own work.
MAX_DIFF_BYTES = 32 * 1024 * 1024


class _Found(NamedTuple):
    """What is to be judged, and why a diff could not be read, or not all of it."""

    changes: tuple[FileChange, ...]
    placements: tuple[Placed, ...] = ()
    sources: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--staged", action="store_true", help="what is staged, against HEAD")
    what.add_argument("--range", metavar="A..B", help="what changed from A to B, under A's policy")
    what.add_argument("--diff", metavar="FILE", help="a unified diff against HEAD")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--policy-ref", metavar="REV", help="read agentos.toml from this commit")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Judge and report; exit code 1 where a rule refuses."""
    from agentos_action.errors import EXIT_DONE, EXIT_REJECTED  # noqa: PLC0415 - not for --help
    from agentos_action.executor.pending import pending  # noqa: PLC0415 - the same
    from agentos_action.records.verdict import DiffValidationResult  # noqa: PLC0415 - the same

    with _certificates_unread():
        from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    repo = RepoView.open(_place(options))
    if options.staged and repo.workdir is None and not os.environ.get("GIT_INDEX_FILE"):
        # Without an index every file of HEAD would look deleted.
        from agentos_action.errors import UsageError  # noqa: PLC0415 - only for an error

        raise UsageError("this repository is bare, so nothing is staged in it", "Judge commits: --range A..B.")
    if pending(repo.git_dir):
        from agentos_action.pipeline.settle import settle  # noqa: PLC0415 - only after a kill

        settle(repo, _warn)
    if options.staged and repo.unborn:
        if options.json:
            sys.stdout.write(_as_json(DiffValidationResult(is_valid=True)))
        else:
            sys.stderr.write("agentos verify: not judged: there is no commit yet (this is the first commit)\n")
        return EXIT_DONE
    before = repo.commit_of(options.range.partition("..")[0] or "HEAD" if options.range else "HEAD")
    policy = _policy(options, repo.snapshot(repo.commit_of(options.policy_ref) if options.policy_ref else before))
    found = _changes(options, repo, before)
    result = _judged(found, repo.snapshot(before), policy)
    _say(options, result, policy.source)
    return EXIT_DONE if result.is_valid else EXIT_REJECTED


@contextmanager
def _certificates_unread() -> Iterator[None]:
    """Spare pygit2 the reading of all certificates at import: 20 ms (benchmarks/startup.py), and no server is asked."""
    unread = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": os.sep}
    before = {name: os.environ.get(name) for name in unread}
    os.environ.update(unread)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _place(options: argparse.Namespace) -> Path:
    """Return where the repository is: in a hook of `git --git-dir=… commit`, no folder around says so."""
    told = os.environ.get("GIT_DIR") if os.environ.get("GIT_INDEX_FILE") else None
    return Path(told if told and options.staged and options.repo == "." else options.repo)


def _policy(options: argparse.Namespace, base: Base) -> LoadedPolicy:
    """Return the policy; where it cannot be read, the commit that repairs it must not be refused without a way out."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.settings.policy import load_policy  # noqa: PLC0415 - the same

    try:
        return load_policy(base)
    except UsageError as error:
        if not options.staged:
            raise
        raise UsageError(error.message, f"{error.hint} The commit that repairs it: {_SKIP}".strip()) from error


def _judged(found: _Found, base: Base, policy: LoadedPolicy) -> DiffValidationResult:
    from agentos_action.patches.parse import to_patch  # noqa: PLC0415 - not for --help
    from agentos_action.patches.render import shortest  # noqa: PLC0415 - the same
    from agentos_action.records.surroundings import surroundings  # noqa: PLC0415 - the same
    from agentos_action.records.verdict import DiffValidationResult  # noqa: PLC0415 - the same
    from agentos_action.secrets.scan import scan  # noqa: PLC0415 - the same
    from agentos_action.verifier.rules.size import far_too_large  # noqa: PLC0415 - the same
    from agentos_action.verifier.subject import Subject  # noqa: PLC0415 - the same
    from agentos_action.verifier.verify import verify  # noqa: PLC0415 - the same

    if large := far_too_large(shortest(found.changes), policy.policy.limits):
        return DiffValidationResult(is_valid=False, errors=(*found.findings, large))
    patch = to_patch(found.changes)
    if not patch.changes and not found.findings:
        return DiffValidationResult(is_valid=True)
    subject = Subject(
        patch,
        # A person's own diff is taken as it stands; nobody guesses where its hunks might have been meant to go.
        replace(policy.policy, max_placement="exact"),
        surroundings(base, patch.changes),
        output_kind="diff" if patch.text else "analysis",
        placements=found.placements,
        leaks=scan(patch.files, base, deep=False),
        sources=found.sources,
    )
    result = verify(subject, policy.sha256, found_before=found.findings).result
    if found.findings:
        # Whatever the rules say of a part of it, the diff as a whole could not be read.
        return DiffValidationResult(is_valid=False, errors=result.errors, warnings=result.warnings)
    return result


def _warn(said: str) -> None:
    from agentos_action.report.visible import visible_line  # noqa: PLC0415 - only after a kill

    sys.stderr.write(f"agentos verify: {visible_line(said)}\n")


def _changes(options: argparse.Namespace, repo: RepoView, before: str) -> _Found:
    from agentos_action.entry.request import index_file  # noqa: PLC0415 - not for --help
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same

    if not options.diff:
        after = None
        if options.range:
            left, dots, right = options.range.partition("..")
            if not dots or not left:
                raise UsageError(f"--range {options.range!r} is not A..B", "Write, for example, main..HEAD.")
            after = repo.commit_of(right or "HEAD")
        changes = repo.changes(before, after, index_file=index_file(os.environ))
        return _Found(_own(repo, before, changes) if options.staged else changes)
    from agentos_action.patches.resolve import resolve  # noqa: PLC0415 - only for --diff

    try:
        with Path(options.diff).open("rb") as file:
            text = file.read(MAX_DIFF_BYTES + 1).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(f"{options.diff}: {error.strerror}", "Name an existing diff file.") from error
    read = resolve(text, "unified_diff", repo.snapshot(before), MAX_DIFF_BYTES)
    judged = read.besides or read
    return _Found(judged.changes, judged.placements, judged.sources, read.findings)


def _own(repo: RepoView, before: str, changes: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """Leave out what a merge brings along as it is on the other side, and say so."""
    if not (repo.git_dir / "MERGE_HEAD").exists():
        return changes
    from agentos_action.pipeline.staged_merge import own_changes  # noqa: PLC0415 - only in a merge
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - the same

    own = own_changes(repo, before, changes)
    if len(own) < len(changes):
        came = counted(len(changes) - len(own), "file")
        sys.stderr.write(f"agentos verify: not judged: {came} as on the side that is merged\n")
    return own


def _as_json(result: DiffValidationResult) -> str:
    from agentos_action.entry.fail import as_line  # noqa: PLC0415 - only with --json

    return as_line(asdict(result))


def _say(options: argparse.Namespace, result: DiffValidationResult, source: str) -> None:
    if options.json:
        sys.stdout.write(_as_json(result))
        return
    from agentos_action.entry.fail import read_by_runner, uncoloured  # noqa: PLC0415 - not with --json
    from agentos_action.report.terminal import Reporter, counted  # noqa: PLC0415 - the same

    Reporter(plain=uncoloured(), runner=read_by_runner()).findings((*result.errors, *result.warnings))
    if options.staged and result.is_valid and not result.files:
        # Said as it is: where nothing is staged, as in a workflow, an "accepted" would promise what nobody looked at.
        sys.stderr.write(f"agentos verify: nothing to judge is staged (policy {source})\n")
        return
    counts = f"{counted(len(result.files), 'file')}, +{result.added} -{result.removed}, " if result.files else ""
    word = "accepted" if result.is_valid else "refused"
    sys.stderr.write(f"agentos verify: {word} ({counts}policy {source})\n")
    if options.staged and not result.is_valid and os.environ.get("PRE_COMMIT"):
        sys.stderr.write(f"  Your own change, and meant so? Once without this hook: {_SKIP}\n")
