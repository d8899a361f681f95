"""A GGUF file of the user's own: checked, named after its head, and served from where it lies."""

from __future__ import annotations

import argparse
import json
import os
import struct
from pathlib import Path

import pytest

from agentos_action.entry.commands import run as run_command
from agentos_action.entry.request import run_request
from agentos_action.errors import UsageError
from agentos_action.records.run import RunRequest
from agentos_action.sidecar import models
from agentos_action.sidecar.file import own_model, own_name
from tests.git import make_repo
from tests.runs import cli


def gguf_file(path: Path, **told: str) -> Path:
    """Write the smallest GGUF file whose head says this."""
    pairs = b"".join(
        struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
        for key, value in ((f"general.{name}".encode(), text.encode()) for name, text in told.items())
    )
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(told)) + pairs)
    return path


def test_name_and_licence_are_what_the_head_says(tmp_path: Path) -> None:
    file = gguf_file(tmp_path / "x.gguf", name="Qwen 3 / Coder\n30B", license="apache-2.0")
    model = own_model(file, None)
    assert (model.name, model.license) == ("Qwen-3-Coder-30B", "apache-2.0")
    assert (model.path, model.sha256) == (str(file), models.digest_of(file))
    assert models.check(model) == model


@pytest.mark.parametrize(
    ("said", "name"),
    [("", "x"), ("\u202e/", "x"), ("smollm2-135m", "smollm2-135m-file"), ("--model", "model"), ("a" * 300, "a" * 100)],
)
def test_a_name_is_fit_to_be_one_and_not_that_of_a_known_model(tmp_path: Path, said: str, name: str) -> None:
    assert own_name(gguf_file(tmp_path / "x.gguf", name=said)) == name


def test_another_digest_is_not_loaded(tmp_path: Path) -> None:
    file = gguf_file(tmp_path / "x.gguf")
    own_model(file, f"sha256:{models.digest_of(file).upper()}")
    with pytest.raises(UsageError, match="another SHA-256 than expected"):
        own_model(file, "0" * 64)
    with pytest.raises(UsageError, match="is not a SHA-256 digest"):
        own_model(file, "abc")


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    # Opening this one would wait for a writer.
    os.mkfifo(tmp_path / "pipe.gguf")
    for name in ("none.gguf", "text.gguf", "pipe.gguf", "."):
        says = "cannot read" if name == "none.gguf" else "is not a GGUF"
        with pytest.raises(UsageError, match=says):
            own_name(tmp_path / name)


def test_a_file_that_changes_meanwhile_is_noticed_and_its_folder_stays_as_it_is(tmp_path: Path) -> None:
    model = own_model(gguf_file(tmp_path / "x.gguf", name="one"), None)
    Path(model.path).touch()
    models.check(model)
    assert [path.name for path in tmp_path.iterdir()] == ["x.gguf"]


@pytest.mark.model
def test_a_run_uses_the_file_where_it_lies(embedded_model: models.Model, tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.py": '"""A module."""\n\n\ndef to_upper(text):\n    return text.upper()\n'})
    given = ("--gguf", embedded_model.path, "--gguf-sha256", embedded_model.sha256, "--context", "2048")
    done = cli("run", "--recipe", "docstrings", *given, "--threads", "1", "--dry-run", "--json", cwd=repo)
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) == (0, "dry_run"), done.stdout + done.stderr
    assert report["model_id"] == own_name(Path(embedded_model.path))


def asked(*argv: str) -> RunRequest:
    """Return the request of `agentos run` with these words."""
    parser = argparse.ArgumentParser()
    run_command.arguments(parser)
    return run_request(parser.parse_args(["--instruction", "x", *argv]))


def test_a_file_is_the_embedded_model_under_its_own_name(tmp_path: Path) -> None:
    file = str(gguf_file(tmp_path / "x.gguf", name="one"))
    request = asked("--gguf", file, "--context", "8192")
    assert (request.embedded, request.flags.model) == (True, "one")
    assert (request.gguf, request.context_tokens) == (Path(file), 8192)
    for argv, says in (
        (("--gguf", file, "--provider", "openai"), "--gguf cannot be combined with another model"),
        (("--gguf", file, "--model", "two"), "both name the model"),
        (("--gguf-sha256", "0" * 64), "--gguf-sha256 is given without --gguf"),
        (("--context", "8192", "--provider", "openai"), "--context is for a server of our own"),
    ):
        with pytest.raises(UsageError, match=says):
            asked(*argv)
