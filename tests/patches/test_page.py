"""The page on answers and patches: its examples do what it says, its refusal is the real one."""

from __future__ import annotations

import re
from pathlib import Path

from agentos_action.patches.resolve import resolve
from agentos_action.records.patch import RUNGS
from tests.bases import Files
from tests.patches.making import after

PAGE = (Path(__file__).parents[2] / "docs" / "patches.md").read_text(encoding="utf-8")
FILE = re.findall(r"^```python\n(import os\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
ANSWERS = re.findall(r"^````answer\n(.*?)^````$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_format_s_example_makes_the_same_change() -> None:
    changed = FILE.replace("colour = read()", "color = read()").encode()
    assert len(ANSWERS) == 6
    for answer in ANSWERS[:-1]:
        found = resolve(answer, "auto", Files({"cli.py": FILE}), 10**6, files=("cli.py",))
        assert after(found) == {"cli.py": changed}


def test_the_refusal_is_the_one_that_comes_out() -> None:
    (finding,) = resolve(ANSWERS[-1], "auto", Files({"cli.py": FILE}), 10**6, files=("cli.py",)).findings
    assert f"```text\n{finding.id}\n{finding.message}\n{finding.hint}\n```" in PAGE


def test_every_rung_stands_in_the_table_in_its_order() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == RUNGS
