"""Whether a change breaks what its language could read before."""

from __future__ import annotations

import pytest

from agentos_action.patches.syntax import MOST_BYTES, broken
from tests.bases import Files
from tests.patches.making import codes, read


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.py", b"import os\n", b"import os\nx = (\n"),
        ("a.py", b"def f():\n    return 1\n", b"def f():\nreturn 1\n"),
        ("a.pyi", b"class A: ...\n", b"class A ...\n"),
        ("a.py", b"import os\n", b"import os\n\0\n"),
        ("d/c.json", b'{"a": 1}', b'{"a": }'),
        ("c.toml", b"a = 1\n", b"a = 1\na = 2\n"),
        ("c.toml", b"a = 1\n", b"a = '\xff'\n"),
        ("c.json", b"[]", b"[" * 100_000),
    ],
)
def test_a_file_that_could_be_read_and_cannot_be_is_broken(path: str, old: bytes, new: bytes) -> None:
    assert broken(path, old, new)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.py", b"import os\n", b"import re\n"),
        ("a.py", b"import os\nx = (\n", b"import re\nx = (\n"),
        ("a.py", b"print 'two'\n", b"print (\n"),
        ("a.txt", b"import os\n", b"import (\n"),
        ("py", b"x", b"(\n"),
        ("a.json", b"{", b"}"),
        ("a.json", b"{}", b"{}"),
        ("a.py", b"import os\n", b"import os\nx = '\\d'\n"),
        ("a.py", b"import os\n" + b"#" * MOST_BYTES, b"import (\n"),
    ],
)
def test_other_files_and_those_that_were_broken_before_are_never_wrong(path: str, old: bytes, new: bytes) -> None:
    assert broken(path, old, new) is None


def test_a_patch_that_breaks_a_program_is_refused_and_says_where() -> None:
    answer = "--- a/a.py\n+++ b/a.py\n@@ -2 +2 @@\n-x = (1)\n+x = (1\n"
    found = read(answer, Files({"a.py": "import os\nx = (1)\n"}))
    assert codes(found) == ["patch.breaks-syntax"]
    assert "line 2" in found.findings[0].message
