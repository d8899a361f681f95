"""Task files: every key, every way to get one wrong, and any text at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.tasks.file import MAX_TASK_BYTES, parse_task, read_task_file, task_id_of

FULL = """+++
id = "add-docs"
files = ["a.py", "b/c.py"]
allowed_paths = ["src/**"]
forbidden_paths = ["*.lock"]
timeout_seconds = 12.5
edit_format = "structured"
recipe = "docstrings"
+++

# Do it

Both lines.
"""


def write(tmp_path: Path, content: bytes | str, name: str = "task.md") -> Path:
    """Write a task file byte for byte."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(tmp_path: Path, content: bytes | str) -> str:
    """Return the message with which the file is refused, without its folder."""
    with pytest.raises(UsageError) as caught:
        read_task_file(write(tmp_path, content))
    assert caught.value.hint
    return caught.value.message.replace(f"{tmp_path}/", "")


def test_every_key_is_read(tmp_path: Path) -> None:
    task = read_task_file(write(tmp_path, FULL))
    assert (task.task_id, task.files, task.source) == ("add-docs", ("a.py", "b/c.py"), "file")
    assert (task.allowed_paths, task.forbidden_paths) == (("src/**",), ("*.lock",))
    assert (task.timeout_seconds, task.edit_format, task.recipe) == (12.5, "structured", "docstrings")
    assert task.instruction == "# Do it\n\nBoth lines."


def test_without_front_matter_the_whole_text_is_the_instruction(tmp_path: Path) -> None:
    task = read_task_file(write(tmp_path, "Change it.\n+++\nid = 3\n", "Fix the bug!.md"))
    assert task.instruction == "Change it.\n+++\nid = 3"
    assert (task.task_id, task.timeout_seconds, task.files) == ("Fix-the-bug", 300.0, ())


@pytest.mark.parametrize(
    "content",
    [FULL.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + FULL.encode(), FULL.replace("+++", "+++ ").encode()],
)
def test_other_line_ends_a_byte_order_mark_and_blanks_change_nothing(tmp_path: Path, content: bytes) -> None:
    assert read_task_file(write(tmp_path, content)) == read_task_file(write(tmp_path, FULL))


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("idd = 'x'", "task.md:2: unknown key 'idd'"),
        ("id = 'x'\nfile = ['a']", "task.md:3: unknown key 'file'"),
        ("id = '../x'", "task.md:2: key 'id': "),
        ("id = ''", "task.md:2: key 'id': "),
        ("files = 'a.py'", "task.md:2: key 'files': "),
        ("files = [1]", "task.md:2: key 'files': "),
        ("\nallowed_paths = ['/x']", "task.md:3: key 'allowed_paths': '/x': patterns start at the repository's root"),
        ("allowed_paths = ['!x']", "task.md:2: key 'allowed_paths': "),
        ("forbidden_paths = ['!']", "task.md:2: key 'forbidden_paths': "),
        ("timeout_seconds = 'long'", "task.md:2: key 'timeout_seconds': "),
        ("timeout_seconds = 0", "task.md:2: key 'timeout_seconds': "),
        ("timeout_seconds = inf", "task.md:2: key 'timeout_seconds': "),
        ("timeout_seconds = nan", "task.md:2: key 'timeout_seconds': "),
        ("edit_format = 'patch'", "task.md:2: key 'edit_format': "),
        ("recipe = 3", "task.md:2: key 'recipe': "),
        ("id = 'x'\nid = 'y'", "task.md:3: not valid TOML: "),
        ("id = ", "task.md:2: not valid TOML: "),
    ],
)
def test_a_wrong_key_is_refused_with_line_and_key(tmp_path: Path, front: str, message: str) -> None:
    assert refusal(tmp_path, f"+++\n{front}\n+++\nDo it.\n").startswith(message)


def test_front_matter_that_never_closes_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "+++\nid = 'x'\nDo it.\n") == "task.md:1: the front matter opens with +++ but never closes"


def test_front_matter_in_yaml_is_not_read_as_words(tmp_path: Path) -> None:
    yaml = "---\nallowed_paths: [a.txt]\n---\nDo it.\n"
    assert refusal(tmp_path, yaml) == "task.md:1: front matter in YAML"
    for words in ("---\nDo it.\n", "---\nDo it.\n---\nNow.\n", "Do it.\n---\nfiles: all\n---\n"):
        assert read_task_file(write(tmp_path, words)).instruction == words.strip()


@pytest.mark.parametrize("content", ["", " \n\t\n", "+++\n+++\n", "+++\nid = 'x'\n+++\n \n"])
def test_a_task_without_an_instruction_is_refused(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, content) == "task.md: the task has no instruction"


def test_a_recipe_needs_no_instruction(tmp_path: Path) -> None:
    task = read_task_file(write(tmp_path, "+++\nrecipe = 'docstrings'\n+++\n"))
    assert (task.recipe, task.instruction) == ("docstrings", "")


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"one\ntwo\nthr\xe9e\n") == "task.md:3: not UTF-8"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"x" * (MAX_TASK_BYTES + 1)) == f"task.md: larger than {MAX_TASK_BYTES} bytes"
    assert len(read_task_file(write(tmp_path, b"x" * MAX_TASK_BYTES)).instruction) == MAX_TASK_BYTES


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_task_file(tmp_path / "none.md")
    with pytest.raises(UsageError, match="Is a directory"):
        read_task_file(tmp_path)


@given(st.text())
def test_any_name_gives_a_usable_id(name: str) -> None:
    slug = task_id_of(name)
    assert parse_task("x", "w", default_id=slug).task_id == slug


FRONT = st.lists(st.one_of(st.text(max_size=20), st.sampled_from(["+++", "id = 'x'", "files = []", "recipe = 'r'"])))


@given(st.one_of(st.text(), FRONT.map("\n".join), FRONT.map(lambda lines: "\n".join(["+++", *lines, "+++", "body"]))))
def test_any_text_is_a_task_or_a_refusal_that_names_the_file(text: str) -> None:
    try:
        said = f"t.md {parse_task(text, 't.md', default_id='t').instruction}"
    except UsageError as error:
        said = error.message
    assert said.startswith("t.md")
