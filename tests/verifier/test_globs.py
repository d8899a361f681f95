"""Both sides' globs, row by row: what matches what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.verifier.globs import allows, forbids, literal_part

ALLOWED = [
    # pattern, paths it allows, paths it does not
    ("**", ("a", "a/b/c.py", ".a", ".a/.b", "a b/ü"), ()),
    ("*", ("a", ".a", "a.py"), ("a/b",)),
    ("*.py", ("a.py", ".py", ".a.py"), ("a/b.py", "a.pyc", "a.PY")),
    ("**/*.py", ("a.py", "a/b.py", "a/b/c.py", "a/.b/c.py"), ("a.txt", "a.py/b")),
    ("src/**", ("src/a", "src/a/b", "src/.a/b"), ("lib/src/a", "srcx/a", "SRC/a")),
    ("src/*", ("src/a", "src/.a"), ("src/a/b", "src")),
    ("src/**/test_*.py", ("src/test_a.py", "src/a/b/test_c.py"), ("test_a.py", "src/a/b_test.py")),
    ("**/docs/**", ("docs/a", "a/docs/b", "a/docs/b/c"), ("docs", "xdocs/a")),
    ("a?c", ("abc", "a.c"), ("ac", "a/c", "abbc")),
    ("[ab].py", ("a.py", "b.py"), ("c.py", "ab.py", "[ab].py")),
    ("[!ab].py", ("c.py", "..py"), ("a.py", "/.py")),
    ("[a-c]/x", ("b/x",), ("d/x", "/x")),
    ("a[/]b", (), ("a/b",)),
    ("{a,b}.py", ("{a,b}.py",), ("a.py", "b.py")),
    ("@(a|b)", ("@(a|b)",), ("a", "b")),
    ("a|b", ("a|b",), ("a", "b")),
    ("~", ("~",), ("/root",)),
    ("a", ("a",), ("A", "a/b", "b/a", "a\n", "./a", "aa")),
    ("README.md", ("README.md",), ("readme.md", "docs/README.md", "READMExmd")),
    ("**/", (), ("a",)),
    ("a**b", ("ab", "axb"), ("a/b", "a/x/b")),
    ("a/**/b", ("a/b", "a/x/b", "a/x/y/b"), ("ab", "a/xb")),
    ("***", ("a",), ()),
    ("a b/*", ("a b/c",), ("a/b",)),
    ("ü/*", ("ü/x",), ("u/x",)),
]

FORBIDDEN = [
    ("*.lock", ("a.lock", "a/b.lock", "A.LOCK", ".lock", "a.lock/x"), ("a.lockx",)),
    ("/a.txt", ("a.txt", "A.TXT"), ("b/a.txt",)),
    ("a.txt", ("a.txt", "b/a.txt", "B/A.txt"), ("a.txt.md",)),
    ("docs/", ("docs/a", "x/docs/a", "DOCS/a/b"), ("docs",)),
    ("docs/*", ("docs/a", "docs/a/b"), ("x/docs/a",)),
    ("docs/*.md", ("docs/a.md", "docs/A.MD"), ("docs/a/b.md", "x/docs/a.md")),
    ("**/secret", ("secret", "a/secret", "a/secret/b"), ("secrets",)),
    ("secret/**", ("secret/a", "secret/a/b"), ("secret", "a/secret/b")),
    ("a/**/b", ("a/b", "a/x/y/b"), ("ab",)),
    ("[A-C].txt", ("a.txt", "B.txt"), ("d.txt",)),
    ("# comment", (), ("# comment", "comment")),
    ("\\#x", ("#x",), ("x",)),
    ("", (), ("a", "")),
    ("STRASSE", ("straße", "strasse"), ("strase",)),
    ("*", ("a", "a/b", ".a"), ()),
    ("a?c", ("abc", "ABC", "x/abc"), ("ac", "a/c")),
    ("İ.txt", ("İ.txt",), ("i.txt",)),
]


def rows(table: list[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> list[tuple[str, str, bool]]:
    """Return a row for each pattern and path."""
    return [
        (pattern, path, hit)
        for pattern, yes, no in table
        for hit, paths in ((True, yes), (False, no))
        for path in paths
    ]


@pytest.mark.parametrize(("pattern", "path", "hit"), rows(ALLOWED))
def test_the_allowed_side_is_anchored_and_stars_stay_in_their_folder(pattern: str, path: str, *, hit: bool) -> None:
    assert allows((pattern,), path) is hit
    assert allows(("no-match", pattern), path) is hit


@pytest.mark.parametrize(("pattern", "path", "hit"), rows(FORBIDDEN))
def test_the_forbidden_side_is_git_s_own_folded_for_case(pattern: str, path: str, *, hit: bool) -> None:
    assert forbids((pattern,), path) is hit
    assert forbids(("no-match", pattern), path) is hit


def test_no_pattern_allows_and_forbids_nothing() -> None:
    assert not allows((), "a")
    assert not forbids((), "a")


def test_a_later_forbidden_pattern_may_take_back_an_earlier_one() -> None:
    patterns = ("*.md", "!README.md")
    assert forbids(patterns, "a.md")
    assert not forbids(patterns, "readme.MD")


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
