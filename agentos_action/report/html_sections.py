"""The parts of a run's page that tell what was asked, judged, changed, checked and answered."""

from __future__ import annotations

from agentos_action.report.acting import acting
from agentos_action.report.html_change import change
from agentos_action.report.html_pieces import (
    MAX_ROWS,
    MAX_SHORT,
    MAX_TEXT,
    cells,
    facts,
    folded,
    listed,
    note,
    table,
    within,
)
from agentos_action.report.html_text import NOTHING, Html, element, joined, shown, text
from agentos_action.report.html_view import Row, RunView, items, number, part, parts, said

#: Bytes of HTML for all answers of a page, and for what all checks said.
MAX_BYTES = 200_000

_NOT_KEPT = "This bundle keeps the digest of this text, not the text."


def asked(view: RunView) -> Html:
    """Return the task: its words, who asked, what it may touch, the policy in force."""
    task, policy = part(view.summary, "task"), part(view.summary, "policy")
    if not task:
        return note("The run ended before its task was read.")
    instruction = said(task.get("instruction"))
    actors = items(view.event("task_loaded"), "asked_by") or items(view.event("run_finished"), "asked_by")
    told = [
        ("Task", said(task.get("task_id"))),
        ("Asked by", " ".join(filter(None, (said(task.get("requested_by")), f"({said(task.get('source'))})")))),
        ("Acting in the event", "; ".join(acting(actors))),
        ("Recipe", said(task.get("recipe"))),
        ("Files named", listed(task, "files")),
        ("May change only", listed(task, "allowed_paths")),
        ("May not change", listed(task, "forbidden_paths")),
        ("Narrows the policy", said(task.get("narrow"))),
        ("Base", said(task.get("base"))),
        ("Policy", said(policy.get("source"))),
        ("Policy digest", said(policy.get("sha256"))),
        ("Exceptions", listed(view.summary, "exceptions")),
    ]
    words = element("blockquote", shown(instruction, MAX_TEXT)) if instruction else NOTHING
    return joined(words, facts(told))


def verdict(view: RunView) -> Html:
    """Return what the rules said: every finding, with the section of the documentation that explains it."""
    found = parts(view.summary, "findings")
    judged = part(view.event("tool_result_verified"), "verdict")
    errors = sum(row.get("severity") == "error" for row in found)
    if errors:
        said_so = f"Refused: {errors:,} {'reason' if errors == 1 else 'reasons'}."
    elif judged.get("is_valid") is True:
        said_so = "Every rule of the policy was met."
    else:
        said_so = "No answer was judged."
    rows = [_finding(row) for row in found[:MAX_ROWS]]
    more = len(found) - len(rows)
    return joined(
        element("p", text(said_so)),
        element("div", table(("", "Finding", "Where", "What, and what to do"), rows), class_="verdict")
        if rows
        else NOTHING,
        note(f"{more:,} more findings are in reports/run_summary.json.") if more else NOTHING,
    )


def changed(view: RunView) -> Html:
    """Return the diff side by side, how its places were found, and what was left alone."""
    if view.diff is None:
        return note("This bundle keeps no diff: only its digest, or there was none.")
    placed = [row for row in parts(view.summary, "placements") if row.get("rung") != "exact"]
    guessed = [cells(row, ("path", "hunk", "line", "rung")) for row in placed[:MAX_ROWS]]
    left = parts(view.summary, "left")
    alone = [cells(row, ("path", "place_id", "line", "reason")) for row in left[:MAX_ROWS]]
    # A run whose delivery failed has committed all the same.
    done = view.summary.get("status") in {"committed", "applied"} or view.summary.get("commit") is not None
    return joined(
        NOTHING if done or not view.diff else note("This was proposed. The run did not put it into the repository."),
        change(view.diff) if view.diff else note("Nothing was changed."),
        folded(
            f"Hunks that were not placed exactly: {len(placed):,}", ("File", "Hunk", "At line", "Found by"), guessed
        ),
        folded(f"Places that were left alone: {len(left):,}", ("File", "Place", "Line", "Why"), alone),
    )


def checks(view: RunView) -> Html:
    """Return each check with the end of what it said."""
    found = parts(view.summary, "checks")
    if not found:
        why = said(view.event("checks_completed").get("why"))
        return note(f"None was run{f': {why}' if why else '.'}")
    return joined(*within(MAX_BYTES, [_check(row) for row in found], "checks", "reports/checks.json"))


def answered(view: RunView) -> Html:
    """Return every answer of the model, closed."""
    if not view.answers:
        return note("No model answered.")
    calls = [_answer(row) for row in view.answers[:MAX_ROWS]]
    kept = within(MAX_BYTES, calls, "calls", "patch/answers.jsonl")
    more = len(view.answers) - len(calls)
    return joined(*kept, note(f"{more:,} more calls are in patch/answers.jsonl.") if more else NOTHING)


def _finding(row: Row) -> Html:
    severity = "error" if row.get("severity") == "error" else "warning"
    found = said(row.get("id"))
    line = number(row, "line")
    place = said(row.get("path")) + (f":{line}" if line is not None else "")
    help_at = element("small", text("docs/findings.md, "), shown(found.partition(".")[0], MAX_SHORT))
    hint = element("small", shown(said(row.get("hint")), MAX_SHORT))
    return element(
        "tr",
        element("td", element("b", text(severity), class_=severity)),
        element("td", element("code", shown(found, MAX_SHORT)), help_at),
        element("td", element("code", shown(place, MAX_SHORT))),
        element("td", element("p", shown(said(row.get("message")), MAX_SHORT)), hint),
    )


def _check(row: Row) -> Html:
    good = row.get("status") == "passed"
    told = said(row.get("status")).replace("_", " ")
    code = number(row, "exit_code")
    more = [f"exit code {code}" if code else "", f"{number(row, 'duration_ms') or 0:,} ms"]
    more += ["no sandbox" if row.get("sandbox") == "none" else f"in {said(row.get('sandbox'))}"]
    word = element("b", shown(told, MAX_SHORT), class_="good" if good else "error")
    about = element("span", shown(" · ".join(filter(None, more)), MAX_SHORT), class_="dim")
    summary = element("summary", word, Html(" "), element("code", shown(said(row.get("command")), MAX_SHORT)), about)
    output = said(row.get("output"))
    cut = note("Only the end of the output was kept.") if row.get("truncated") is True else NOTHING
    body = element("pre", shown(output, MAX_TEXT), tabindex="0") if output else note("It said nothing.")
    return element("details", summary, cut, body, **({} if good else {"open": ""}))


def _answer(row: Row) -> Html:
    usage, spent = part(row, "usage"), number(row, "duration_ms")
    told = [
        said(row.get("place")),
        said(row.get("model_id")),
        f"{number(usage, 'prompt'):,} tokens in" if number(usage, "prompt") is not None else "",
        f"{number(usage, 'completion'):,} out" if number(usage, "completion") is not None else "",
        f"{spent / 1000:.2f} s" if spent is not None else "",
        said(row.get("finish_reason")),
    ]
    about = element("span", shown(" · ".join(filter(None, told)), MAX_SHORT), class_="dim")
    summary = element("summary", text(f"Call {(number(row, 'call') or 0) + 1} "), about)
    answer = row.get("answer")
    body = note(_NOT_KEPT) if not isinstance(answer, str) else element("pre", shown(answer, MAX_TEXT), tabindex="0")
    whole = number(row, "cut_from")
    cut = note(f"The bundle keeps the beginning of {whole:,} characters.") if whole is not None else NOTHING
    return element("details", summary, cut, body, facts([("Digest", said(row.get("answer_sha256")))]))
