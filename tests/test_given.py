"""Files handed over as texts are a base like any other."""

from __future__ import annotations

from agentos_action.given import GivenFiles
from agentos_action.records.base import MODE_TREE, blocked_by
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK, FileVersion

BASE = GivenFiles(
    {"a.txt": b"one\n", "d/x.sh": b"x\n", "l": b"a.txt", "m": b"content", "/abs": b"", "../up": b"u"},
    {"d/x.sh": MODE_EXEC, "l": MODE_LINK, "m": MODE_GITLINK, "n/mod": MODE_GITLINK, "k": MODE_LINK},
)


def test_contents_and_modes() -> None:
    assert BASE.read("a.txt") == FileVersion(b"one\n", MODE_FILE)
    assert BASE.read("d/x.sh") == FileVersion(b"x\n", MODE_EXEC)
    assert BASE.read("l") == FileVersion(b"a.txt", MODE_LINK)
    assert BASE.read("k") == FileVersion(b"", MODE_LINK)
    assert (BASE.size("a.txt"), BASE.size("m"), BASE.size("none")) == (4, 0, 0)


def test_a_submodule_has_no_content() -> None:
    assert (BASE.read("m"), BASE.mode("m")) == (None, MODE_GITLINK)
    assert blocked_by(BASE, "n/mod/x") == ("n/mod", MODE_GITLINK)


def test_folders_are_what_files_lie_in() -> None:
    assert BASE.mode("d") == BASE.mode("n") == MODE_TREE
    assert BASE.mode("") is None
    assert BASE.mode("d/") is None
    assert BASE.siblings("d") == ("x.sh",)
    assert "a.txt" in BASE.siblings("")


def test_names_are_just_names() -> None:
    assert BASE.read("../up") == FileVersion(b"u", MODE_FILE)
    assert list(BASE.paths()) == ["../up", "/abs", "a.txt", "d/x.sh"]
