"""Names beside git's own word: what the rule `paths` takes git takes as well, with both protections switched on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentos_action.verifier.names import folded, is_git, unclean
from agentos_action.verifier.shorts import as_short, shorts_of
from agentos_action.verifier.skeletons import look_alike, skeleton
from tests.git import git, git_run, init_repo

PROTECT = ("-c", "core.protectNTFS=true", "-c", "core.protectHFS=true")
EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
SPELLINGS = (".git", "GIT", "git~1", "~1", "::$DATA", "gitmod", ".gitmodules", "con", "..")
PIECES = st.sampled_from([*SPELLINGS, *'./ :$\\a\u200b\u200c\ufeff\u0130\u00b9\u017f\ufe0f\u3164\uff0e\uff47\x7f\n"'])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.lists(
    PIECES, min_size=1, max_size=5
).map("".join)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository that knows the empty file."""
    made = init_repo(tmp_path_factory.mktemp("names") / "repo")
    assert git(made, "hash-object", "-w", "--stdin").strip() == EMPTY
    return made


def refused(repo: Path, names: list[str]) -> list[str]:
    """Return the names that git puts into no index, all asked in one process."""
    lines = b"".join(f"100644 {EMPTY}\t".encode() + name.encode() + b"\0" for name in names)
    done = git_run(repo, *PROTECT, "update-index", "--add", "-z", "--index-info", stdin=lines)
    assert done.returncode == 0, done.stderr
    told = done.stderr.decode("utf-8", "surrogateescape")
    return [name for name in names if f"Ignoring path {name}\n" in told]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large])
@given(st.lists(NAMES.filter(lambda name: "\0" not in name), min_size=150, max_size=150, unique=True))
def test_a_clean_name_is_one_that_git_takes(repo: Path, names: list[str]) -> None:
    clean = [name for name in names if unclean(name) is None]
    assert refused(repo, clean) == []


def test_git_is_asked_and_says_no(repo: Path) -> None:
    hostile = [".git/x", "a/.GIT/x", "git~1/x", ".git\u200c/x", ".git /x", "../x", "a//b", ".git::$INDEX_ALLOCATION/x"]
    assert refused(repo, hostile) == hostile
    assert all(unclean(name) for name in hostile)


@given(NAMES)
def test_folding_a_name_twice_changes_nothing_more(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(name.upper()) == folded(folded(name).upper())


def shortens(part: str, name: str) -> bool:
    """Return whether Windows may call a file of the longer name by `part`."""
    return not set(as_short(part)).isdisjoint(shorts_of(name))


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("GITATT~1", ".gitattributes"),
        ("gitmod~4", ".gitmodules"),
        ("gi7eba~1", ".gitmodules"),
        ("SECRET~1.TXT", "secrets-of-production.txt"),
        ("SECRET~1.TOM", "secrets.toml"),
        ("MYFILE~1.PY", "my file.py"),
        ("ABC~1.GZ", "a.b.c.gz"),
        ("AB~1", ".ab"),
        ("LONGE~10", "longer-than-eight"),
    ],
)
def test_windows_has_a_short_name_for_what_is_long(short: str, name: str) -> None:
    assert shortens(short, name)
    assert shortens(short.lower(), name.upper())


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("GITATT~1", "gitatt"),
        ("SHORT~1.TXT", "short.txt"),
        ("SECRET~1", "secrets-of-production.txt"),
        ("SECRET~1.MD", "secrets-of-production.txt"),
        ("OTHER~1.TXT", "secrets-of-production.txt"),
        ("SECRET~0.TXT", "secrets-of-production.txt"),
        ("SECRET~.TXT", "secrets-of-production.txt"),
        ("agit~1", ".git"),
        ("SECRETS~1.TXT", "secrets-of-production.txt"),
    ],
)
def test_other_names_with_a_tilde_are_their_own(part: str, name: str) -> None:
    assert not shortens(part, name)


@pytest.mark.parametrize(("one", "other"), [("\u0455rc", "src"), ("SRC", "\u0455rc"), ("\u0406NSTALL", "install")])
def test_names_that_look_alike(one: str, other: str) -> None:
    assert look_alike(one, other)
    assert look_alike(other, one)
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "a"), ("l", "1"), ("\u00fcmlaut", "umlaut"), ("\u65e5", "a"), ("O", "0")]
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert not look_alike(one, other)


@pytest.mark.parametrize("name", [".gitignore", "git", ".gi", "agit~1", "git~", "git~a", ".github", "x.git"])
def test_what_only_looks_like_the_git_folder_is_none(name: str) -> None:
    assert not is_git(name)
    assert unclean(name) is None
