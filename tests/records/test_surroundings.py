"""Facts around a patch: what stays beside new names, gathered with few questions."""

from __future__ import annotations

from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.records.surroundings import surroundings
from tests.bases import Files

TEXT = FileVersion(b"x\n")


class Counting(Files):
    """A base that counts what it is asked."""

    asked = 0

    def mode(self, path: str) -> int | None:
        self.asked += 1
        return super().mode(path)

    def siblings(self, folder: str) -> tuple[str, ...]:
        self.asked += 1
        return super().siblings(folder)


def new(path: str) -> FileChange:
    return FileChange(None, path, None, TEXT)


def moved(old: str, path: str) -> FileChange:
    return FileChange(old, path, TEXT, TEXT)


def test_only_folders_above_new_names_are_listed() -> None:
    base = Files({"a/b/c": "", "a/d": "", "e/f": "", "g": ""})
    changed = FileChange("e/f", "e/f", TEXT, FileVersion(b"y\n"))
    assert surroundings(base, (changed,)).folders == {}
    assert surroundings(base, (changed, new("a/b/n"))).folders == {"": ("a", "e", "g"), "a": ("b", "d"), "a/b": ("c",)}
    assert surroundings(base, (new("a/new/deep/er"),)).folders == {"": ("a", "e", "g"), "a": ("b", "d")}
    assert surroundings(base, (new("g/below"),)).folders == {"": ("a", "e", "g")}


def test_what_goes_is_not_beside_and_neither_is_a_folder_that_it_leaves_empty() -> None:
    base = Files({"a/b/c": "", "a/b/d": "", "e": ""})
    assert surroundings(base, (moved("a/b/c", "n"),)).folders == {"": ("a", "e")}
    assert surroundings(base, (moved("a/b/c", "n"), moved("a/b/d", "m"))).folders == {"": ("e",)}
    assert surroundings(base, (FileChange("e", None, TEXT, None), new("E"))).folders == {"": ("a",)}


def test_the_number_of_questions_does_not_grow_with_the_base() -> None:
    asked = []
    for size in (10, 1_000):
        base = Counting({f"folder{n}/file{n}": "" for n in range(size)})
        surroundings(base, (new("folder1/new"), moved("folder2/file2", "folder3/moved")))
        asked.append(base.asked)
    assert asked[0] == asked[1]


def test_a_name_of_many_parts_asks_no_more_than_what_is_there() -> None:
    base = Counting({"a/b": ""})
    surroundings(base, (new("x/" * 50_000 + "y"),))
    assert base.asked < 10


def test_a_folder_above_a_changed_file_is_listed_where_it_holds_a_head() -> None:
    base = Files({"a/r/HEAD": "", "a/r/hooks/b": "", "a/r/refs/x": "", "a/c": "", "s/head": "", "s/x": ""})
    hook = FileChange("a/r/hooks/b", "a/r/hooks/b", TEXT, FileVersion(b"y\n"))
    assert surroundings(base, (hook,)).folders == {"a/r": ("HEAD", "hooks", "refs")}
    assert surroundings(base, (FileChange("s/x", None, TEXT, None),)).folders == {"s": ("head",)}
    assert surroundings(base, (FileChange("a/c", "a/c", TEXT, FileVersion(b"y\n")),)).folders == {}
    gone = FileChange("a/r/HEAD", None, TEXT, None)
    assert surroundings(base, (hook, gone)).folders == {"a/r": ("hooks", "refs")}


def test_many_changed_files_of_one_folder_ask_about_it_once() -> None:
    base = Counting({f"a/b/file{n}": "" for n in range(100)})
    surroundings(base, tuple(FileChange(path, path, TEXT, FileVersion(b"y\n")) for path in base.paths()))
    assert base.asked < 100 * 8
