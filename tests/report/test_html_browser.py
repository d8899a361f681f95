"""The page in a real browser: hostile text is text, nothing is fetched, nothing is complained about, it is styled."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.report.html_page import page
from tests.report.browser import BROWSER, DARK, MISSING, browse, left_edge, listening, picture
from tests.report.pages import page_of, skeleton, view

pytestmark = [pytest.mark.browser, pytest.mark.skipif(BROWSER is None, reason=MISSING)]

LIGHT_PAPER, DARK_PAPER = (0xF6, 0xF7, 0xF9), (0x0E, 0x11, 0x16)


def hostile(address: str) -> str:
    """Return a text that would run, fetch, or lead away if any of it became HTML."""
    return (
        "</title></style></pre></code></td></table></section><script>document.title='taken'</script>"
        f"<img src={address}/img onerror=\"document.title='taken'\"><svg onload=alert(1)>"
        f"<link rel=stylesheet href={address}/css><meta http-equiv=refresh content='0;url={address}/away'>"
        f"<iframe src={address}/frame></iframe>\"' onmouseover=alert(2) x=<!-- \u202e\u200b\x1b[31m"
    )


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    with listening() as (address, asked):
        text = hostile(address)
        file = tmp_path / "report.html"
        file.write_text(page_of(text), encoding="utf-8")
        dom, complaints = browse(file, "--dump-dom")
    assert (asked, complaints) == ([], [])
    found = skeleton(dom)
    written = skeleton(file.read_text(encoding="utf-8"))
    assert found.elements == written.elements
    assert "document.title='taken'" in "".join(found.text)
    assert dom.count("<title>Rejected: &lt;/title&gt;") == 1


@pytest.mark.parametrize("inside", ["<img src={0}/img>", "<p style='color:red'>x</p>"])
def test_a_page_that_fetches_or_breaks_its_policy_is_noticed(tmp_path: Path, inside: str) -> None:
    with listening() as (address, asked):
        planted = page_of("x").replace("<main>", f"<main>{inside.format(address)}")
        file = tmp_path / "planted.html"
        file.write_text(planted, encoding="utf-8")
        _, complaints = browse(file, "--dump-dom")
        assert complaints
        assert asked == []
        file.write_text(planted.replace("Content-Security-Policy", "X-Nothing"), encoding="utf-8")
        _, complaints = browse(file, "--dump-dom")
    assert bool(asked) == ("img" in inside)


def test_the_page_is_styled_light_and_dark(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(view("word", status="committed")), encoding="utf-8")
    light = left_edge(picture(file, tmp_path / "light.png"))
    dark = left_edge(picture(file, tmp_path / "dark.png", DARK))
    assert (light[-1], dark[-1]) == (LIGHT_PAPER, DARK_PAPER)
    assert light[0] != light[-1]
