"""The page of one run: HTML that needs nothing else, runs nothing, and shows every foreign text as text."""

from __future__ import annotations

from agentos_action.report.html_change import counts
from agentos_action.report.html_course import chained, spans, timing
from agentos_action.report.html_pieces import MAX_NAME, MAX_SHORT
from agentos_action.report.html_sections import answered, asked, changed, checks, verdict
from agentos_action.report.html_style import POLICY, STYLE
from agentos_action.report.html_text import NOTHING, Html, element, joined, plain, shown, text
from agentos_action.report.html_view import RunView, number, part, parts, said

MAX_TITLE = 160

#: What each way to end looks like; any other is one that needs a look.
_LOOKS = {
    **dict.fromkeys(("committed", "applied", "dry_run", "no_change"), ("good-run", "✓")),
    **dict.fromkeys(("rejected", "boundary_violated", "bug"), ("bad-run", "✕")),
}
_PARTS = (
    ("asked", "What was asked", asked),
    ("verdict", "Verdict", verdict),
    ("change", "The change", changed),
    ("checks", "Checks", checks),
    ("answer", "What was answered", answered),
    ("timing", "Timing", timing),
    ("chain", "Evidence", chained),
)


def page(view: RunView) -> str:
    """Return the page; the same view always gives the same page."""
    title = plain(f"{_status(view)}: {_title(view)}")
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>"
    )
    body = joined(
        Html('<a class="skip" href="#asked">To the report</a>\n'),
        _head(view),
        element("main", *(_part(name, words, build(view)) for name, words, build in _PARTS)),
        _foot(view),
    )
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def _part(name: str, words: str, inside: Html) -> Html:
    heading = Html(f'<h2 id="{name}-title">{words}</h2>')
    return Html(f'\n<section id="{name}" aria-labelledby="{name}-title">{heading}{inside}</section>')


def _head(view: RunView) -> Html:
    summary = view.summary
    looks, sign = _LOOKS.get(said(summary.get("status")), ("odd-run", "!"))
    run = element(
        "p", text("AgentOS run "), element("code", shown(said(summary.get("run_id")), MAX_TITLE)), class_="who"
    )
    badge = Html(f'<span class="status"><span aria-hidden="true">{sign}</span> {text(_status(view))}</span>')
    hint = said(summary.get("hint"))
    came = element(
        "p",
        badge,
        Html(" "),
        shown(said(summary.get("message")), MAX_SHORT),
        element("small", shown(hint, MAX_SHORT)) if hint else NOTHING,
        class_="came",
    )
    links = (element("a", Html(words), href=f"#{name}") for name, words, _ in _PARTS)
    nav = element("nav", *links, aria_label="Parts of this report")
    heading = element("h1", text(_title(view)))
    return element("header", element("div", run, heading, came, _tiles(view), nav), class_=looks)


def _tiles(view: RunView) -> Html:
    summary = view.summary
    model = said(summary.get("model_id")) or said(summary.get("requested_model"))
    told = [
        ("Model", model),
        ("Verdict", _verdict(view)),
        ("Change", _change(view)),
        ("Checks", _checks(view)),
        ("Tokens", _tokens(view)),
        ("Time", f"{spans(view)[-1][2] / 1000:,.2f} s" if spans(view) else ""),
    ]
    tiles = [
        element("div", element("dt", text(name)), element("dd", shown(value, MAX_TITLE)))
        for name, value in told
        if value
    ]
    return element("dl", *tiles, class_="tiles") if tiles else NOTHING


def _status(view: RunView) -> str:
    return said(view.summary.get("status"))[:MAX_NAME].replace("_", " ").capitalize() or "Unknown"


def _title(view: RunView) -> str:
    task = part(view.summary, "task")
    words = " ".join(said(task.get("instruction")).split())
    title = words or said(task.get("recipe")) or said(task.get("task_id")) or "No task was read"
    return title if len(title) <= MAX_TITLE else f"{title[:MAX_TITLE]}…"


def _verdict(view: RunView) -> str:
    found = parts(view.summary, "findings")
    errors = sum(row.get("severity") == "error" for row in found)
    if errors:
        return f"refused, {errors:,} {'error' if errors == 1 else 'errors'}"
    valid = part(view.event("tool_result_verified"), "verdict").get("is_valid")
    warned = f", {len(found):,} {'warning' if len(found) == 1 else 'warnings'}" if found else ""
    return f"accepted{warned}" if valid is True else "none"


def _change(view: RunView) -> str:
    if not view.diff:
        return "none" if view.diff is not None else ""
    files, added, removed = counts(view.diff)
    return f"+{added:,} −{removed:,} in {files:,} {'file' if files == 1 else 'files'}"  # noqa: RUF001 - a minus


def _checks(view: RunView) -> str:
    found = parts(view.summary, "checks")
    passed = sum(row.get("status") == "passed" for row in found)
    return f"{passed:,} of {len(found):,} passed" if found else "none"


def _tokens(view: RunView) -> str:
    usage = part(view.summary, "usage")
    asked_for, given = number(usage, "prompt_tokens"), number(usage, "completion_tokens")
    if asked_for is None and given is None:
        return ""
    cached = number(usage, "cached_tokens")
    reused = f" ({cached:,} cached)" if cached else ""
    return f"{asked_for or 0:,} in{reused}, {given or 0:,} out"


def _foot(view: RunView) -> Html:
    said_so = f"Written by AgentOS Action {said(view.summary.get('version'))} from the files of this bundle. "
    marks = "Characters that steer or cannot be seen are shown as marks, such as "
    return element("footer", element("p", shown(said_so, MAX_SHORT), text(marks), Html("<i>\\u202e</i>.")))
