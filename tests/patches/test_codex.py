"""The apply_patch envelope of Codex: files added, deleted, moved and updated, or a refusal that says what is wrong."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.formats.codex import read
from agentos_action.patches.marks import ENVELOPE
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk, Reading, Section

UPDATE = "*** Update File: src/a.py\n@@ def f():\n one\n-two\n+zwei\n"
LINES = [(" ", "one"), ("-", "two"), ("+", "zwei")]


def patch(body: str) -> str:
    """Return an envelope around the body."""
    return f"*** Begin Patch\n{body.removesuffix(chr(10))}\n*** End Patch"


def sections(answer: str) -> list[Section]:
    """Read an answer's sections."""
    return read(answer.split("\n")).sections


def hunks(body: str) -> list[Hunk]:
    """Return the hunks of one update with this body."""
    (section,) = sections(patch("*** Update File: a\n" + body))
    return section.hunks


def code(answer: str) -> str:
    """Return the id of the refusal."""
    with pytest.raises(Refused) as refused:
        sections(answer)
    (finding,) = refused.value.findings
    assert finding.hint
    return finding.id


@pytest.mark.parametrize(
    "answer",
    [
        patch(UPDATE),
        f"Here you are:\n\n```\n{patch(UPDATE)}\n```\nDone.",
        f"```bash\napply_patch <<'EOF'\n{patch(UPDATE)}\nEOF\n```",
        f'apply_patch << "PATCH_1"\n{patch(UPDATE)}\nPATCH_1',
        patch(UPDATE).replace("Patch", "Patch  ").replace("src/a.py", "src/a.py \t"),
        "   " + patch(UPDATE).replace("\n", "\n   "),
        patch(UPDATE).replace("\n one", "\none"),
        patch("\n" + UPDATE + "\n"),
        UPDATE + "*** End Patch",
    ],
)
def test_one_update_in_many_dresses(answer: str) -> None:
    (section,) = sections(answer)
    assert (section.old_path, section.new_path) == ("src/a.py", "src/a.py")
    (hunk,) = section.hunks
    assert (hunk.heading, hunk.start, hunk.lines) == ("def f():", 0, LINES)


def test_files_are_added_deleted_moved_and_updated_in_order() -> None:
    answer = patch(
        "*** Add File: n.py\n+x\n+\n+  y\n*** Delete File: d.py\n*** Update File: m.py\n*** Move to: z.py\n"
        "*** Update File: o.py\n*** Move to: p.py\n@@\n-a\n+b\n" + UPDATE
    )
    found = sections(answer)
    assert [(section.old_path, section.new_path) for section in found] == [
        (None, "n.py"),
        ("d.py", None),
        ("m.py", "z.py"),
        ("o.py", "p.py"),
        ("src/a.py", "src/a.py"),
    ]
    assert found[0].content == "x\n\n  y\n"
    assert found[1].explicit_delete
    assert [len(section.hunks) for section in found] == [0, 0, 0, 1, 1]
    assert [section.line for section in found] == [2, 6, 7, 9, 14]


def test_an_added_file_may_be_empty_and_a_lost_plus_of_an_empty_line_is_found_again() -> None:
    (section,) = sections(patch("*** Add File: e\n"))
    assert section.content == ""
    (section,) = sections(patch("*** Add File: e\n+a\n\n+b\n\n"))
    assert section.content == "a\n\nb\n"


def test_several_envelopes_all_count() -> None:
    answer = f"First\n{patch(UPDATE)}\nthen\n```\n{patch('*** Delete File: d')}\n```"
    found = read(answer.split("\n"))
    assert [section.old_path for section in found.sections] == ["src/a.py", "d"]
    assert found.spans == [(1, 8), (9, 14)]


def test_headings_in_a_row_narrow_the_place_down() -> None:
    (hunk,) = hunks("@@ class A\n\n@@   def f(self):\n-x\n+y\n")
    assert hunk.heading == "class A\ndef f(self):"


def test_chunks_are_parted_by_their_heads_and_empty_lines_are_context() -> None:
    first, second = hunks("-a\n\n+b\n\n@@\n c\n+d\n \n*** End of File\n")
    assert first.lines == [("-", "a"), (" ", ""), ("+", "b")]
    assert second.lines == [(" ", "c"), ("+", "d"), (" ", "")]
    assert (first.at_end, second.at_end) == (False, True)
    assert [first.line, second.line] == [3, 7]


def test_numbers_of_a_unified_head_are_taken_as_a_claim() -> None:
    (hunk,) = hunks("@@ -12,3 +12,4 @@ class A:\n-x\n")
    assert (hunk.start, hunk.heading) == (12, "class A:")
    (hunk,) = hunks("@@ class A: @@\n-x\n")
    assert (hunk.start, hunk.heading) == (0, "class A:")


def test_context_that_lost_its_blank_keeps_its_text() -> None:
    (hunk,) = hunks("@@\ndef f():\n-    x\n+    y\n\tz\n@wraps\n* item\n")
    assert [text for sign, text in hunk.lines if sign == " "] == ["def f():", "\tz", "@wraps", "* item"]


