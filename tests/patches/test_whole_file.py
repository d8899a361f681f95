"""Whole files in fences under their names: taken as they stand, and refused where they are not whole."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.formats.whole_file import MARK, read
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Reading

TEXT = "import os\n\n\ndef f() -> None: ...\n"
FENCED = f"```python\n{TEXT}```"


def reading(answer: str, *files: str) -> Reading:
    """Read an answer."""
    return read(answer.split("\n"), files)


def contents(answer: str, *files: str) -> dict[str | None, str | None]:
    """Return the contents by path."""
    found = reading(answer, *files).sections
    assert all(section.old_path == section.new_path for section in found)
    return {section.new_path: section.content for section in found}


def code(answer: str, *files: str) -> str:
    """Return the id of the refusal."""
    with pytest.raises(Refused) as refused:
        reading(answer, *files)
    (finding,) = refused.value.findings
    assert finding.hint
    return finding.id


@pytest.mark.parametrize(
    "answer",
    [
        f"src/a.py\n{FENCED}",
        f"src/a.py\n\n{FENCED}\n\nThat is all.",
        f"**src/a.py**:\n{FENCED}",
        f"### `src/a.py`\n{FENCED}",
        f"File: src/a.py\n{FENCED}",
        f"**File: `src/a.py`** (updated)\n{FENCED}",
        f"1. `./src/a.py`:\n\n   {FENCED.replace(chr(10), chr(10) + '   ')}",
        f"```python src/a.py\n{TEXT}```",
        f"```python:src/a.py\n{TEXT}```",
        f"```src/a.py\n{TEXT}```",
        f"```python filename=src/a.py\n{TEXT}```",
        f"src/a.py\n~~~~python\n{TEXT}~~~~",
        f"src/a.py\n{FENCED}\n\nAgain:\n\nsrc/a.py\n{FENCED}",
        f"src/a.py\n{FENCED}\n\nTry it:\n\n```bash\npython src/a.py\n```\n\n```\nok\n```",
        f"src/a.py\n{FENCED}\n\nRun:\n\n`src/a.py`\n```bash\npython src/a.py\n```",
    ],
)
def test_one_file_in_many_dresses(answer: str) -> None:
    assert contents(answer) == {"src/a.py": TEXT}


@pytest.mark.parametrize("comment", ["# src/a.py", "// src/a.py", "<!-- src/a.py -->", "/* ./src/a.py */"])
def test_a_first_comment_that_is_the_name_of_a_shown_file_names_it_and_is_not_text(comment: str) -> None:
    answer = f"Here:\n\n```python\n{comment}\n{TEXT}```"
    assert contents(answer, "src/a.py", "b.py") == {"src/a.py": TEXT}
    assert contents(answer, "b.py", "c.py") == {}
    assert contents(f"src/a.py\n```python\n{comment}\n{TEXT}```", "src/a.py") == {"src/a.py": f"{comment}\n{TEXT}"}


def test_the_only_nameless_fence_is_the_only_shown_file() -> None:
    assert contents(f"Here is the file:\n{FENCED}", "a.py") == {"a.py": TEXT}
    assert contents(f"Here:\n{FENCED}\n\n```bash\npytest\n```", "a.py") == {"a.py": TEXT}
    assert contents(f"Here:\n{FENCED}", "a.py", "b.py") == {}
    assert contents(f"Here:\n{FENCED}") == {}
    assert contents(f"{FENCED}\nor\n{FENCED}", "a.py") == {}


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Nothing.",
        "a.py\n```diff\n-x\n+y\n```",
        "a.py\n```\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n```",
        "a.py\n```\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```",
        "```\n*** Begin Patch\n*** Delete File: a.py\n*** End Patch\n```",
        '```json\n{"edits": []}\n```',
        "a.py\n```bash\npython a.py\n```",
        "```text\nall passed\n```",
        "```12:15:a.py\nx\n```",
        "Use ```x``` here.",
        "```bash\npytest",
        "```diff\n-x",
    ],
)
def test_fences_that_are_not_files_are_left_to_others(answer: str) -> None:
    assert reading(answer, "a.py") == Reading()


@pytest.mark.parametrize(
    "line", ["Before/After:", "Here is `main`:", "### Output", "Version 1.5", "See http://x.org/a.py", "1.5"]
)
def test_headings_and_sentences_are_no_paths(line: str) -> None:
    assert contents(f"{line}\n{FENCED}", "a.py", "b.py") == {}


def test_several_files_keep_their_order_and_their_spans() -> None:
    answer = f"Two files.\n\nb.py\n{FENCED}\n\nMakefile\n```\nall:\n\ttrue\n```\nempty.py\n```\n```\nDone."
    found = reading(answer)
    assert contents(answer) == {"b.py": TEXT, "Makefile": "all:\n\ttrue\n", "empty.py": ""}
    assert found.spans == [(2, 9), (10, 15), (15, 18)]
    assert [section.line for section in found.sections] == [4, 12, 17]


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n```sh\nls\n```\n\nEnd.\n",
        "```sh\nls\n```\n```py\nx\n```\n",
        "    ```\n    indented\n    ```\n",
        "~~~\nother\n~~~\n",
    ],
)
def test_fences_within_a_file_are_counted(text: str) -> None:
    assert contents(f"README.md\n```markdown\n{text}```\n\nDone.") == {"README.md": text}


def test_a_longer_fence_holds_any_shorter_one() -> None:
    text = "# T\n\n```\nls\n```\n```sh\n"
    assert contents(f"README.md\n````\n{text}````") == {"README.md": text}


@pytest.mark.parametrize(
    "answer",
    [
        "README.md\n```\n# T\n\n```\nls\n```\n\nEnd.\n```",
        "README.md\n```markdown\n# T\n\n```sh\nls\n```\n\n```\nls\n```\n\nEnd.\n```",
        'a.py\n```python\n"""Doc.\n\n```\nf(1)\n```\n"""\n```',
    ],
)
def test_a_file_whose_end_is_unclear_is_refused(answer: str) -> None:
    assert code(answer) == "patch.malformed"


@pytest.mark.parametrize(
    ("answer", "files"),
    [
        (f"a.py\n```python\n{TEXT}", ()),
        (f"```python a.py\n{TEXT}", ()),
        (f"```python\n# a.py\n{TEXT}", ("a.py", "b.py")),
        (f"Here:\n```python\n{TEXT}", ("a.py",)),
        (f"a.py\n{FENCED}\n\nb.py\n```python\nx", ()),
        (f"a.py\n{FENCED}\n\nRun:\n\n```sh\npyt", ()),
        ("README.md\n```markdown\n# T\n```sh\nls\n```\n", ()),
    ],
)
def test_a_fence_that_never_closes_is_refused(answer: str, files: tuple[str, ...]) -> None:
    assert code(answer, *files) == "patch.truncated"


def test_two_texts_of_one_file_contradict_each_other() -> None:
    assert code(f"a.py\n{FENCED}\n\na.py\n```\nother\n```") == "patch.contradiction"


@pytest.mark.parametrize(
    "line", ["# ... existing code ...", "    # rest of the file unchanged", "... existing code ..."]
)
def test_a_text_that_leaves_lines_out_is_refused(line: str) -> None:
    with pytest.raises(Refused) as refused:
        reading(f"a.py\n```python\nimport os\n{line}\n```")
    (finding,) = refused.value.findings
    assert finding.id == "patch.elided"
    assert line.strip() in finding.message


def test_the_mark_opens_fences_only() -> None:
    assert MARK.match("```python")
    assert MARK.match("~~~")
    assert not MARK.match("```x``` y")
    assert not MARK.match("``")


@pytest.mark.parametrize(
    "text",
    [
        "```\n" * 250_000,
        "```x\n" * 200_000,
        "```a.py\n" * 120_000,
        "a.py\n```\n" * 110_000,
        "a.py\n```\n```\n" * 70_000,
        "~~~~\n```\n" * 100_000,
        "```" + " " * 1_000_000 + "x",
        "a.py\n```\n" + "# ... existing\n" * 60_000 + "```",
        "a.py\n```\n" + "<" * 1_000_000 + "\n```",
        "\n" * 1_000_000,
    ],
)
def test_a_long_answer_is_read_quickly(text: str) -> None:
    lines = text.split("\n")
    began = time.process_time()
    with contextlib.suppress(Refused):
        read(lines, ("a.py",))
    assert time.process_time() - began < 20


PARTS = st.sampled_from(
    [
        "```",
        "````",
        "~~~",
        "```python",
        "```python a.py",
        "  ```",
        "a.py",
        "# a.py",
        "**b.md**",
        "x",
        "",
        "... other code ...",
        "```diff",
        "```bash",
        "<<<<<<< SEARCH",
        "*** Begin Patch",
        "--- a",
        "@@",
        "\udce9.py",
        "```\udce9.py",
        "`\x00.py`",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS | st.text(), max_size=30), st.sampled_from([(), ("a.py",), ("a.py", "b.md")]))
def test_any_lines_are_read_or_refused(lines: list[str], files: tuple[str, ...]) -> None:
    found = Reading()
    with contextlib.suppress(Refused):
        found = read(lines, files)
    assert all(0 <= first < end <= len(lines) for first, end in found.spans)
    assert bool(found.sections) == bool(found.spans)
    assert all((section.content or "\n").endswith("\n") for section in found.sections)
