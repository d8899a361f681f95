"""Answers with JSON edits: each must find its one place, and the JSON may mean one thing only."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.formats.structured import Edits, schema
from agentos_action.patches.resolve import Resolved
from agentos_action.records.patch import FileVersion
from tests.bases import Files
from tests.patches.making import after, codes, read

BASE = Files({"a.py": "one\ntwo\nthree\n", "b/c.txt": "x\ny\nx\n", "crlf": b"one\r\ntwo\r\n", "bare": "one\ntwo"})


def edit(*edits: dict[str, str]) -> str:
    """Return an answer with these edits."""
    return json.dumps({"edits": edits})


def replace(path: str, old: str, new: str) -> dict[str, str]:
    """Return a replacement."""
    return {"op": "replace", "path": path, "old": old, "new": new}


def insert(path: str, place: str, new: str) -> dict[str, str]:
    """Return an insertion."""
    return {"op": "insert_after", "path": path, "after": place, "new": new}


def structured(answer: str) -> Resolved:
    """Resolve a structured answer."""
    return read(answer, BASE, "structured")


GOOD = edit(replace("a.py", "two\n", "zwei\n"))


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"  {GOOD}\n",
        f"Here:\n\n```json\n{GOOD}\n```\nDone.",
        f"```\n{GOOD}\n```",
        f"```json\n{GOOD}\n```".replace("\n", "\r\n"),
        json.dumps(json.loads(GOOD), indent=2),
        edit(replace("a.py", "two\n", "zwei\n"), replace("a.py", "two\n", "zwei\n")),
        edit(replace("a.py", "two", "zwei")),
    ],
)
def test_the_same_edit_in_many_dresses(answer: str) -> None:
    assert after(structured(answer)) == {"a.py": b"one\nzwei\nthree\n"}


@pytest.mark.parametrize(
    ("given_edit", "expected"),
    [
        (replace("crlf", "one\ntwo\n", "1\n2\n3\n"), b"1\r\n2\r\n3\r\n"),
        (replace("bare", "two", "2"), b"one\n2"),
        (insert("a.py", "one", "1.5"), b"one\n1.5\ntwo\nthree\n"),
        (insert("a.py", "one\n", "1.5\n"), b"one\n1.5\ntwo\nthree\n"),
        (insert("a.py", "thr", "4\n"), b"one\ntwo\nthree\n4\n"),
        (insert("bare", "two", "3"), b"one\ntwo\n3"),
        (insert("crlf", "one", "1.5"), b"one\r\n1.5\r\ntwo\r\n"),
    ],
)
def test_line_ends_and_the_last_newline_stay(given_edit: dict[str, str], expected: bytes) -> None:
    assert after(structured(edit(given_edit))) == {given_edit["path"]: expected}


@pytest.mark.parametrize(
    ("given_edit", "expected", "rung"),
    [
        (replace("a.py", "two\n", "2\n"), b"one\n2\nthree\n", "exact"),
        (replace("a.py", "two  \n", "2\n"), b"one\n2\nthree\n", "blanks"),
        (replace("a.py", "  one\n  two\n", "  one\n  2\n"), b"one\n2\nthree\n", "indent"),
        (insert("a.py", "two ", "2.5"), b"one\ntwo\n2.5\nthree\n", "blanks"),
    ],
)
def test_a_text_that_is_not_there_letter_for_letter_is_looked_for_as_lines(
    given_edit: dict[str, str], expected: bytes, rung: str
) -> None:
    found = structured(edit(given_edit))
    assert after(found) == {"a.py": expected}
    assert [placed.rung for placed in found.placements] == [rung]


def test_create_delete_and_rename() -> None:
    answer = edit(
        {"op": "create", "path": "n.py", "content": "new"},
        {"op": "delete", "path": "b/c.txt"},
        {"op": "rename", "path": "a.py", "to": "z.py"},
        replace("a.py", "two", "2"),
    )
    assert after(structured(answer)) == {"n.py": b"new", "b/c.txt": None, "a.py": None, "z.py": b"one\n2\nthree\n"}


def test_two_edits_of_one_file_both_hold() -> None:
    answer = edit(replace("a.py", "three", "3"), insert("a.py", "one", "1.5"), replace("a.py", "one\n", "1\n"))
    assert codes(structured(answer)) in (["patch.overlap"], [])
    both = edit(replace("a.py", "three", "3"), replace("a.py", "one", "1"))
    assert after(structured(both)) == {"a.py": b"1\ntwo\n3\n"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "patch.no-edits"),
        ("I cannot.", "patch.no-edits"),
        (f"```json\n{GOOD}\n```\n```json\n{GOOD}\n```", "patch.no-edits"),
        (f"```json\n{GOOD}", "patch.truncated"),
        (GOOD[:-1], "patch.truncated"),
        (GOOD[:-2], "patch.truncated"),
        (GOOD[:30], "patch.truncated"),
        (GOOD[:-12], "patch.truncated"),
        ('{"edits": nope}', "patch.bad-json"),
        (GOOD + " and more", "patch.bad-json"),
        ('{"edits": ' + "[" * 100_000, "patch.bad-json"),
        ('{"edits": [' + "9" * 5_000 + "]}", "patch.bad-json"),
        ('{"edits": [], "edits": []}', "patch.duplicate-key"),
        (GOOD.replace('"new"', '"old": "x", "new"'), "patch.duplicate-key"),
        ('{"edits": null}', "patch.bad-edits"),
        ('{"output_kind": "plan", "edits": []}', "patch.bad-edits"),
        ("{}", "patch.bad-edits"),
        ('{"edits": [{"op": "run", "path": "a"}]}', "patch.bad-edits"),
        (GOOD.replace('"new"', '"mode": "755", "new"'), "patch.bad-edits"),
        (edit(replace("a.py", "", "x")), "patch.bad-edits"),
        ('{"edits": [{"op": "delete", "path": "\\ud800"}]}', "patch.encoding"),
        (edit(replace("a.py", "two", "\udce9")), "patch.encoding"),
        (edit({"op": "create", "path": "n\ud800", "content": ""}), "patch.encoding"),
        (edit(replace("a.py", "vier", "4")), "patch.context-not-found"),
        (edit({"op": "create", "path": "n", "content": "a\n# ... rest of the code ...\n"}), "patch.elided"),
        (edit(replace("b/c.txt", "x\n", "z\n")), "patch.ambiguous"),
        (edit(insert("b/c.txt", "x", "z")), "patch.ambiguous"),
        (edit(replace("none", "a", "b")), "patch.file-missing"),
        (edit(replace("b", "a", "b")), "patch.file-missing"),
        (edit({"op": "delete", "path": "none"}), "patch.file-missing"),
        (edit({"op": "create", "path": "a.py", "content": ""}), "patch.file-exists"),
        (edit({"op": "create", "path": "b", "content": ""}), "patch.file-exists"),
        (edit({"op": "rename", "path": "a.py", "to": "b/c.txt"}), "patch.file-exists"),
        (edit(replace("a.py", "one\ntwo", "1"), replace("a.py", "two", "2")), "patch.overlap"),
        (edit({"op": "delete", "path": "a.py"}, replace("a.py", "two", "2")), "patch.contradiction"),
        (edit(replace("a.py", "two", "2"), {"op": "delete", "path": "a.py"}), "patch.contradiction"),
        (
            edit({"op": "rename", "path": "a.py", "to": "n"}, {"op": "rename", "path": "a.py", "to": "m"}),
            "patch.contradiction",
        ),
        (
            edit({"op": "rename", "path": "a.py", "to": "n"}, {"op": "create", "path": "n", "content": ""}),
            "patch.contradiction",
        ),
    ],
)
def test_edits_that_cannot_be_taken_are_refused_by_name(answer: str, code: str) -> None:
    found = structured(answer)
    assert codes(found) == [code]
    assert found.findings[0].hint
    assert found.changes == ()


@pytest.mark.parametrize("new_files", [True, False])
def test_the_schema_for_a_server_takes_what_the_reader_takes_and_no_other_file(*, new_files: bool) -> None:
    allowed = schema(("a.py",), new_files=new_files)
    jsonschema.Draft202012Validator.check_schema(allowed)
    jsonschema.validate(json.loads(GOOD), allowed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(edit(replace("b/c.txt", "y", "z"))), allowed)
    create = jsonschema.Draft202012Validator(allowed).is_valid(
        {"edits": [{"op": "create", "path": "n", "content": ""}]}
    )
    assert create == new_files


TEXTS = st.text(max_size=6)
PATHS = st.text(min_size=1, max_size=6)
EDITS = st.lists(
    st.fixed_dictionaries(
        {"op": st.just("replace"), "path": PATHS, "old": st.text(min_size=1, max_size=6), "new": TEXTS}
    )
    | st.fixed_dictionaries({"op": st.just("delete"), "path": PATHS}),
    min_size=1,
    max_size=3,
)


@settings(max_examples=30)
@given(EDITS)
def test_what_the_schema_takes_the_reader_takes(edits: list[dict[str, str]]) -> None:
    jsonschema.validate({"edits": edits}, schema((), new_files=True))
    assert len(Edits.model_validate({"edits": edits}).edits) == len(edits)


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=4), min_size=3, max_size=12, unique=True), st.data())
def test_replacing_whole_lines_gives_exactly_that(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(lines) - 2))
    text = "".join(f"{line}\n" for line in lines)
    answer = edit(replace("f", f"\n{lines[at]}\n", "\nNEW\n"))
    found = read(answer, Files({"f": text}), "structured")
    assert found.changes[0].new == FileVersion(text.replace(f"\n{lines[at]}\n", "\nNEW\n").encode())
