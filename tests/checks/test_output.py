"""The two ends of an output: nothing is lost that is short, and memory stays small for what is long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentos_action.checks.output import HEAD_BYTES, TAIL_BYTES, Ends


def of(*pieces: bytes) -> Ends:
    """Return what is kept of these pieces."""
    ends = Ends()
    for piece in pieces:
        ends.add(piece)
    return ends


@given(st.binary(max_size=300), st.lists(st.integers(1, 50), max_size=20))
def test_short_output_is_whole_however_it_comes(data: bytes, cuts: list[int]) -> None:
    pieces, rest = [], data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    ends = of(*pieces, rest)
    assert (ends.text(), ends.truncated) == (data.decode("utf-8", "replace"), False)


def test_what_just_fits_is_not_cut() -> None:
    most = b"x" * (HEAD_BYTES + TAIL_BYTES)
    assert of(most).text() == most.decode()
    assert of(most, b"y").truncated


def test_the_cut_is_between_lines_and_says_how_much_is_missing() -> None:
    lines = [b"line %06d\n" % number for number in range(10_000)]
    text = of(*lines).text()
    head, _, tail = text.partition("\n[... ")
    assert head.splitlines() == [line.decode().strip() for line in lines[: len(head.splitlines())]]
    kept = tail.splitlines()[1:]
    assert kept == [line.decode().strip() for line in lines[-len(kept) :]]
    missing = 12 * (10_000 - len(head.splitlines()) - len(kept))
    assert f"[... {missing:,} bytes are left out here ...]" in text


def test_one_endless_line_is_cut_somewhere() -> None:
    text = of(b"a" * 50_000, b"b" * 50_000).text()
    assert text.startswith("a" * HEAD_BYTES)
    assert text.endswith("b" * TAIL_BYTES)
    assert "[... 80,000 bytes are left out here ...]" in text