def test_markers_behind_a_sign_are_text() -> None:
    (hunk,) = hunks("@@\n-*** End Patch\n+*** Begin Patch\n *** End of File\n")
    assert hunk.lines == [("-", "*** End Patch"), ("+", "*** Begin Patch"), (" ", "*** End of File")]


def test_a_missing_newline_at_the_end_is_noted() -> None:
    (hunk,) = hunks("@@\n-x\n\\ No newline at end of file\n+x\n")
    assert (hunk.old_unterminated, hunk.new_unterminated) == (True, False)
    assert hunk.lines == [("-", "x"), ("+", "x")]


def test_paths_are_passed_on_as_they_are() -> None:
    assert sections(patch("*** Delete File: ../../etc/passwd\n*** Delete File: /a b"))[1].old_path == "/a b"


def test_an_answer_without_an_envelope_is_empty() -> None:
    for answer in ("", "No.", "*** a/x 2024-01-01", "x *** Begin Patch", "***", "+*** Begin Patch"):
        assert read(answer.split("\n")) == Reading()


def test_the_mark_opens_envelopes_only() -> None:
    assert ENVELOPE.match("*** Begin Patch")
    assert ENVELOPE.match("*** Update File: a")
    assert not ENVELOPE.match("*** End Patch")
    assert not ENVELOPE.match("*** Begin Patching")


@pytest.mark.parametrize("end", range(1, 6))
def test_an_envelope_without_its_end_is_refused(end: int) -> None:
    assert code("\n".join(patch(UPDATE).split("\n")[:end])) == "patch.truncated"
    assert code(f"```\n{patch(UPDATE).removesuffix('*** End Patch')}```\nDone.") == "patch.truncated"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (patch(""), "patch.no-hunk"),
        (patch("*** Update File: a"), "patch.no-hunk"),
        (patch("*** Update File: a\n*** Move to: a"), "patch.no-hunk"),
        (patch("*** Update File: a\n@@ def f():"), "patch.no-hunk"),
        (patch("*** Update File: a\n-x\n@@\n\n*** Delete File: b"), "patch.no-hunk"),
        (patch("*** Update File:\n-x"), "patch.no-file"),
        (patch("*** Add File: \n+x"), "patch.no-file"),
        (patch("*** Delete File:"), "patch.no-file"),
        (patch("*** Update File: a\n*** Move to:\n-x"), "patch.no-file"),
        (patch("*** Delete File: a\n-x"), "patch.malformed"),
        (patch("*** Add File: a\nx"), "patch.malformed"),
        (patch("*** Add File: a\n+x\n y"), "patch.malformed"),
        (patch("-x\n+y"), "patch.malformed"),
        (patch("*** Update File: a\n-x\n*** Move to: b"), "patch.malformed"),
        (patch("*** Update File: a\n*** End of File"), "patch.malformed"),
        (patch("*** Update File: a\n@@nonsense\n-x"), "patch.malformed"),
        (patch("*** Update File: a\n" + "@@ x\n" * 20 + "-x"), "patch.malformed"),
        (f"*** Begin Patch\n{UPDATE}{patch(UPDATE)}", "patch.malformed"),
    ],
)
def test_envelopes_that_say_too_little_are_refused_by_name(answer: str, expected: str) -> None:
    assert code(answer) == expected


@pytest.mark.parametrize(
    "text",
    [
        "*** Begin Patch\n" * 60_000,
        "*** Update File: a\n" * 60_000,
        "*** Begin Patch\n" + "@@ x\n" * 200_000 + "*** End Patch",
        "*** Begin Patch\n*** Update File: a\n" + "@@ x\n" * 200_000 + "*** End Patch",
        "*** Begin Patch\n*** Update File: a\n" + "@@\n\n" * 200_000 + "-x\n*** End Patch",
        "*** Begin Patch\n*** Update File: a\n" + "\n" * 900_000 + "*** End Patch",
        (patch("*** Delete File: a") + "\n") * 20_000,
    ],
)
def test_a_long_answer_is_read_quickly(text: str) -> None:
    lines = text.split("\n")
    began = time.process_time()
    with contextlib.suppress(Refused):
        read(lines)
    assert time.process_time() - began < 20


PARTS = st.sampled_from(
    [
        "*** Begin Patch",
        "*** End Patch",
        "  *** End Patch",
        "*** Add File: a",
        "*** Delete File: b",
        "*** Update File: c",
        "*** Move to: d",
        "*** End of File",
        "@@",
        "@@ x",
        "@@ -1,2 +3 @@ y",
        "-a",
        "+b",
        " c",
        "",
        "d",
        "***",
        "```",
        "apply_patch <<EOF",
        "EOF",
        "\\ No newline at end of file",
        "\x0b*** Update File: q",
        "*** Add File: \udce9",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS | st.text(), max_size=30), st.booleans())
def test_any_lines_are_read_or_refused(lines: list[str], closed: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    if closed:
        lines = ["*** Begin Patch", *(line for line in lines if "Patch" not in line), "*** End Patch"]
    found = Reading()
    with contextlib.suppress(Refused):
        found = read(lines, ("a",))
    assert all(0 <= first < end <= len(lines) for first, end in found.spans)
    assert bool(found.sections) == bool(found.spans)
