"""Bytes and scraps of every format, mixed: only findings or a patch come out, the same ones each time."""

from __future__ import annotations

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.parse import to_patch
from agentos_action.patches.resolve import Resolved, resolve
from agentos_action.records.patch import MODE_GITLINK, MODE_LINK, RUNGS
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.records.task import EditFormat
from agentos_action.records.tool import OutputKind
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify
from tests.bases import Files, written

TEXT = "import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 1\n"
BASE = Files(
    {
        "a.py": TEXT,
        "b/c.txt": b"x\r\n\xff y\r\nx\r\n",
        "n.md": "# t\n```\ncode\n```\n--- a/x\n+++ b/x\n",
        "e": b"",
        "l": "a.py",
    },
    {"l": MODE_LINK, "sub": MODE_GITLINK},
)
FORMATS: tuple[EditFormat, ...] = get_args(EditFormat)

FRAGMENTS = st.sampled_from(
    [
        *("--- a/a.py\n+++ b/a.py\n", "--- /dev/null\n+++ b/new\n", "--- a/e\n+++ /dev/null\n", "--- a/n.md\n"),
        *("+++ b/n.md\n", "diff --git a/a.py b/a.py\n", "diff --git a/a.py b/z.py\n", "--- a/b/c.txt\n+++ b/b/c.txt\n"),
        *("new file mode 100644\n", "deleted file mode 100644\n", "rename from a.py\nrename to z.py\n", "index 1..2\n"),
        *("copy from a.py\ncopy to y.py\n", "old mode 100644\nnew mode 100755\n", "GIT binary patch\n", "--- sub\n"),
        *("@@ -4,2 +4,2 @@\n", "@@ -1,9 +1,9 @@ def two():\n", "@@\n", "@@ ... @@\n", "@@ -0,0 +1 @@\n", "@@ -1 +1"),
        *(
            " def one():\n",
            "-    return 1\n",
            "+    return 2\n",
            " \n",
            "\n",
            "\n\n",
            "-x\n",
            "-x\r\n",
            "+x\r\n",
            "+z\n",
        ),
        *(
            "- \udcff y\n",
            "+é\n",
            "\\ No newline at end of file\n",
            " ... existing code ...\n",
            "+# ... rest of code ...\n",
        ),
        *(
            "def two():\n",
            "\tdef one():\n",
            "    return 1\n",
            " ```\n",
            "-```\n",
            "```\n",
            "```diff\n",
            "~~~\n",
            "````\n",
        ),
        *(
            "```python\n",
            "```json\n",
            "  ```diff\n",
            "  --- a/a.py\n  +++ b/a.py\n",
            "<patch>\n",
            "</patch>\n",
            "<!--\n",
        ),
        *(
            "-->\n",
            "a.py\n",
            "**a.py**\n",
            "`new.py`:\n",
            "<<<<<<< SEARCH\n",
            "=======\n",
            ">>>>>>> REPLACE\n",
            "<<<<<",
        ),
        *("*** Begin Patch\n", "*** End Patch\n", "*** Update File: a.py\n", "*** Add File: q\n", "*** End of File\n"),
        *("*** Delete File: e\n", "*** Move to: m.py\n", "@@ def two():\n", "apply_patch <<'EOF'\n", "EOF\n"),
        '{"edits": [{"op": "replace", "path": "a.py", "old": "return 1", "new": "x"}]}\n',
        '{"edits": [{"op": "delete", "path": "e"}]}\n',
        '{"edits": [{"op": "insert_after", "path": "a.py", "after": "import  os", "new": "x"}]}\n',
        *('{"edits": [', "<think>", "</think>\n", "&lt;b&gt; &amp;\n", "\ufeff", "> --- a/a.py\n> +++ b/a.py\n", "\r"),
        *("Use this instead:\n", "Here it is.\n", "- item\n", "1. item\n", "-- \n2.43.0\n", "  1| import os\n", TEXT),
        *("*** Begin Patch\n*** Update File: a.py\n@@\n-import os\n+import sys\n*** End Patch\n",),
        *("a.py\n<<<<<<< SEARCH\nimport os\n=======\nimport re\n>>>>>>> REPLACE\n",),
        *("--- a/a.py\n+++ b/a.py\n@@ -4,2 +4,2 @@\n def one():\n-    return 1\n+    return 2\n",),
        *(
            "--- a/n.md\n+++ b/n.md\n@@ -2,3 +2,3 @@\n ```\n-code\n+more\n ```\n",
            f"a.py\n```python\n{TEXT}x = 1\n```\n",
        ),
    ]
)
HALVES = st.builds(lambda text, at: text[: at % (len(text) + 1)], FRAGMENTS, st.integers(0, 40))
ANY = st.text(st.characters(exclude_categories=()), max_size=20)
MIXTURES = st.lists(st.one_of(FRAGMENTS, FRAGMENTS, FRAGMENTS, HALVES, ANY), max_size=14).map("".join)
RAW = st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
SHOWN = st.sampled_from([(), ("a.py",), ("n.md",), ("a.py", "b/c.txt", "n.md", "e")])


def _read(answer: str, edit_format: EditFormat, files: tuple[str, ...]) -> Resolved:
    return resolve(answer, edit_format, BASE, 10**6, files=files)


def _check(answer: str, edit_format: EditFormat, files: tuple[str, ...]) -> None:
    found = _read(answer, edit_format, files)
    assert found == _read(answer, edit_format, files)
    assert not (found.findings and (found.changes or found.placements))
    for finding in found.findings:
        assert finding.message
        assert written(finding)
    if found.besides is not None:
        assert found.findings
        patch = to_patch(found.besides.changes)
        around = surroundings(BASE, patch.changes)
        kind: OutputKind = "diff" if patch.text else "analysis"
        subject = Subject(patch, Policy(), around, output_kind=kind, sources=found.besides.sources)
        assert verify(subject, "", found_before=found.findings).accepted is None
    if found.findings:
        return
    patch = to_patch(found.changes)
    assert {file.path for file in patch.files} == {change.path for change in patch.changes}
    for placed in found.placements:
        file = BASE.read(placed.path)
        assert file is not None
        assert 1 <= placed.line <= max(1, file.content.count(b"\n") + 1)
        assert placed.rung in RUNGS
        assert placed.hunk >= 1


@settings(max_examples=300)
@given(RAW | ANY, st.sampled_from(FORMATS), SHOWN)
def test_any_bytes_give_findings_or_a_patch(answer: str, edit_format: EditFormat, files: tuple[str, ...]) -> None:
    _check(answer, edit_format, files)


@settings(max_examples=600)
@given(MIXTURES, st.sampled_from(FORMATS), SHOWN)
def test_any_mixture_of_fragments_gives_findings_or_a_patch(
    answer: str, edit_format: EditFormat, files: tuple[str, ...]
) -> None:
    _check(answer, edit_format, files)
