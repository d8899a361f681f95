"""Both sides' globs, row by row: what matches what."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.records.policy import check_allowed_glob, check_forbidden_glob
from agentos_action.verifier.globs import allows, forbids, literal_part
from tests.git import git_run, init_repo
from tests.verifier.glob_table import PAGE, ROWS, rows, written


@pytest.mark.parametrize(("pattern", "path", "hit"), rows("allowed"))
def test_the_allowed_side_is_anchored_and_stars_stay_in_their_folder(pattern: str, path: str, *, hit: bool) -> None:
    assert allows((pattern,), path) is hit
    assert allows(("no-match", pattern), path) is hit


@pytest.mark.parametrize(("pattern", "path", "hit"), rows("forbidden"))
def test_the_forbidden_side_is_git_s_own_folded_for_case(pattern: str, path: str, *, hit: bool) -> None:
    assert forbids((pattern,), path) is hit
    assert forbids(("no-match", pattern), path) is hit


def test_the_documentation_shows_the_same_rows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run: python -m tests.verifier.glob_table"
    assert len(rows("allowed")) >= 60
    assert len(rows("forbidden")) >= 60


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository to ask git's ignore rules in."""
    return init_repo(tmp_path_factory.mktemp("globs") / "repo")


@pytest.mark.parametrize(
    "row", [row for row in ROWS["forbidden"] if row.get("git", True)], ids=lambda row: row["pattern"]
)
def test_the_forbidden_side_means_what_git_means(repo: Path, row: dict[str, Any]) -> None:
    (repo / ".git/info/exclude").write_text(f"{row['pattern']}\n", encoding="utf-8")
    paths = "".join(f"{path}\0" for path in (*row["yes"], *row["no"]))
    done = git_run(
        repo, "-c", "core.ignorecase=true", "check-ignore", "--no-index", "-z", "--stdin", stdin=paths.encode()
    )
    assert done.returncode in {0, 1}, done.stderr
    assert done.stdout.decode().split("\0")[:-1] == row["yes"]


@pytest.mark.parametrize("row", ROWS["allowed"], ids=lambda row: row["pattern"])
def test_a_pattern_of_the_allowed_side_is_usable_or_refused(row: dict[str, Any]) -> None:
    if row["pattern"].endswith("/"):
        with pytest.raises(ValueError, match="a pattern names files"):
            check_allowed_glob(row["pattern"])
    else:
        assert check_allowed_glob(row["pattern"]) == row["pattern"]


@pytest.mark.parametrize("row", ROWS["forbidden"], ids=lambda row: row["pattern"])
def test_a_pattern_of_the_forbidden_side_is_usable(row: dict[str, Any]) -> None:
    assert check_forbidden_glob(row["pattern"]) == row["pattern"]


def test_no_pattern_allows_and_forbids_nothing() -> None:
    assert not allows((), "a")
    assert not forbids((), "a")


def test_a_later_forbidden_pattern_may_take_back_an_earlier_one() -> None:
    patterns = ("*.md", "!README.md")
    assert forbids(patterns, "a.md")
    assert not forbids(patterns, "readme.MD")


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        # A class is no `/`, and so no reason to look no further.
        (("**/x*[!a]y/**/y/z",), "xqy/y/z"),
        # A folder that is taken back is, and not what another pattern excludes below it.
        (("secret*", "!a"), "a/secret1/x"),
        (("/*", "!/a"), "a/b"),
        (("a/**", "!a/b/", "a/b/c/"), "a/b/c/d"),
        (("**/", "!*[!]b]*"), "b/ab/c"),
        (("x", "a*b*/*[!c]*d"), "a\nb/cd/x"),
        (("***/a****b",), "x/y/a/b"),
        (("***/a****b",), "x/y/acb"),
    ],
)
def test_git_says_so_too(repo: Path, patterns: tuple[str, ...], path: str) -> None:
    (repo / ".git/info/exclude").write_text("".join(f"{pattern}\n" for pattern in patterns))
    done = git_run(repo, "check-ignore", "--no-index", "-z", "--stdin", stdin=f"{path}\0".encode())
    assert done.returncode in {0, 1}, done.stderr
    assert forbids(patterns, path) is (done.stdout != b"")


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [("**", ""), ("a/b.py", "a/b.py"), ("a/b*.py", "a/b"), ("a/?", "a/"), ("a/[b]c", "a/"), ("", "")],
)
def test_the_literal_part_ends_at_the_first_wildcard(pattern: str, literal: str) -> None:
    assert literal_part(pattern) == literal


PART = st.text(alphabet="abAB.-_ é", min_size=1, max_size=5).filter(
    lambda part: part.strip(". ") != "" and part == part.strip()
)
PATH = st.lists(PART, min_size=1, max_size=4).map("/".join)


@given(PATH)
def test_a_plain_path_matches_itself_and_everything_matches_two_stars(path: str) -> None:
    assert allows((path,), path)
    assert allows(("**",), path)
    assert not allows((path,), f"x{path}")
    assert not allows((path,), f"{path}/x")


@given(PATH)
def test_a_forbidden_path_matches_in_any_case_and_below(path: str) -> None:
    assert forbids((f"/{path}",), path.upper())
    assert forbids((f"/{path}",), f"{path.lower()}/below")
    assert not forbids((f"/{path}",), f"x/{path}")


@pytest.mark.parametrize(("stars", "part"), [("**/a/", "a/"), ("*a*a*a/", "aaa/"), ("*a*a*a/**/", "aaa/")])
def test_no_pattern_takes_long(stars: str, part: str) -> None:
    pattern, deep, wide = f"{stars * 60}b", "a/" * 1_000 + "c", f"{'a' * 250}/" * 15 + "c"
    started = time.process_time()
    for path in (deep, wide):
        assert not allows((check_allowed_glob(pattern),), path)
        assert not forbids((check_forbidden_glob(pattern),), path)
    assert allows((pattern,), f"{part * 60}b")
    assert forbids((pattern,), f"{part * 60}b/c")
    assert time.process_time() - started < 10
