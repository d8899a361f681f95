"""Where an answer says which file is meant: path lines, fence lines and the info strings of fences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 300
_MANY = 200
_SLACK = 3
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)", re.DOTALL)
_BULLET = re.compile(r"(?:[-*+]|\d{1,3}[.)])[ \t]+")
_LEAD = re.compile(r"(?:[-*+]|\d{1,3}[.)])[ \t]+|#{1,6}[ \t]*|//[ \t]*")
_WORDS = r"(?:(?:new|updated|modified|full|complete|existing)[ \t]+)?(?:file(?:[ \t]?name|[ \t]?path)?|path)"
_TOLD = re.compile(rf"(?:\*\*{_WORDS}(?::\*\*|\*\*[ \t]*:)|{_WORDS}[ \t]*:)[ \t]*", re.IGNORECASE)
_NOTE = re.compile(r"[ \t]\([A-Za-z ]{1,30}\)$")
_WRAPS = (
    ("**", "**"),
    ("`", "`"),
    ("*", "*"),
    ('"', '"'),
    ("'", "'"),
    ("<!--", "-->"),
    ("/*", "*/"),
    ("<path>", "</path>"),
    ("<file_path>", "</file_path>"),
)
_EXACT = frozenset({"`", '"', "'", "<path>", "<file_path>"})
_NEVER = re.compile(r"[\x00-\x1f\x7f`<>|*?:]|^[\d.]+$|[./]$|\(\)")
_SUFFIX = re.compile(r"\.[A-Za-z][\w+-]{0,15}$")
_DOTFILE = re.compile(r"(?:^|/)\.[A-Za-z][\w.-]*$")
_WITHOUT_SUFFIX = frozenset(
    re.findall(
        r"\w+",
        "Makefile GNUmakefile makefile Dockerfile Containerfile Jenkinsfile Vagrantfile Procfile Gemfile Rakefile"
        " Pipfile Caddyfile Brewfile Justfile justfile LICENSE COPYING README CHANGELOG AUTHORS CODEOWNERS",
    )
)
_HINT = re.compile(r"[./]|file|" + "|".join(sorted(_WITHOUT_SUFFIX)), re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"\b(?:title|file|filename|filepath|path|name)[ \t]*=[ \t]*(?:\"([^\"]*)\"|'([^']*)'|([^\s}]+))"
)
_LANGUAGE = re.compile(r"[\w+#-]*(?=[\s:{,]|$)")
_INFO = re.compile(r"([\w+#.-]*)(?:[ \t:]+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """A line that opens a fenced block: its indentation, its run of marks, and the info string behind them."""

    indent: str
    mark: str
    info: str

    @property
    def language(self) -> str:
        """The info string's first word in lower case; empty where there is none."""
        match = _LANGUAGE.match(self.info)
        return match[0].lower() if match else ""

    def closes(self, line: str) -> bool:
        """Whether the line ends the block: the same mark, at least as often, with nothing behind it."""
        text = line.strip(" \t")
        if len(text) < len(self.mark) or text.strip(self.mark[0]):
            return False
        return len(indent_of(line)) <= len(self.indent) + _SLACK

    def nests(self, line: str) -> bool:
        """Whether the line, within the block, opens another block that its own closing line must end."""
        inner = open_fence(line)
        if inner is None or not inner.info or not inner.mark.startswith(self.mark):
            return False
        return len(inner.indent) <= len(self.indent) + _SLACK

    def path(self, files: Sequence[str] = ()) -> str | None:
        """Return the path the info string names, alone or behind a language; None where it names none."""
        if len(self.info) > _LONGEST:
            return None
        attribute = _ATTRIBUTE.search(self.info)
        if attribute:
            return label(attribute[1] or attribute[2] or attribute[3] or "", files)
        whole = label(self.info, files)
        if whole and ("." in whole or whole in files):
            return whole
        match = _INFO.fullmatch(self.info)
        return label(match[2], files) if match and match[2] else None


def open_fence(line: str) -> Fence | None:
    """Return the fence a line opens; None for any other line."""
    match = _FENCE.fullmatch(line) if "```" in line or "~~~" in line else None
    if match is None or (match[2][0] == "`" and "`" in match[3]):
        return None
    return Fence(match[1], match[2], match[3].strip())


def indent_of(line: str) -> str:
    """Return the blanks and tabs the line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def dedent(lines: Sequence[str], indent: str) -> list[str]:
    """Return the lines without the indentation, if every line that is not blank has it; else as they are."""
    if not indent or not all(line.startswith(indent) or not line.strip() for line in lines):
        return list(lines)
    return [line.removeprefix(indent) if line.strip() else line[len(indent) :] for line in lines]


def in_list(line: str) -> bool:
    """Whether what follows the line may stand indented: it is an item of a list, or indented itself."""
    return bool(indent_of(line) or _BULLET.match(line))


def label(line: str, files: Sequence[str] = ()) -> str | None:
    """Return the path of a line that says nothing else, whatever it is decorated with; None for any other line.

    A name of `files` is always taken; another one only if it looks like a path.
    """
    text = line.strip()
    if not text or len(text) > _LONGEST:
        return None
    if text in files:
        return text
    if not _HINT.search(text) and not any(name in text for name in files[:_MANY]):
        return None
    plain, told = _undress(text, files)
    name = plain.removeprefix("./")
    if name in files or _is_path(name, told=told, bare=plain == text):
        return name
    return None


def mentioned(line: str, files: Sequence[str] = ()) -> str | None:
    """Return the one path that a sentence sets in backticks, if it is one of `files`; None otherwise."""
    if len(line) > _LONGEST:
        return None
    names = {name.removeprefix("./") for name in line.split("`")[1::2]} & set(files)
    return names.pop() if len(names) == 1 else None


def meant(lines: Sequence[str], at: int, files: Sequence[str] = ()) -> str | None:
    """Return the path that the last words above line `at` name, as a label or in backticks; None where they do not."""
    above = next((line for line in reversed(lines[max(at - 4, 0) : at]) if line.strip()), "")
    return label(above, files) or mentioned(above, files)


def _undress(text: str, files: Sequence[str]) -> tuple[str, bool]:
    """Return the text without decorations, and whether one of them says that what it holds is a name."""
    told = False
    for _ in range(8):
        before = text
        text = _NOTE.sub("", text).removesuffix(":").strip()
        match = _TOLD.match(text)
        if match:
            told = True
            text = text[match.end() :].strip()
        for start, end in _WRAPS:
            inner = text[len(start) : -len(end)]
            if inner and text.startswith(start) and text.endswith(end) and start not in inner:
                told |= start in _EXACT
                text = inner.strip()
        if text in files:
            break
        match = _LEAD.match(text)
        if match:
            text = text[match.end() :]
        if text == before:
            break
    return text, told


def _is_path(text: str, *, told: bool, bare: bool) -> bool:
    if not text or _NEVER.search(text) or text != text.strip():
        return False
    if " " in text or "\t" in text:
        # `pip install -r a.txt` stands in backticks too, and a sentence may end in a file's name.
        return False
    if _SUFFIX.search(text) or _DOTFILE.search(text) or text.rpartition("/")[2] in _WITHOUT_SUFFIX:
        return True
    # "Before/After:" is a heading; `bin/run` is a file.
    return "/" in text and (told or bare)
