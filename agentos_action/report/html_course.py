"""How a run went: how long each step took, as a picture, and what chains its evidence."""

from __future__ import annotations

from datetime import datetime

from agentos_action.report.html_pieces import MAX_NAME, MAX_ROWS, MAX_SHORT, facts, note, table
from agentos_action.report.html_text import NOTHING, Html, element, joined, shown, text
from agentos_action.report.html_view import Row, RunView, part, said

_LINE = ("seq", "ts", "event", "hash")
_TAPE = ("#", "Time", "Event", "Hash")
_REPLAYABLE: dict[object, str] = {True: "yes", False: "no: the bundle does not hold answers and diff as they were"}
_UNJUDGED = "no: the run ended before an answer was judged"
_INDEX = "no: it began with the files of an index, which no commit has"


def timing(view: RunView) -> Html:
    """Return how long each step took, as bars one after the other, from the times on the tape."""
    steps = spans(view)
    total = max((end for _, _, end in steps), default=0)
    rows = []
    for name, begin, end in steps:
        at, wide = (100 * begin / total, 100 * (end - begin) / total) if total else (0, 0)
        bar = Html(
            '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            f'<rect x="{min(at, 99.4):.2f}" width="{max(wide, 0.6):.2f}" height="4" rx="0.3"/></svg>'
        )
        cells = (
            element("td", shown(name, MAX_NAME)),
            element("td", bar),
            element("td", text(f"{end - begin:,} ms"), class_="r"),
        )
        rows.append(element("tr", *cells))
    spent = part(view.summary, "timing_ms")
    rooms = [(name, f"{took:,} ms") for name, took in spent.items() if isinstance(took, int) and took]
    head = ("Up to this event", "When", "Took")
    return joined(
        element("div", table(head, rows), class_="bars") if rows else note("The tape holds no times."),
        element("h3", text("By stage")) if rooms else NOTHING,
        facts(rooms, class_="spent"),
    )


def chained(view: RunView) -> Html:
    """Return what ties bundle, tape and commit together, and how to check it."""
    summary, commit = view.summary, view.event("git_commit")
    judged = view.event("checks_completed")
    digests = part(judged, "digests")
    told = [
        ("Run", said(summary.get("run_id"))),
        ("Commit", said(summary.get("commit"))),
        ("Tree", said(commit.get("tree"))),
        ("AgentOS-Evidence", said(commit.get("prev"))),
        ("Head of the tape", said(summary.get("evidence_hash"))),
        *((f"Digest of {name}", said(value)) for name, value in digests.items()),
        ("Replayable", _replayable(view)),
        ("Goes on from run", said(summary.get("parent"))),
        ("Written by", f"AgentOS Action {said(summary.get('version'))}"),
    ]
    rows = [
        element("tr", *(element("td", element("code", shown(said(row.get(key)), MAX_SHORT))) for key in _LINE))
        for row in view.events[:MAX_ROWS]
    ]
    lost = note(f"{view.unread:,} lines of the bundle could not be read.") if view.unread else NOTHING
    command = element("pre", text("agentos evidence verify DIR"), tabindex="0", aria_label="Command")
    how = element("p", text("This page proves nothing by itself. Check the folder that it lies in:"))
    tape = element("details", element("summary", text(f"The tape: {len(view.events)} events")), table(_TAPE, rows))
    return joined(lost, how, command, facts(told), tape)


def _replayable(view: RunView) -> str:
    """Return whether the answers can be read once more, as `agentos evidence replay` would tell it."""
    if not view.event("checks_completed"):
        return _UNJUDGED
    if view.event("run_started").get("target") == "worktree":
        return _INDEX
    return _REPLAYABLE.get(view.summary.get("replayable"), "")


def spans(view: RunView) -> list[tuple[str, int, int]]:
    """Return each event with the milliseconds from the first one at which its step began and ended."""
    timed = [(said(row.get("event")), at) for row in view.events[:MAX_ROWS] if (at := _moment(row)) is not None]
    found: list[tuple[str, int, int]] = []
    last = 0
    for name, at in timed[1:]:
        # A clock that was set back makes a step of no length, not one of less.
        now = max(last, round((at - timed[0][1]) * 1000))
        found.append((name, last, now))
        last = now
    return found


def _moment(row: Row) -> float | None:
    try:
        return datetime.fromisoformat(said(row.get("ts"))).timestamp()
    except ValueError:
        return None
