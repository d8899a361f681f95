"""Inflect English words roughly: plurals, participles, articles, acronyms in capitals."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import unicodedata

_PROPER = {"celsius": "Celsius", "fahrenheit": "Fahrenheit", "kelvin": "Kelvin", "fibonacci": "Fibonacci"}
_ACRONYMS = frozenset(
    "json csv xml html url urls sql rgb ascii utf http id ids ip pdf api md5 sha256 sha1 cpu html5 toml yaml".split()
)
_ALWAYS_SINGULAR = frozenset("series status bus gas class".split())
_UNCOUNTED = frozenset(
    "whitespace space text json csv xml html yaml toml punctuation case data money bytes milliseconds celsius "
    "fahrenheit rgb uppercase lowercase hexadecimal binary ascii snake camel kebab seconds".split()
)
_DESCRIBING = frozenset(
    """
    absolute big blank common distinct empty equal even first hidden high large last left long low maximum minimum
    missing negative nested new next odd old positive previous prime random raw recent right safe same short
    small top unique valid
    """.split()
)
_NOUNS_ALL_THE_SAME = frozenset(
    "digest test request guest rest table variable cable seed feed speed archive interest need".split()
)


def display(word: str) -> str:
    """Return the word as it is written inside a sentence: `json` as `JSON`, `celsius` as `Celsius`."""
    return word.upper() if word in _ACRONYMS else _PROPER.get(word, word)


def phrase(said: list[str]) -> str:
    """Return the words as they are written inside a sentence."""
    return " ".join(map(display, said))


def is_plural(word: str) -> bool:
    """Tell whether a noun looks plural."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _ALWAYS_SINGULAR


def plural(word: str) -> str:
    """Return a noun's plural; a word with letters beyond ASCII is not English, and stays as it is."""
    if is_plural(word) or word in _UNCOUNTED or not word.isascii():
        return word
    if word.endswith("y") and word[-2:-1] not in set("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def singular(word: str) -> str:
    """Return a noun's singular."""
    if not is_plural(word):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def forms(word: str) -> set[str]:
    """Return a word with its singular and plural."""
    inflected = word.isascii() and word.isalpha() and len(word) > len("of")
    return {word, singular(word), plural(word)} if inflected else {word}


def article(word: str) -> str:
    """Return the indefinite article for a word, by its first letter."""
    return (
        "an"
        if unicodedata.normalize("NFD", word)[:1] in set("aeiou")
        and not word.startswith(("uni", "use", "one", "eu", "url"))
        else "a"
    )


def determined(said: list[str]) -> tuple[str, ...]:
    """Return a noun phrase with each determiner that fits it."""
    text, last = phrase(said), said[-1]
    if is_plural(last):
        return (f"the {text}", text)
    if last in _UNCOUNTED:
        return (f"the {text}", text)
    return (f"the {text}", f"{article(said[0])} {text}")


def indefinite(said: list[str]) -> str:
    """Return a noun phrase with its indefinite article, if it takes one."""
    return determined(said)[-1]


def describes(word: str) -> bool:
    """Tell whether a word looks like an adjective or a participle, which needs a noun after it."""
    ends = word.endswith(("est", "ed", "ive", "able", "ible", "ful", "wise"))
    return word in _DESCRIBING or (ends and word not in _NOUNS_ALL_THE_SAME)
