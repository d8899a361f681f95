"""A file with hunks put in: what no hunk speaks of stays byte for byte, and line ends follow the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.places.fit import fitted
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText


def hunk(text: str, *, crs: frozenset[int] | None = None, old_open: bool = False, new_open: bool = False) -> Hunk:
    """Return a hunk from its signed lines."""
    lines = [(line[:1], line[1:]) for line in text.split("\n")]
    return Hunk(lines, line=1, crs=crs, old_unterminated=old_open, new_unterminated=new_open)


def put(file: bytes, *hunks: Hunk) -> bytes:
    """Return the file with the hunks in it."""
    text = FileText.of(file)
    return text.content(fitted(hunks, text, "f")[0], "f")


@pytest.mark.parametrize(
    ("file", "text", "after"),
    [
        (b"a\r\nb\r\n", " a\n+x\n b", b"a\r\nx\r\nb\r\n"),
        (b"a\r\nb\n", "-a\n+x", b"x\r\nb\n"),
        (b"a\r\nb\n", "-b\n+x", b"a\r\nx\n"),
        (b"a\nb\r\nc\r\n", " a\n+x\n b", b"a\nx\nb\r\nc\r\n"),
        (b"a\r\nb", "-b\n+x", b"a\r\nx"),
        (b"a\r\nb", " b\n+x", b"a\r\nb\r\nx"),
        (b"a\nb", "-a\n+x\n+y", b"x\ny\nb"),
        (b"a\nb\n", "-b", b"a\n"),
        (b"a\nb", "-b", b"a"),
        (b"\xef\xbb\xbfa\nb\n", "+x\n a", b"\xef\xbb\xbfx\na\nb\n"),
        (b"a\rb\nc\n", "-c\n+x", b"a\rb\nx\n"),
    ],
)
def test_added_lines_end_as_their_neighbours_do(file: bytes, text: str, after: bytes) -> None:
    assert put(file, hunk(text)) == after


def test_an_answer_that_speaks_of_line_ends_is_heard() -> None:
    assert put(b"a\r\nb\r\n", hunk("-a\n+x\n+y", crs=frozenset({0, 1}))) == b"x\r\ny\nb\r\n"


@pytest.mark.parametrize(
    ("file", "old_open", "new_open", "after"),
    [
        (b"a", True, False, b"x\n"),
        (b"a\n", False, True, b"x"),
        (b"a", True, True, b"x"),
        (b"a\n", False, False, b"x\n"),
    ],
)
def test_the_last_newline_changes_only_where_it_is_said(
    file: bytes,
    old_open: bool,  # noqa: FBT001 - a table
    new_open: bool,  # noqa: FBT001 - the same
    after: bytes,
) -> None:
    assert put(file, hunk("-a\n+x", old_open=old_open, new_open=new_open)) == after


@pytest.mark.parametrize(
    ("first", "second"),
    [("-b\n+x", "-b\n+y"), ("-b\n-c", "-c\n+y"), (" a\n+x\n b", " a\n+y\n b")],
    ids=["one line", "partly", "one gap"],
)
def test_two_hunks_that_do_not_agree_on_a_line_are_refused(first: str, second: str) -> None:
    with pytest.raises(Refused) as refused:
        put(b"a\nb\nc\nd\n", hunk(first), hunk(second))
    assert refused.value.findings[0].id == "patch.overlap"
    assert refused.value.findings[0].path == "f"


def test_what_is_told_twice_counts_once() -> None:
    assert put(b"a\nb\nc\n", hunk("-b\n+x"), hunk(" a\n-b\n+x\n c")) == b"a\nx\nc\n"


def test_hunks_may_come_in_any_order() -> None:
    assert put(b"a\nb\nc\n", hunk("-c\n+3"), hunk("-a\n+1")) == b"1\nb\n3\n"


@given(st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=2, max_size=12), st.booleans(), st.data())
def test_lines_that_no_hunk_names_stay_byte_for_byte(
    ends: list[bytes],
    terminated: bool,  # noqa: FBT001 - drawn
    data: st.DataObject,
) -> None:
    lines = [b"line %d" % n + end for n, end in enumerate(ends)]
    lines[-1] = lines[-1] if terminated else lines[-1].rstrip()
    at = data.draw(st.integers(0, len(lines) - 1))
    bare = lines[at].rstrip()
    after = [*lines[:at], b"new" + lines[at][len(bare) :], *lines[at + 1 :]]
    assert put(b"".join(lines), hunk(f"-{bare.decode()}\n+new")) == b"".join(after)
