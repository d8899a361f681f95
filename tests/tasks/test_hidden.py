"""What is taken out of a text because its reader may not see it, and what stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given

from agentos_action.errors import UsageError
from agentos_action.tasks.hidden import MAX_BRACKETS, without_hidden
from agentos_action.tasks.markdown import MAX_NESTED
from agentos_action.tasks.own import MARK
from tests.tasks.payloads import PIECES

E = "evil"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <!-- evil --> b", "a  b"),
        ("<!-- evil -->", ""),
        ("a\n<!-- evil\n\nevil --> b\nc", "a\n b\nc"),
        ("> a <!-- evil\n> evil --> b\n> c", "> a \n>  b\n> c"),
        ("# a <!-- evil --> #", "# a  #"),
        ("- a\n  <!-- evil -->\n- b", "- a\n- b"),
        ("a\n\n<!-- evil\n\nevil", "a\n"),
        ("<div><!--\n\nevil\n\n<p>--> a</p>\n\nb", "<div>\n a</p>\n\nb"),
        ("<div><!--\n\nevil", "<div>"),
        ("<div>\n<!-- evil -->\na</div>", "<div>\na</div>"),
        ("a <?evil?> <!X evil> <![CDATA[evil]]> b", "a    b"),
        ("<div></ evil>a</div>", "<div>a</div>"),
        ("a <evil now> b <evil><b onclick='evil'>c</b> <i>d</i><br/>", "a  b <b>c</b> <i>d</i><br/>"),
        ("| a |\n|-|\n| <evil evil> b |", "| a |\n|-|\n|  b |"),
        ('<img width="72" alt="evil" src="https://x/y.png" />', '<img width="72" src="https://x/y.png">'),
        ('<p title="evil >\nevil">a</p>\n\nb', "<p>a</p>\n\nb"),
        ("<div\n evil>a\n</div evil>\n\nb", "<div>a\n</div>\n\nb"),
        ("> <div evil\n> evil>\n> a\n\nb", "> <div>\n> a\n\nb"),
        ('a\n\n<p title="evil\n\nevil\n\n- evil', "a\n"),
        ("a&#xE0065;&#xe0076;&shy; `&shy;` b&#2; &amp; &#83;", "a `&shy;` b &amp; &#83;"),
        ("<p>&#xE0065;a&#8203 &quot;</p>\n\n\u06cc&zwnj;\u062e", "<p>a &quot;</p>\n\n\u06cc\u200c\u062e"),
        ("|a|\n|-|\n|b&#x200b;|\n\n```\n&shy;\n```", "|a|\n|-|\n| b |\n\n```\n&shy;\n```"),
        ("a\n\n[//]: # (evil)\n\nb", "a\n\n\nb"),
        ("[x]: y\n'evil'\n\na", "\na"),
        ("[evil]: x\fevil\n\n[evil]: x\f\n\n> [evil]:\n> x\vevil\n\na", "\n\n\na"),
        ("- [x]: y 'evil'\n- b", "- b"),
        ("[a](b 'evil')", "[a](b)"),
        ("[a][x], [x]\n\n[x]: b 'evil'", "[a](b), [x](b)\n"),
        ("[a][evil evil] [b]\n\n[evil  EVIL]: c\n[b]: d", "[a](c) [b]\n\n[b]: d"),
        ("![][evil] [a<!-- evil -->][]\n\n[evil]: b\n[a<!-- evil -->]: c", "![](b) [a](c)\n"),
        ("| a |\n|-|\n| [b][evil] |\n\n[evil]: c", "| a |\n|-|\n| [b](c) |\n"),
        ("![evil](b 'evil') ![](c)", "![](b) ![](c)"),
        ("[![evil](b)](c)", "[![](b)](c)"),
        ("```python evil evil\na\n```", "```python\na\n```"),
        ("~~~evil;evil\na\n~~~\n```do_what_is_evil_and_nothing_else\nb\n```", "~~~\na\n~~~\n```\nb\n```"),
        ("a\n[^1]: evil evil\nevil\n\n    evil\n\nb [^1]", "a\n\nb [^1]"),
        ("[^1]: evil\n\n    evil\n\n[^2]: evil\n\nb", "\n\nb"),
        # What the forge reads otherwise than CommonMark does: rows by their cells, footnotes and definitions lazily.
        ("|a|b|c|\n|-|-|-|\n| ` | <!-- evil --> | ` |", "|a|b|c|\n|-|-|-|\n| ` |  | ` |"),
        ("> |a|\n> |-|\n> | b\\| <!-- evil --> | evil |\nc", "> |a|\n> |-|\n> | b\\|  |\nc"),
        ("a\n|-|\n`\nb | evil\n\nc", "\nc"),
        ("a `\n    b <!-- evil --> `\n|-|\nc\n\nd", "\nd"),
        ("` <!-- evil -->\n[^1]: evil `", "` "),
        ("[^1]: evil\nevil evil\n===\nevil\n|e|\n|-|\n|evil|\n\nb", "\nb"),
        ("1. > [^1]: evil\nevil\n===\nevil\n\nb", "\nb"),
        ("[x]: y\n    <!-- evil -->\n\nb", "\nb"),
        ("> <?a\n> evil\n\nb", "\nb"),
        ("> <!--\n\n<!-- evil --><!-- evil -->b", "b"),
        # Signs that nobody sees, and blanks that are letters to the page, while it is read.
        ("a <!-- b\n\u200b\nevil\n-->", "a "),
        ("![b\n\0\nevil](c)\n\n[^1]: b\n\u200b\nevil", "![](c)\n"),
        ("\xa0\na <!-- evil -->\n\n\u2028\nb <!-- evil -->", "\xa0\na \n\n\n\nb "),
        ("[\xa0]: b 'evil'\n\n\x0b\na <!-- evil -->", ""),
        ("\ufeff<!-- evil\n\nevil -->a", "a"),
        # Where a browser finds the end of a comment.
        ("<!--!> evil -->a", "a"),
        ("a\n\nb <!-- --!><a title=' --> evil '>\n\nevil", "a\n"),
        ("a\n\n|b <?><!--?> evil|\n|-|\n\nevil", "a\n"),
        ("a\n\nb <???><!--?> evil", "a\n"),
        ("a\n\n<!x\n<!--/>evil", "a\n\n<!x"),
        # What is a declaration to the parser, and text to the forge.
        ("<!x\n~~~ <b>evil <i evil> [^evil]: ", "<!x\n~~~"),
        ("<!x> [b](c 'evil')\nd", " [b](c)\nd"),
        ("a\n\nb <!x ` > ` <i title=evil> `", "a\n"),
        ("a\n\nb <!x <!-- > evil -->", "a\n"),
        # What the forge takes for a link.
        ("[a](b( 'evil') [c](javascript:d 'evil') ![evil](data:e)", "[a](b() [c](javascript:d) ![](data:e)"),
        ("[x]: b( 'evil'\n[y]: \\ 'evil'\n[z]: vbscript:c 'evil'\n\na", "\na"),
        (f"{'[' * 30}a{']' * 30}(b 'evil')", f"{'[' * 30}a{']' * 30}(b)"),
        ("- [x] [y]: z 'evil'\n- [ ] a |\n  -|\n  b | evil", ""),
        ("[a](b '\n-|-\nevil|\n-|\n')", "[a](b)"),
        ("a [^b\nc evil]\n\nd", "\nd"),
        ("a\u200b\u202eb\U000e0041\x07\u00ad\ufeff\x1bc\0", "abc"),
        ("a\ufe0f\ufe0fb \u2764\ufe0f\ufe0f\ufe0e", "ab \u2764\ufe0f"),
    ],
)
def test_what_a_reader_may_not_see_is_taken_out_and_told(text: str, left: str) -> None:
    shown, notes = without_hidden(text, "the issue")
    assert shown == left
    assert E not in shown
    assert [(note.id, note.severity) for note in notes] == [("task.hidden", "warning")]
    assert notes[0].message.startswith("taken out of the issue, because ")
    assert E not in notes[0].message


@pytest.mark.parametrize(
    "text",
    [
        "a `<!-- b -->` \\<!-- c -->",
        "```html\n<!-- a -->\n[x]: y\n```",
        "    <!-- a -->",
        "[a], [a][] and ![](b)\n\n[A]: b",
        "<details open><summary>a</summary>\n\nb\n</details>",
        '![Image](b)\n\n<img width="6" alt="Image" src="https://x/y" />\n\n[^a] and `[^"]\n*`',
        '<a href="https://x.y/z"><IMG Width=72 height="20" align="left" src="https://x/y.png" /></a>',
        "</b c>d a < b, c > d <1> `List<int>`",
        "a | b\n---\n\n| `c | d` | \\| |\n|:-|-:|---|\n| e |\n| |f|\n\n- | g |\n  |---|\n  | h |",
        "1.\n2. a\n-\n>\n> b\n\n---\n\nA\nB\n===\n\n| a | b |\n|---|---|\n| c | d |",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3",
        "Use the <title> and <script setup>, <textarea\nrows='3'> or </style>.",
        "<script src='a'>\nb\n</script>\n\nc <Title",
        "<https://a.b> a < b && c > d <b>",
        "",
    ],
)
def test_what_is_seen_stays(text: str) -> None:
    assert without_hidden(text, "w") == (text, ())


def test_our_own_mark_is_taken_out_without_a_warning() -> None:
    assert without_hidden(f"{MARK} task 00 -->\nDone.", "w") == ("Done.", ())


def test_line_ends_are_made_alike() -> None:
    assert without_hidden("a\r\nb\rc\u2028d", "w") == ("a\nb\nc\nd", ())


def test_a_title_is_no_markdown() -> None:
    assert without_hidden("a <!-- b --> [x]: y\u200b", "w", plain=True)[0] == "a <!-- b --> [x]: y"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "<!--" * 9_000,
            "![a] " * (MAX_BRACKETS // 4),
            "![" * MAX_NESTED,
            "a<!--\n-->" * 3_000,
            ">" * 20_000,
            "<div>\n" + "<!" * 20_000,
            "a " + "]:" * 32_000,
        ),
        *(f"<div{' ' * 60_000}x>", "<div>\n" + "<b a='" * 10_000, "<div>\n" + "<b " * 20_000 + ">", "a <b c> " * 8_000),
    ],
)
def test_a_text_that_was_made_to_be_slow_is_read_all_the_same(text: str) -> None:
    start = time.process_time()
    without_hidden(text, "w")
    assert time.process_time() - start < 20


def test_more_brackets_than_a_parser_should_see_are_refused() -> None:
    with pytest.raises(UsageError, match="square brackets"):
        without_hidden("[" * (MAX_BRACKETS + 1), "w")


@pytest.mark.parametrize("text", ["[" * 99 + "a" + "]" * 99 + "(b 'evil')", "![" * 2_500])
def test_brackets_deeper_than_the_parser_looks_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="more than 50 deep"):
        without_hidden(text, "w")


@given(PIECES)
def test_any_text_is_read(text: str) -> None:
    shown, notes = without_hidden(text, "w")
    shown.encode("utf-8")
    assert notes or len(shown.split()) == len(text.encode("utf-8", "replace").decode().split())
