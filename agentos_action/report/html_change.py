"""The diff side by side: one table a file, with line numbers and the changed words marked."""

from __future__ import annotations

from agentos_action.report.html_diff import Hunk, Line, Pair, Section, pairs, sections
from agentos_action.report.html_text import NOTHING, Html, element, joined, shown, size, text
from agentos_action.report.html_words import Words

#: Bytes of HTML for the diff of one page, and characters shown of one line.
MAX_BYTES = 400_000
MAX_LINE = 1_000
#: Files beyond these are closed when the page opens.
MAX_OPEN = 8

_HEAD = Html(
    '<thead><tr><th scope="col" class="n"><span class="far">Old line</span></th><th scope="col">Before</th>'
    '<th scope="col" class="n"><span class="far">New line</span></th><th scope="col">After</th></tr></thead>'
)
_BARE = Html("<small>no newline at the end</small>")
_EMPTY = Html('<td class="n"></td><td class="e"></td>')


def change(diff: str) -> Html:
    """Return every file of the diff, as far as the page has room; what is left out is told."""
    found = sections(diff)
    room, words = MAX_BYTES, Words()
    told: list[Html] = []
    for at, section in enumerate(found):
        piece, whole = _file(section, words, room, opened=at < MAX_OPEN)
        room -= size(piece)
        told.append(piece)
        if not whole or room <= 0:
            left = len(found) - at - 1
            also = f" and {left:,} more files" if left else ""
            said = f"The diff is longer{also}: the whole is in patch/canonical.diff."
            told.append(element("p", text(said), class_="note"))
            break
    return joined(*told)


def counts(diff: str) -> tuple[int, int, int]:
    """Return how many files, added lines and removed lines a diff holds."""
    found = sections(diff)
    return len(found), sum(one.total("+") for one in found), sum(one.total("-") for one in found)


def _file(section: Section, words: Words, room: int, *, opened: bool) -> tuple[Html, bool]:
    """Return one file and whether all of it is there."""
    rows: list[Html] = []
    whole = True
    for hunk in section.hunks:
        rows.append(_head(hunk))
        room -= size(rows[-1])
        for pair in pairs(hunk):
            row = _row(pair, words)
            room -= size(row)
            if room < 0:
                whole = False
                break
            rows.append(row)
        if not whole:
            break
    about = [element("p", shown(line, MAX_LINE), class_="about") for line in section.about[:20]]
    name = shown(section.name or "lines of no file", MAX_LINE)
    stat = Html(f" <ins>+{section.total('+'):,}</ins> <del>−{section.total('-'):,}</del>")  # noqa: RUF001 - a minus
    summary = element("summary", element("code", name), stat)
    body = Html(f"<table>{_HEAD}<tbody>{''.join(rows)}</tbody></table>") if rows else NOTHING
    extra = {"open": ""} if opened else {}
    return element("details", summary, *about, body, class_="diff", **extra), whole


def _head(hunk: Hunk) -> Html:
    said = f"from line {hunk.new:,}" + (f" · {hunk.words}" if hunk.words else "")
    return Html(f'<tr class="h"><td colspan="4">{shown(said, MAX_LINE)}</td></tr>')


def _row(pair: Pair, words: Words) -> Html:
    old, new = pair.old, pair.new
    if old is not None and old is new:
        cell = _line(old)
        return Html(
            f'<tr class="c"><td class="n">{pair.old_number}</td><td>{cell}</td>'
            f'<td class="n">{pair.new_number}</td><td>{cell}</td></tr>'
        )
    marked: tuple[Html | None, Html | None] = (None, None)
    if old is not None and new is not None and max(len(old.text), len(new.text)) <= MAX_LINE:
        marked = words.marked(old.text, new.text)
    left = _EMPTY if old is None else _cell("d", pair.old_number, old, marked[0])
    right = _EMPTY if new is None else _cell("a", pair.new_number, new, marked[1])
    return Html(f"<tr>{left}{right}</tr>")


def _cell(kind: str, number: int, line: Line, marked: Html | None) -> Html:
    inside = _line(line) if marked is None else joined(marked, NOTHING if line.ended else _BARE)
    return Html(f'<td class="n">{number}</td><td class="{kind}">{inside}</td>')


def _line(line: Line) -> Html:
    return joined(shown(line.text, MAX_LINE), NOTHING if line.ended else _BARE)
