"""Where a hunk can stand: every rung of the ladder takes what it says, and nothing that is not there."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.fit import fitted
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.locate import locate
from agentos_action.patches.places.place import Place
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText


def hunk(text: str, start: int = 0) -> Hunk:
    """Return a hunk from its signed lines."""
    return Hunk([(line[:1], line[1:]) for line in text.split("\n")], start=start, line=1)


def places(text: str, file: str) -> list[Place]:
    """Return where a hunk can stand in a file."""
    return locate(hunk(text), Lines(file.split("\n")), "f", "hunk 1")


def put(text: str, file: str) -> str:
    """Return the file with the hunk in it."""
    lines, _ = fitted([hunk(text)], FileText.of(f"{file}\n".encode()), "f")
    return "".join(lines).removesuffix("\n")


def refusal(text: str, file: str) -> str:
    """Return the id of the finding that refuses a hunk."""
    with pytest.raises(Refused) as refused:
        fitted([hunk(text)], FileText.of(f"{file}\n".encode()), "f")
    return refused.value.findings[0].id


@pytest.mark.parametrize(
    ("text", "file", "rung", "after"),
    [
        (" one\n-two\n+2", "zero\none\ntwo", "exact", "zero\none\n2"),
        (" one  \n-two\t\n+2", "zero\none\ntwo", "blanks", "zero\none\n2"),
        (" one\n-two\n+2", "zero\none \ntwo  ", "blanks", "zero\none \n2"),
        (" one\n-two\n+2", "    one\n    two", "indent", "    one\n    2"),
        ("     one\n-    two\n+    2\n+      3", "one\ntwo", "indent", "one\n2\n  3"),
        (" one\n-two\n+2", "\tone\n\ttwo", "indent", "\tone\n\t2"),
        ("     one\n-        two\n+        2", "\tone\n\t\ttwo", "lookalikes", "\tone\n\t\t2"),
        ("-say(“one”)\n+say(“two”)", 'say("one")', "lookalikes", 'say("two")'),
        ("-a = b  +  c\n+a = b", "a = b + c", "lookalikes", "a = b"),
        (" one - two\n-three\n+3", "one \u2014 two\nthree", "lookalikes", "one \u2014 two\n3"),
    ],
)
def test_each_rung_takes_what_it_says_and_keeps_the_file_s_own_lines(
    text: str, file: str, rung: str, after: str
) -> None:
    assert [place.rung for place in places(text, file)] == [rung]
    assert put(text, file) == after


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("-two\n+2", "one\nTWO"),
        ("-two\n+2", "one\ntwo three"),
        ("-tw o\n+2", "one\ntwo"),
        ("-a = 1\n+a = 3", "a = 2"),
        ("-if a < b:\n+pass", "if a <= b:"),
        (" alpha\n beta\n-gone\n+new\n gamma\n delta", "alpha\nbeta\ngamma\ndelta"),
    ],
)
def test_a_removed_line_that_is_not_there_is_never_guessed(text: str, file: str) -> None:
    assert refusal(text, file) == "patch.context-not-found"


def test_all_places_of_one_rung_are_found_and_those_of_later_rungs_are_not_looked_for() -> None:
    found = places("-x", "x\ny\nx\n  x\nx ")
    assert [(place.rung, place.start) for place in found] == [("exact", 0), ("exact", 2)]


def test_two_indentations_that_no_one_shift_explains_are_no_place_on_the_rung_indent() -> None:
    assert refusal("-one\n-two\n+x", "  one\n      two") == "patch.context-not-found"


def test_a_hunk_that_ends_the_file_prefers_the_place_at_the_end() -> None:
    wanted = hunk("-x\n+y")
    wanted.at_end = True
    (place,) = locate(wanted, Lines(["x", "y", "x"]), "f", "hunk 1")
    assert place.start == 2


def test_a_hunk_that_only_adds_needs_context_unless_the_file_is_empty() -> None:
    assert refusal("+x", "one") == "patch.no-context"
    lines, _ = fitted([hunk("+x")], FileText.of(b""), "f")
    assert lines == ["x\n"]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (" one\n-two\n+zwei\n three", "one\nzwei\nthree"),
        (" one\n+two", "one\ntwo"),
        ("+one\n two", "zero\none\ntwo"),
        (" one\n+two  \n+three", "one\ntwo\nthree"),
    ],
)
def test_what_stands_in_the_file_already_is_not_put_there_again(text: str, file: str) -> None:
    assert refusal(text, file) == "patch.already-applied"


def test_a_refusal_says_what_was_looked_for_and_what_comes_closest() -> None:
    with pytest.raises(Refused) as refused:
        places("-return colour\n+return color", "def f():\n    return colours\n\nx = 1")
    (finding,) = refused.value.findings
    assert "'return colour'" in finding.message
    assert "line 2: 'return colours'" in finding.message
    assert "Tried: exact, blanks, indent" in finding.message
    assert (finding.path, finding.line) == ("f", 2)
    assert finding.hint
