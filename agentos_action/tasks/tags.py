"""Tags of raw HTML in a text, of which the page shows what stands between them, and nothing of the tags themselves."""

from __future__ import annotations

import re

#: The elements that GitHub's page has (html-pipeline's list), but `rp`; every other tag is dropped there.
_ELEMENT = re.compile(
    r"""h[1-8]|br|b|i|strong|em|a|pre|code|img|tt|div|ins|del|su[bp]|p|picture|source|[ou]l|li|table|thead|tbody|tfoot
    |t[rdh]|caption|blockquote|d[ltd]|kbd|q|samp|var|hr|ruby|rt|s|strike|summary|details|figure|figcaption|abbr|bdo|cite
    |dfn|mark|small|span|time|wbr""",
    re.IGNORECASE | re.VERBOSE,
)
#: What the page shows as text, from its first sign on (GitHub Flavored Markdown, disallowed raw HTML).
_ESCAPED = re.compile(
    r"</?(?:title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)(?=[\t\n\v\f\r >]|/>)", re.IGNORECASE
)
_BEGINS = re.compile(r"</?[A-Za-z]")
_NAME = re.compile(r"(</?)([^\s/>]+)")
#: To the end as a browser finds it: what stands in quotation marks has none. In a quotation of Markdown, a line's own
#: sign is none either.
_REST = {
    False: re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>"""),
    True: re.compile(r"""(?:\n[ \t>]*|[^>"'\n]|"[^"]*"|'[^']*')*+>"""),
}
#: What says how something is drawn, and in so few words that no sentence fits in; addresses, as those of links; and
#: what the forge itself writes behind a picture.
_DRAWS = re.compile(
    r"""(?<!\s)\s++(?:
        (?:width|height|colspan|rowspan|start)\s*=\s*(["']?)[0-9.]{1,6}(?:px|em|%)?\1
        | (?:align|valign)\s*=\s*(["']?)(?:left|right|center|top|middle|bottom|justify)\2
        | dir\s*=\s*(["']?)(?:ltr|rtl|auto)\3
        | alt\s*=\s*"image"
        | open(?:\s*=\s*(?:""|''|"open"))?
        | (?:src|href)\s*=\s*(?:"[^"\s]*"|'[^'\s]*'|[^\s"'>]+)
    )(?=[\s/>])""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS = re.compile(r"\w")


def shown(tag: str) -> str:
    """Return what of a whole tag may stay: nothing of an unknown element, and no attribute that could say something."""
    if escaped := _ESCAPED.match(tag):
        return escaped[0] + reduced(tag[escaped.end() :], quoted=False)[0]
    name = _NAME.match(tag)
    if name is None or not _ELEMENT.fullmatch(name[2]):
        return ""
    rest = tag[name.end() :]
    if not _SAYS.search(_DRAWS.sub("", rest)):
        return tag
    kept = "".join(found[0] for found in _DRAWS.finditer(rest)) if name[1] == "<" else ""
    return f"{name[0]}{kept}>"


def reduced(block: str, *, quoted: bool) -> tuple[str, int, bool]:
    """Return a block of raw HTML with what stays of its tags, how many lost something, and whether the last has no end.

    What follows a tag without an end is in it for a browser, and left out. `quoted` says that the lines of the block
    begin with the sign of a quotation.
    """
    left, at, lost = "", 0, 0
    while found := _BEGINS.search(block, at):
        left += block[at : found.start()]
        if escaped := _ESCAPED.match(block, found.start()):
            left, at = left + escaped[0], escaped.end()
            continue
        rest = _REST[quoted].match(block, found.end())
        if rest is None:
            return left, lost + 1, True
        at = rest.end()
        tag = block[found.start() : at]
        kept = shown(tag)
        lost += kept != tag
        left += kept
    return left + block[at:], lost, False
