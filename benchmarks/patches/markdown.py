"""Changes beside the fence of a code block in a Markdown page, answered in a fence of the same kind."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from benchmarks.patches.corpus import Case, Edit
from benchmarks.patches.draft import begin
from benchmarks.patches.trial import Trial

HEAD = "# How to\n\nFirst read the manual, then write this:\n\n```python\n"
TAIL = "```\n\nThat is all there is to it.\n\nSee also the other page.\n"
PATH = "docs/how-to.md"


def trials(cases: list[Case], rng: Random) -> Iterator[Trial]:
    """Yield a page for every case: its first hunk as the page's code, with the true diff in a fence of three."""
    for case in cases:
        hunk = case.edits[0].hunks()[0]
        if any(line.text.startswith("```") or "\r" in line.text for line in hunk.lines):
            continue
        sides = ["".join(f"{line.text}\n" for line in lines) for lines in (hunk.olds(), hunk.news())]
        edit = Edit(PATH, PATH, HEAD + sides[0] + TAIL, HEAD + sides[1] + TAIL)
        page = Case(case.id, case.base | {PATH: edit.old or ""}, (edit,))
        language = rng.choice(("diff", "", "patch"))
        answer = f"Change the page like this:\n\n```{language}\n{begin(page).text()}```\n\nDone.\n"
        yield Trial("markdown-fence", page, answer, page.expected())
