"""Lines that stand for other lines: "... existing code ..." and bare dots."""

from __future__ import annotations

import re

_LONGEST = 200
_FEW = 3
_OPEN = r"(?:\#+|//+|--+|;+|%+|/\*+|\{/\*|<!--|\"\"\"|'''|\*|\[|\()"
_CLOSE = r"(?:\*/\}?|-->|\"\"\"|'''|\]|\))"
_DOTS = r"(?:\.{3,}|…+)"
_BARE = re.compile(rf"(?:{_OPEN}[ \t]*)?{_DOTS}(?:[ \t]*{_CLOSE})?")
_OPENING = re.compile(rf"{_OPEN}[ \t]*")
_CLOSING = re.compile(rf"[ \t]*{_CLOSE}$")
_STARTS = re.compile(_DOTS)
_ENDS = re.compile(rf"{_DOTS}$")
_WORD = re.compile(r"[^\W\d_]+")
_WHICH = frozenset(
    _WORD.findall("existing rest remaining remainder unchanged same previous other others omitted skipped untouched")
)
_WHAT = frozenset(
    _WORD.findall(
        "code file files content contents line lines method methods import imports function functions class classes"
        " implementation implementations logic definitions tests body"
    )
)
_AROUND = frozenset(
    _WORD.findall(
        "the of this that your in here is are was remain remains stay stays as before above below for brevity and all"
        " goes keep kept with no changes not shown from original to be left exactly continues unmodified"
        " everything else"
    )
)
_KNOWN = _WHICH | _WHAT | _AROUND
_SAID = re.compile(
    r"(?:the |keep the )?(?:rest|remainder) of (?:the |this |your )?(?:\w+ )?{what}(?: (?:code|file|here|{tail}))?"
    r"|(?:the |all )?(?:existing|remaining|other|previous) (?:\w+ )?{what} (?:here|goes here|{tail})".format(
        what=f"(?:{'|'.join(sorted(_WHAT))})",
        tail=r"(?:is |are |remains? |stays? |left )?(?:unchanged|omitted|untouched|unmodified|the same|as before|as is)"
        r"(?: for brevity)?",
    )
)


_LEFT_OUT = re.compile(r"\b(?:omitted|elided|left out|abbreviated|shortened|for brevity)\b", re.IGNORECASE)


_PROSE = (".md", ".markdown", ".rst", ".txt", ".adoc", ".html", ".htm", ".ipynb")


def may_elide(path: str) -> bool:
    """Whether a file's own text may show code with lines left out: documentation does."""
    return path.lower().endswith(_PROSE)


def is_dots(text: str) -> bool:
    """Whether the line is dots and nothing else, perhaps in a comment or in brackets."""
    text = text.strip()
    return len(text) <= _LONGEST and _BARE.fullmatch(text) is not None


def hints_elision(text: str) -> bool:
    """Whether a comment could stand for left-out lines: dots in it, or nothing but words like "unchanged"."""
    text = text.strip()
    match = _OPENING.match(text)
    if match is None or len(text) > _LONGEST:
        return False
    body = _CLOSING.sub("", text[match.end() :]).strip("()[]{} .…")
    words = [word.lower() for word in _WORD.findall(body)]
    telling = [word for word in words if word not in _AROUND]
    return is_dots(text) or (bool(_WHICH.intersection(words)) and len(telling) <= _FEW)


def is_elision(text: str) -> bool:
    """Whether the line says that other lines stand here, in a comment, in brackets or between dots of its own."""
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return False
    match = _OPENING.match(text)
    body = text[match.end() :] if match else text
    # Two layers at most: `# [... other methods ...]`.
    inner = _OPENING.match(body) if match else None
    body = body[inner.end() :] if inner else body
    body = _CLOSING.sub("", _CLOSING.sub("", body)).strip() if match else body
    if match and _SAID.fullmatch(body.lower().rstrip(".… ")):
        return True
    if match and (_STARTS.match(body) or _ENDS.search(body)) and _LEFT_OUT.search(body):
        return True
    words = [word.lower() for word in _WORD.findall(body)]
    if not (_WHICH.intersection(words) and _WHAT.intersection(words)):
        return False
    return _is_dotted(body, words, dressed=match is not None)


def _is_dotted(body: str, words: list[str], *, dressed: bool) -> bool:
    """Whether dots stand where the left-out lines would: a sentence that trails off is not enough."""
    starts, ends = _STARTS.match(body), _ENDS.search(body) is not None
    if starts and ends:
        return True
    if starts and (dressed or body[starts.end()] in " \t(["):
        telling = next((word for word in words if word not in _AROUND), "")
        return telling in _KNOWN
    return ends and dressed and all(word in _KNOWN for word in words)
