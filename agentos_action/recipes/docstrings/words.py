"""Read names as English: their words, and which words are verbs or nothing but glue."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import re
import unicodedata

# Verbs that open a function's name and, capitalised, a sentence that is true whenever the name is.
VERBS = frozenset(
    """
    abbreviate add allocate append apply archive ask assert assign attach begin bind broadcast build calculate
    call cancel cap capitalize cast center change check chunk clamp clean cleanup clear clip clone close collapse
    collect combine commit compare compose compress compute concatenate configure connect convert copy count
    create crop cut debug decode decompress decrease decrement decrypt dedupe delete deposit dequeue describe
    deserialize destroy detach detect disable discard disconnect dispatch display divide download drain draw drop
    dump emit enable encode encrypt enqueue ensure erase escape estimate evaluate exclude execute expand export
    extend extract feed fetch fill filter find finish fix flatten flip flush force format forward freeze gather
    generate go grant greet group grow guess handle hash hide highlight import include increase increment indent
    infer inject insert inspect install interleave interpolate invert invoke iterate join keep launch limit lint
    list listen load locate lock log lookup lower make map mark mask match measure memoize merge migrate mix
    modify mount move multiply mutate negate normalize notify number open pack pad parse partition paste patch
    pause peek perform pick ping play poll pop populate predict prepare prepend preprocess print process produce
    prune publish pull purge push put query quote raise randomize rank read rebuild receive record recover redact
    redirect reduce refresh refund register reject release reload remove rename render reorder repeat replace
    replay reply report request require reserve reset resize resolve restart restore restrict resume retrieve
    retry reverse revert revoke rewrite roll rotate round run sample sanitize save scale scan schedule scroll
    search seed select send serialize set setup shift shorten show shrink shuffle shut sign skip sleep slice slide
    snap solve sort spawn split squash squeeze start stop store stream strip submit subscribe substitute subtract
    suggest sum swap switch sync tag take tally titlecase toggle tokenize touch trace track train transfer
    transform translate transpose traverse trigger trim truncate try turn unescape uninstall uniquify unlock
    unpack unquote unregister unsubscribe unwrap unzip update upgrade upload validate verify visit wait walk warn
    wipe withdraw wrap write yield zip
    """.split()
)

# Words that only say how the verb after them does it: `safe_divide` divides, `deep_merge` merges.
MODIFIERS = frozenset(
    """
    safe safely deep shallow lazy bulk batch fast quick force try maybe auto async soft hard pretty binary linear
    recursive natural simple do
    """.split()
)

# Third-person verbs that ask: `overlaps`, `contains_all`.
ASKING = frozenset(
    "contains starts ends matches exists overlaps intersects allows supports needs accepts includes equals fits".split()
)

# Verbs only when more words follow: `count_lines` counts, `count` may be a count.
HALF_VERBS = frozenset(
    "count number rank chunk sum list hash filter sample match mask map mix slice repeat group rank".split()
)

ABBREVIATIONS = {
    "abs": "absolute", "argmax": "index of the largest", "argmin": "index of the smallest", "args": "arguments",
    "attr": "attribute", "auth": "authorization", "avg": "average", "bin": "binary", "calc": "calculate",
    "cfg": "configuration", "char": "character", "chars": "characters", "cm": "centimeters", "cmd": "command",
    "cnt": "count", "concat": "concatenate", "config": "configuration", "conn": "connection", "ctx": "context",
    "db": "database", "deg": "degrees", "del": "delete", "dest": "destination", "dict": "dictionary",
    "dicts": "dictionaries", "diff": "difference", "dir": "directory", "dirs": "directories", "dob": "birth",
    "dst": "destination", "elem": "element", "env": "environment", "err": "error", "ext": "extension", "fmt": "format",
    "fn": "function", "freq": "frequency", "ft": "feet", "func": "function", "gcd": "greatest common divisor",
    "hex": "hexadecimal", "hrs": "hours", "idx": "index", "img": "image", "info": "information", "init": "initialize",
    "int": "integer", "iter": "iterate", "kg": "kilograms", "km": "kilometers", "lbs": "pounds",
    "lcm": "least common multiple", "len": "length", "lerp": "linear interpolation", "loc": "location",
    "max": "maximum", "min": "minimum", "mins": "minutes", "mm": "millimeters", "ms": "milliseconds", "msg": "message",
    "ns": "nanoseconds", "num": "number", "nums": "numbers", "obj": "object", "param": "parameter",
    "params": "parameters", "pct": "percent", "pos": "position", "prev": "previous", "pwd": "password",
    "rad": "radians", "rand": "random", "rect": "rectangle", "rel": "relative", "repr": "representation",
    "req": "request", "res": "result", "rms": "root mean square", "secs": "seconds", "seq": "sequence",
    "spec": "specification", "sqrt": "square root", "src": "source", "std": "standard", "stddev": "standard deviation",
    "str": "string", "sub": "subtract", "temp": "temporary", "tmp": "temporary", "val": "value", "vals": "values",
    "vec": "vector",
}  # fmt: skip

# Words of a name that carry no meaning of their own in a sentence.
GLUE = frozenset(
    "a an and any as at by do for from get has have if in into is are was can should of on or the to with my".split()
)

# Where the object of a verb ends: `delete_if_exists` deletes, `read_from_file` reads.
STOPPERS = frozenset("if to from by in into with for as or and on at of until unless when".split())

# A word of a name, by the kinds of its characters.
_PART = re.compile(r"A+(?!a)|A?a+|0+")


def words(name: str) -> list[str]:
    """Split a name in snake, camel or capital letters into lower-case words, abbreviations written out."""
    parts = [name[slice(*found.span())].lower() for found in _PART.finditer("".join(map(_kind, name)))]
    return [word for part in parts for word in ABBREVIATIONS.get(part, part).split()]


def is_wordly(text: str) -> bool:
    """Tell whether there is nothing in a text but letters of any script, with their marks, and digits."""
    return bool(text) and "_" not in map(_kind, text)


def _kind(char: str) -> str:
    """Return `A` for a capital, `a` for another letter or what is written on one, `0` for a digit, else `_`."""
    if char.isupper() or char.istitle():
        return "A"
    if char.isalpha() or unicodedata.category(char).startswith("M"):
        return "a"
    return "0" if char.isdigit() else "_"
