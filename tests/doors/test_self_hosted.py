"""The unit and the compose file of the self-hosted example: what their own tools say of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.doors.tree import ROOT

FOLDER = ROOT / "examples/self-hosted"
UNIT = FOLDER / "llama-server.service"
COMPOSE = FOLDER / "compose.yaml"
ANALYZE = shutil.which("systemd-analyze")


def test_the_address_is_one_in_all_three() -> None:
    workflow = (ROOT / "examples/workflows/self-hosted.yml").read_text(encoding="utf-8")
    assert "base-url: http://127.0.0.1:8080\n" in workflow
    assert "--host 127.0.0.1 --port 8080 " in UNIT.read_text(encoding="utf-8")
    assert yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["llama"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_compose_file_has_the_form_of_one() -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    argv = [str(tool), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze")
def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    # Whether the program is there is this machine's affair.
    text = UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/llama-server", sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(text, encoding="utf-8")
    checked = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert UNIT.name not in checked.stdout + checked.stderr
    argv = [str(ANALYZE), "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    confined = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert confined.returncode == 0, confined.stdout + confined.stderr
