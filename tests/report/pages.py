"""Pages for tests: a bundle in which every field that is foreign text holds the text given."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from agentos_action.report.html_page import page
from agentos_action.report.html_view import RunView, view_of

DIGEST = "5f" * 32
MARKS = frozenset({"i", "mark"})
#: Elements that have no end tag.
VOID = frozenset({"meta", "rect"})


def view(said: str = "x", *, diff: str | None = None, status: str = "rejected") -> RunView:
    """Return the view of a run that found, checked, placed and answered something, each time in these words."""
    return view_of(
        json.dumps(_summary(said, status)).encode(),
        b"".join(json.dumps(event).encode() + b"\n" for event in _events(said)),
        json.dumps(_answer(said)).encode() + b"\n",
        (one_change(said) if diff is None else diff).encode("utf-8", "surrogatepass"),
    )


def one_change(said: str) -> str:
    """Return a diff that changes one line, in which names and lines hold these words."""
    line = said.replace("\n", " ")
    return (
        f"diff --git a/{line} b/{line}\n--- a/{line}\n+++ b/{line}\n@@ -1,2 +1,3 @@ {line}\n"
        f" {line}\n-old {line} tail\n+new {line} tail\n+{line}\n"
    )


def _summary(said: str, status: str) -> dict[str, Any]:
    task = dict.fromkeys(("task_id", "instruction", "requested_by", "source", "recipe", "base"), said)
    return {
        **dict.fromkeys(("run_id", "message", "hint", "model_id", "commit", "version", "evidence_hash"), said),
        "status": status,
        "task": {**task, **{key: [said, said] for key in ("files", "allowed_paths", "forbidden_paths")}},
        "policy": {"source": said, "sha256": said},
        "exceptions": [said],
        "findings": [{"id": said, "severity": "error", "path": said, "line": 3, "message": said, "hint": said}],
        "checks": [
            {"command": said, "status": said, "exit_code": 1, "duration_ms": 5, "output": said, "sandbox": said}
        ],
        "placements": [{"path": said, "hunk": 1, "line": 1, "rung": "indent"}],
        "left": [{"path": said, "place_id": said, "line": 1, "reason": said}],
        "timing_ms": {said: 12},
        "usage": {"prompt_tokens": 1867, "cached_tokens": 5, "completion_tokens": 40},
        "replayable": True,
        "parent": said,
    }


def _events(said: str) -> list[dict[str, Any]]:
    names = ("run_started", said, "tool_result_verified", "checks_completed", "git_commit", "run_finished")
    extra: dict[str, dict[str, Any]] = {
        "checks_completed": {"digests": {said: said}},
        "git_commit": {"tree": said, "prev": said},
    }
    return [
        {"seq": at, "ts": f"2026-11-21T12:27:54.{at:03d}+00:00", "event": name, "hash": said, **extra.get(name, {})}
        for at, name in enumerate(names)
    ]


def _answer(said: str) -> dict[str, Any]:
    usage = {"prompt": 1, "completion": 2}
    told = {"answer": said, "place": said, "model_id": said, "finish_reason": said, "answer_sha256": said}
    return {"call": 0, "duration_ms": 5, "usage": usage, **told}


class Skeleton(HTMLParser):
    """The elements of a page with their attributes, in order, and its text; marks are kept apart."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.marks: list[str] = []
        self.open: list[str] = []
        self.other: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag in MARKS and not attrs:
            self.marks.append(tag)
        else:
            self.elements.append((tag, tuple(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened = self.open.pop() if self.open else None
        if opened != tag:
            self.other.append(f"</{tag}> closes <{opened}>")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.other.append(f"comment {data}")

    def unknown_decl(self, data: str) -> None:
        self.other.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.other.append(f"instruction {data}")


def skeleton(html: str) -> Skeleton:
    """Parse a page; whatever is not properly closed, a comment or a declaration stands in `other`."""
    parsed = Skeleton()
    parsed.feed(html)
    parsed.close()
    parsed.other += [f"<{tag}> is never closed" for tag in parsed.open]
    return parsed


def page_of(said: str) -> str:
    """Return the page of a run in which every foreign text is this one."""
    return page(view(said))
