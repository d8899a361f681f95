"""The canonical diff, given as an answer, means just what it was rendered from."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agentos_action.patches.render import render
from agentos_action.patches.resolve import resolve
from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.records.task import EditFormat
from tests.bases import Files
from tests.patches.making import NAMES, after, neighbours

#: Texts full of what a diff, its frames and other formats are made of.
LINES = st.sampled_from(
    [
        *("", "", " ", "\t", "a", "a", "b", "x = 1", "    y", "}", "\\", "\\ No newline at end of file"),
        *("--- a/x", "+++ b/x", "-- a/x", "++ b/x", "-", "+", "--", "---", "+++", "-- ", "2.43.0"),
        *("@@ -1 +1 @@", "@@", "diff --git a/x b/x", "index 1..2", "new file mode 100644", "rename from x"),
        *("```", "```diff", "~~~", "<patch>", "</patch>", "<diff>", "</diff>", "Binary files a and b differ"),
        *("*** Begin Patch", "*** End Patch", "*** Update File: x", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"),
        *("...", "&lt;b&gt;", "&amp;", "<b>", "<think>", "</think>", "\ufeff", "| --- |"),
        *("From 0 Mon", "Index: x", '{"edits": []}', "\u2028", "\x0c", "\x85", "\udcff", "caf\udce9", "ümlaut"),
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\n", "\r\n", "\r", "\r\r\n"])
TEXTS = st.builds(
    lambda lines, tail: "".join(line + end for line, end in lines) + tail,
    st.lists(st.tuples(LINES, ENDS), max_size=25),
    st.sampled_from(["", "", "tail", "\r", " "]),
).map(lambda text: text.encode("utf-8", "surrogateescape"))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Draw a file before and after a change: unlike each other, or mostly alike."""
    if draw(st.booleans()):
        return draw(neighbours())
    old = draw(TEXTS)
    lines = old.split(b"\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(TEXTS).split(b"\n")[:3]
    return old, b"\n".join(lines)


@st.composite
def patches(draw: st.DrawFn) -> list[FileChange]:
    """Draw changes of several files under different names."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    found = []
    for name in names:
        old, new = draw(pairs())
        kind = draw(st.sampled_from(["create", "modify", "modify", "modify", "delete", "rename"]))
        before = None if kind == "create" else FileVersion(old)
        after_ = None if kind == "delete" else FileVersion(new)
        to = f"moved/{name}" if kind == "rename" else name
        found.append(FileChange(name if before else None, to if after_ else None, before, after_))
    return [change for change in found if change.old != change.new or change.old_path != change.new_path]


def expected(changes: list[FileChange]) -> dict[str, bytes | None]:
    """Return path → new bytes, None for a file that goes."""
    found: dict[str, bytes | None] = {}
    for change in changes:
        if change.old_path is not None:
            found.setdefault(change.old_path, None)
        if change.new_path is not None:
            assert change.new is not None
            found[change.new_path] = change.new.content
    return found


def base_of(changes: list[FileChange]) -> Files:
    """Return the files that the changes are about."""
    return Files({change.old_path: change.old.content for change in changes if change.old_path and change.old})


@settings(max_examples=250)
@given(patches(), st.sampled_from(["", "```", "~~~~"]), st.sampled_from(["auto", "unified_diff"]))
def test_resolving_what_was_rendered_gives_the_new_contents(
    changes: list[FileChange], fence: str, edit_format: EditFormat
) -> None:
    assume(changes)
    diff = render(changes)
    answer = f"{fence}diff\n{diff}{fence}\n" if fence else diff
    found = resolve(answer, edit_format, base_of(changes), 10**6)
    assert after(found) == expected(changes)
    assert render(found.changes) == diff
    assert {placed.rung for placed in found.placements} <= {"exact"}
