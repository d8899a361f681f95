"""`agentos check`: every wrong field of policies, profiles and tasks, each with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.pipeline.json_lines import line_of
from agentos_action.pipeline.steering import wrong_in
from tests.git import init_repo, write_files
from tests.runs import cli

POLICY = """max_placement = "wrong"
odd = 1
[limits]
max_files = "many"
max_hunks = 0
[model]
provider = "nobody"
profile = "x"
[trust]
users = ["a b"]
"""
PROFILE = """{
  "provider": "nobody",
  "name": "a",
  "base_url": "ftp://x",
  "params": {
    "temperature": "hot",
    "odd": 1
  },
  "instances": [
    {"name": "a"},
    {"name": 3}
  ]
}
"""
TASK = '+++\r\nid = "x y"\r\nodd = 1\r\n[limits]\r\nmax_files = "a"\r\n+++\r\nDo it\r\n'


INSTANCE = '{"provider": "ollama", "name": "team"}'


def told(file: Path) -> list[tuple[int | None, str | None]]:
    kinds = {".toml": "policy", ".json": "profile", ".md": "task"}
    home = file.parent / "home"
    return [(one.line, one.field) for one in wrong_in(file, kinds[file.suffix], home)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        (
            "agentos.toml",
            POLICY,
            [
                (1, "max_placement"),
                (2, "odd"),
                (4, "limits.max_files"),
                (5, "limits.max_hunks"),
                (6, "model"),
                (10, "trust.users"),
            ],
        ),
        (
            "p.json",
            PROFILE,
            [
                (2, "provider"),
                (4, "base_url"),
                (6, "params.temperature"),
                (7, "params.odd"),
                (11, "instances.1.name"),
            ],
        ),
        ("t.md", TASK, [(2, "id"), (3, "odd"), (5, "limits.max_files")]),
        ("agentos.toml", "a = 1\nb = \n", [(2, None)]),
        ("agentos.toml", '[model]\nprovider = "nobody:x"\n', [(2, "model.provider")]),
        ("agentos.toml", '[model]\nprovider = ":gpu"\n', [(2, "model.provider")]),
        ("agentos.toml", '[model]\nprovider = "ollama:gpu"\n', [(2, "model.provider")]),
        (
            "agentos.toml",
            '[model]\nprofile = "team"\nbase_url = "ftp://x"\n',
            [(2, "model.profile"), (3, "model.base_url")],
        ),
        ("agentos.toml", "\ufeff[limits]\n", [(1, None)]),
        ("agentos.toml", b"a = '\xff'\n", [(None, None)]),
        ("p.json", '{\n "provider": "llamacpp",\n "name": "a",\n "name": "b"\n}', [(4, "name")]),
        ("p.json", '{\n "provider": \n}', [(3, None)]),
        ("p.json", "[]", [(None, "the profile")]),
        ("p.json", '{\n"provider": "llamacpp"\n}', [(None, "name")]),
        ("t.md", '+++\nfiles = []\nrecipe = "cook"\n+++\n', [(3, "recipe")]),
        ("t.md", "+++\nfiles = []\n", [(1, None)]),
        ("t.md", "+++\n+++\n", [(None, None)]),
        ("t.md", b"fine\n\xff\n", [(2, None)]),
    ],
)
def test_every_wrong_field_has_its_line(
    tmp_path: Path, name: str, content: str | bytes, wanted: list[tuple[int | None, str | None]]
) -> None:
    write_files(tmp_path, {name: content})
    assert told(tmp_path / name) == wanted


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("agentos.toml", '[model]\nprovider = "ollama:gpu"\n[limits]\nmax_files = 3\n'),
        ("agentos.toml", '[model]\nprofile = "team"\nbase_url = "https://models.example.org/v1"\n'),
        ("agentos.toml", '[model]\nprovider = "openai"\nbase_url = ""\n'),
        ("p.json", '{"provider": "llamacpp", "name": "a", "base_url": "http://127.0.0.1:1"}'),
        ("t.md", "\ufeff+++\r\nfiles = ['a']\r\n+++\r\nDo it\r\n"),
        ("t.md", "Do it.\n"),
    ],
)
def test_what_a_run_could_use_is_right(tmp_path: Path, name: str, content: str) -> None:
    own = {".agentos/profiles/team.json": INSTANCE, "home/profiles/gpu.json": INSTANCE.replace("team", "gpu")}
    write_files(tmp_path, {name: content, **own})
    assert told(tmp_path / name) == []


def test_a_link_in_the_place_of_a_policy_would_be_read_as_its_name(tmp_path: Path) -> None:
    write_files(tmp_path, {"real.toml": "", "real.md": "Do it.\n"})
    (tmp_path / "agentos.toml").symlink_to("real.toml")
    (tmp_path / "t.md").symlink_to("real.md")
    (tmp_path / "gone.md").symlink_to("nowhere")
    assert told(tmp_path / "agentos.toml") == [(None, None)]
    assert told(tmp_path / "t.md") == []
    assert told(tmp_path / "gone.md") == [(None, None)]


def test_bare_it_checks_everything_of_the_repository(tmp_path: Path) -> None:
    repo = init_repo(tmp_path / "repo")
    none = cli("check", cwd=repo)
    assert (none.returncode, "the built-in policy holds" in none.stderr) == (0, True)
    files = {"agentos.toml": POLICY, ".agentos/profiles/p.json": PROFILE, ".agentos/tasks/deep/t.md": TASK, "x.md": ""}
    write_files(repo, files)
    (repo / "below").mkdir()
    done = cli("check", cwd=repo / "below")
    assert done.returncode == 2
    assert "agentos.toml:4: 'limits.max_files': Input should be a valid integer\n" in done.stderr
    assert ".agentos/profiles/p.json:6: 'params.temperature'" in done.stderr
    assert ".agentos/tasks/deep/t.md:5: 'limits.max_files'" in done.stderr
    assert "x.md" not in done.stderr
    done = cli("check", "--json", "agentos.toml", "nowhere.md", "setup.py", cwd=repo)
    rows = {row["file"]: row["errors"] for row in json.loads(done.stdout)["files"]}
    assert done.returncode == 2
    assert [len(errors) for errors in rows.values()] == [6, 1, 1]
    assert rows["nowhere.md"][0]["message"] == "No such file or directory"
    # What is wrong with the whole file stands on no line of it.
    done = cli("check", "nope.toml", cwd=repo)
    assert (done.returncode, done.stderr) == (2, "nope.toml: No such file or directory\n  Name a readable file.\n")


def test_a_model_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    write_files(tmp_path, {"agentos.toml": '[model]\nprofile = "tema"\n', ".agentos/profiles/team.json": INSTANCE})
    done = cli("check", "agentos.toml", cwd=tmp_path, env={"HOME": str(tmp_path)})
    # The machine that runs it may have profiles of its own.
    assert done.returncode == 0
    said = "agentos.toml:2: warning: 'model.profile': there is no profile 'tema' on this machine\n  Profiles here: "
    assert done.stderr.startswith(said)
    assert done.stderr.endswith(", team. See docs/models.md.\nagentos check: 1 file is right\n")


def test_right_files_pass(tmp_path: Path) -> None:
    write_files(tmp_path, {"agentos.toml": "", "t.md": "Do it.\n"})
    done = cli("check", "agentos.toml", "t.md", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "agentos check: 2 files are right\n")


VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


@given(st.dictionaries(st.text(min_size=1, max_size=5).filter(lambda key: "." not in key), VALUES, max_size=5))
def test_every_key_of_any_json_is_found_on_its_line(data: dict[str, object]) -> None:
    text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in data.items()) + "\n}"
    assert [line_of(text, key) for key in data] == list(range(2, len(data) + 2))
