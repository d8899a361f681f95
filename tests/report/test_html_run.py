"""The page of real runs: it lies in the bundle, its digest in the sums, and it is made of the bundle's files alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.report.html_page import page
from agentos_action.report.html_view import view_of
from tests.git import make_repo
from tests.report.pages import skeleton
from tests.runs import diff_answer, scripted

ANSWERS = {
    "committed": diff_answer("a.txt", "one", "<b>1</b>"),
    "rejected": diff_answer("a.txt", "one", "<b>1</b> \u202e"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_run_leaves_its_page(tmp_path: Path, answer: str) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    report = scripted(repo, tmp_path, ANSWERS[answer])
    assert report.status == answer
    folder = Path(report.evidence or "")
    html = (folder / "reports" / "report.html").read_bytes()
    told = skeleton(html.decode("utf-8"))
    assert told.other == []
    assert report.status.replace("_", " ").capitalize() in "".join(told.text)
    assert str(report.run_id) in "".join(told.text)
    sums = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    assert f"{hashlib.sha256(html).hexdigest()}  reports/report.html\n" in sums
    assert verify_bundle(folder).problems == ()
    assert page(view_of(*map(_content, _files(folder)))).encode() == html  # type: ignore[arg-type]
    assert len(html) < 60_000


def _files(folder: Path) -> list[Path]:
    names = ("reports/run_summary.json", "audit/run_tape.jsonl", "patch/answers.jsonl", "patch/canonical.diff")
    return [folder / name for name in names]


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def test_no_secret_reaches_the_page(tmp_path: Path) -> None:
    secret = "s3cr3t<&>token-of-somebody"
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    report = scripted(repo, tmp_path, diff_answer("a.txt", "one", secret), secrets=(secret,))
    html = (Path(report.evidence or "") / "reports" / "report.html").read_text(encoding="utf-8")
    assert "token-of-somebody" not in html
    assert "[redacted:" in html
