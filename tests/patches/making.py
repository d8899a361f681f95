"""Changes, answers and judges for the patch room's tests."""

from __future__ import annotations

from hypothesis import strategies as st

from agentos_action.patches.parse import to_patch
from agentos_action.patches.resolve import Resolved, resolve
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, FileVersion, Patch
from agentos_action.records.policy import Limits, Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Accepted, sealed
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify
from tests.bases import BASE_ID

MANY = 10**9
WIDE = Policy(limits=Limits(max_hunks=MANY, max_changed_lines=MANY, max_diff_bytes=MANY, max_line_bytes=MANY))

#: Names with everything that headers stumble over; none that the verifier refuses.
NAMES = st.sampled_from(
    [
        "a.py",
        "b/c.txt",
        "a b.txt",
        "-lead.txt",
        'quo"te.txt',
        "ümlaut é.txt",
        "p b/q",
        "a/b/a b/a/b",
        "x b/x",
        "日本/語.md",
        "-- a.txt",
        "+++ b",
        "dev/null",
        "it's",
        "a#b[1].txt",
    ]
)
#: Names with control characters: the verifier refuses them, render and parse must agree on them all the same.
ODD_NAMES = NAMES | st.sampled_from(["ta\tb", "new\nline", "b\\ck", "\x01\x7f", "caf\udce9", 'e"\\\n"', "a\rb"])

LINES = st.one_of(
    st.sampled_from(
        ["", "a", "a", "b", "x = 1", "    y", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "diff --git a/x b/x", "\\"]
    ),
    st.binary(max_size=6).map(
        lambda raw: raw.replace(b"\n", b"").replace(b"\0", b"").decode("utf-8", "surrogateescape")
    ),
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\x0c\n", "\u2028\n"])


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a text file: any line ends, with or without a last newline, odd encodings."""
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=25))
    text = "".join(line + end for line, end in lines) + draw(st.sampled_from(["", "", "tail"]))
    return text.encode("utf-8", "surrogateescape")


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Draw two contents that mostly agree, as a file before and after a change does."""
    old = draw(contents())
    lines = old.split(b"\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines)))
        cut = draw(st.integers(0, 2))
        lines[at : at + cut] = draw(contents()).split(b"\n")[:2]
    return old, b"\n".join(lines)


@st.composite
def changes(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES) -> FileChange:
    """Draw one change of any kind."""
    path = draw(names)
    old, new = draw(neighbours())
    kind = draw(st.sampled_from(["create", "modify", "modify", "delete", "rename"]))
    if kind == "create":
        return FileChange(None, path, None, FileVersion(new))
    if kind == "delete":
        return FileChange(path, None, FileVersion(old), None)
    target = draw(names.filter(lambda name: name != path)) if kind == "rename" else path
    return FileChange(path, target, FileVersion(old), FileVersion(new))


def read(answer: str, base: Base, edit_format: EditFormat = "unified_diff", limit: int = 1_000_000) -> Resolved:
    """Resolve an answer."""
    return resolve(answer, edit_format, base, limit)


def codes(resolved: Resolved) -> list[str]:
    """Return the ids of the findings."""
    return [finding.id for finding in resolved.findings]


def after(resolved: Resolved) -> dict[str, bytes | None]:
    """Return path → new bytes (None where deleted), where the answer was taken."""
    assert resolved.findings == ()
    found: dict[str, bytes | None] = {}
    for change in resolved.changes:
        if change.old_path is not None:
            found.setdefault(change.old_path, None)
        if change.new_path is not None:
            assert change.new is not None
            found[change.new_path] = change.new.content
    return found


def accepted(patch: Patch) -> Accepted:
    """Have a patch accepted under a policy that allows everything."""
    verdict = verify(Subject(patch, WIDE, Surroundings(BASE_ID)), "0" * 64)
    assert [finding for finding in verdict.result.errors if not finding.id.startswith("text.")] == []
    # Contents here are any bytes; what the rule `text` says of them is not what is tested.
    return verdict.accepted or sealed(
        diff=patch.text,
        diff_sha256=patch.sha256,
        policy_sha256="0" * 64,
        base=BASE_ID,
        changes=patch.changes,
        warnings=(),
    )


def patch_of(*given: FileChange) -> Patch:
    """Render and parse changes."""
    return to_patch(given)
