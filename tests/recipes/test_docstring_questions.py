"""The docstrings recipe's questions with scripted answers: openings, words, trimming."""

from __future__ import annotations

import pytest

from agentos_action.recipes import registry
from agentos_action.recipes.base import Recipe
from agentos_action.recipes.docstrings.grammar import grammar
from agentos_action.recipes.docstrings.opening import Opening
from agentos_action.recipes.docstrings.sentence import tidy
from agentos_action.recipes.docstrings.source import definitions, read
from agentos_action.recipes.docstrings.vocabulary import Vocabulary, vocabulary
from agentos_action.records.recipe import Place
from tests.recipes.scripted import drive


@pytest.fixture
def recipe() -> Recipe:
    """Return the recipe as the registry loads it."""
    return registry.load("docstrings")


def test_ask_once_when_the_answer_is_a_sentence(recipe: Recipe) -> None:
    """Check that a good answer is asked for once, and trimmed."""
    text = "def word_total(text):\n    return len(text.split())\n"
    place = recipe.find("m.py", text)[0][0]
    filling, prompts = drive(recipe, place, text, ["Return the total of the words, using split."])
    assert filling == "Return the total of the words."
    assert len(prompts) == 1
    assert prompts[0].constraint is not None


def test_ask_for_less_when_the_answer_is_no_sentence(recipe: Recipe) -> None:
    """Check that the second question leaves less to say, with the same examples before it."""
    text = "def running_total(xs):\n    return sum(xs)\n"
    place = recipe.find("m.py", text)[0][0]
    filling, prompts = drive(recipe, place, text, ["Return the", "Return the running total."])
    assert filling == "Return the running total."
    assert prompts[0].messages == prompts[1].messages
    assert prompts[1].constraint is not None
    assert str(prompts[1].constraint.grammar).startswith('root ::= ("Return the running total") ')
    assert " of? " not in str(prompts[1].constraint.grammar)


@pytest.mark.parametrize("answer", ["", "```python\ndef f(): ...\n```", "I cannot.", '{"a": 1}', "Ж", "Yes."])
def test_an_answer_without_sentence_gives_nothing(recipe: Recipe, answer: str) -> None:
    """Check that an answer without sentence gives nothing."""
    text = "def f(x):\n    return x\n"
    place = recipe.find("m.py", text)[0][0]
    assert drive(recipe, place, text, [answer, answer])[0] is None


def test_a_place_that_is_gone_asks_nothing(recipe: Recipe) -> None:
    """Check that a place that is gone asks nothing."""
    assert drive(recipe, Place("m.py::f", "m.py", "f", 1, "function"), "x = 1\n", []) == (None, [])


OPENINGS = {
    "def is_empty(text):\n    return text == ''\n": '"Return True if the text is empty"',
    "def is_square(n):\n    return n == 4\n": '"Return True if n is square" | "Return True if n is a square"',
    "def are_equal(left, right):\n    return left == right\n": '"Return True if the left and the right are equal"',
    "def has_items(rows):\n    return bool(rows)\n": '"Return True if the rows have items"',
    "def color_flag(name):\n    return name in {'1'}\n": '"Return True if the color flag is set"',
    "def contains(xs, x):\n    return x in xs\n": '"Return True if xs contains x"',
    "def delete_if_exists(path):\n    path.unlink()\n": '"Delete the file")',
    "def sort_by_size(boxes):\n    return sorted(boxes)\n": '("Sort the boxes")  (" by size")',
    "def rotate_right(xs):\n    return xs[-1:] + xs[:-1]\n": '(" right")',
    "def shell_sort(xs):\n    return sorted(xs)\n": '(" with shell sort")',
    "def zip_rows(left, right):\n    return zip(left, right)\n": '"Zip the rows"',
    "def swap(a, b):\n    return b, a\n": '"Swap a and b"',
    "def count_dots(s):\n    return s.count('.')\n": '"Count the dots" | "Count dots"',
    "def lines(xs):\n    for x in xs:\n        yield 1, x\n": '"Yield the lines"',
    "def indexed(xs):\n    for x in xs:\n        yield 1, x\n": '"Yield pairs of "',
    "def squared(xs):\n    for x in xs:\n        yield x * x\n": '"Yield the squared "',
    "def powers(x):\n    yield x\n": '"Yield the powers"',
    "def any_odd(xs):\n    return any(x % 2 for x in xs)\n": '"Return True if any of xs are odd"',
    "def feet_to_miles(x):\n    return x / 5280\n": '"Convert feet to miles"',
    "def to_hex(n):\n    return f'{n:x}'\n": '"Convert n to hexadecimal"',
    "def is_between(x, low, high):\n    return low < x < high\n": '"Return True if x is between "',
    "def is_factor_of(n, k):\n    return k % n == 0\n": '"Return True if n is a factor of "',
    "def start_index(x):\n    return x.begin\n": '"Return the start index"',
    "def vowels(text):\n    return len(text)\n": '"Return the number of vowels"',
    "def word_size(ws):\n    return {w: len(w) for w in ws}\n": '"Return a dictionary of word sizes"',
    "def get_owner(x):\n    return x.owner\n": '"Return the owner"',
    "def retry(n):\n    def g(f):\n        return f\n    return g\n": '"Return a decorator that retries the function"',
    "class Point:\n    def __init__(self, x, y):\n        self.x = x\n": '"Represent a point with its x and y"',
    "class OddError(Exception):\n    code = 1\n": '"Signal that "',
    "def timed(f):\n    def g():\n        return f()\n    return g\n": '"Return a timed version of the function"',
    "def cached_total(xs):\n    return xs\n": '"Return the cached total"',
}


@pytest.mark.parametrize(("text", "opening"), OPENINGS.items(), ids=OPENINGS.values())
def test_the_syntax_tree_narrows_the_opening(recipe: Recipe, text: str, opening: str) -> None:
    """Check that the syntax tree narrows the opening."""
    place = recipe.find("m.py", text)[0][0]
    prompt = next(recipe.ask(place, text))
    assert prompt.constraint is not None
    assert opening in str(prompt.constraint.grammar).replace(') "" ', ") ")


def test_only_words_that_the_code_bears_out_are_offered() -> None:
    """Check that the vocabulary holds names and what the syntax tree does, and no more."""
    text = "def longest(rows, key):\n    seen = set()\n    return max(rows, key=len)\n"
    known = vocabulary(definitions(read(text))[0])
    assert {"longest", "row", "rows", "key", "maximum", "length"} <= known.words
    assert {"rows", "key"} <= known.things
    assert not {"seen", "maximum"} & known.things
    assert not {"percentage", "specified", "type"} & known.words


def test_the_grammar_is_a_tree_of_words() -> None:
    """Check that shared beginnings are written once, and that a letter takes no determiner."""
    known = Vocabulary(frozenset({"row", "rows", "key"}), frozenset({"n", "row"}))
    written = grammar(Opening(("Return the ",)), known)
    assert 'word ::= "key" | "row" ("" | "s")\n' in written
    assert 'named ::= "n" | (' in written


BEYOND = {
    "def fläche(a, b):\n    return a * b\n": "Return the fläche of a and b.",
    "class Übung:\n    def __init__(self, länge, π):\n        self.länge = länge\n": (
        "Represent an übung with its länge and π."
    ),
    "def 合計(数値):\n    return sum(数値)\n": "Return the 合計 of the 数値.",
    "def क्षेत्र(लंबाई):\n    return लंबाई\n": "Return the क्षेत्र of the लंबाई.",
    "def 𠀀丂(x):\n    return x\n": "Return the 𠀀丂 of x.",
    "def ölize(numbers):\n    numbers.go()\n": "Ölize the numbers.",
}


@pytest.mark.parametrize(("text", "sentence"), BEYOND.items(), ids=BEYOND.values())
def test_names_beyond_ascii_are_said_whole(recipe: Recipe, text: str, sentence: str) -> None:
    place = recipe.find("m.py", text)[0][0]
    filling, prompts = drive(recipe, place, text, [sentence])
    assert prompts[0].constraint is not None
    written = str(prompts[0].constraint.grammar)
    assert "\\u" not in written
    assert all(word.strip(".") in written for word in sentence.split() if not word.isascii())
    assert filling == sentence
    built = recipe.build("m.py", text, {place.id: sentence})
    assert (built.placed, f'"""{sentence}"""' in built.text) == ((place.id,), True)


@pytest.mark.parametrize("stranger", ["é", "ß\u202e", "ä\u200b", "\u3164", "\ufe0f", "ä\u201d", "\x07", "ä\\"])
def test_no_letter_comes_in_that_the_names_do_not_have(recipe: Recipe, stranger: str) -> None:
    text = "def fläche(a, b):  # é \u3164\n    return a * b\n"
    place = recipe.find("m.py", text)[0][0]
    sentence = f"Return the fl{stranger}che of a and b."
    assert drive(recipe, place, text, [sentence, sentence])[0] is None
    assert recipe.build("m.py", text, {place.id: sentence}).placed == ()


TIDY = {
    "Skip the blank lines in the lines.": "Skip the blank lines.",
    "Return the pairs of items.": "Return the pairs of items.",
    "Return the sum.": "Return the sum.",
    "Return the sum. It is large.": "Return the sum.",
    "return `x` plus one.": "Return x plus one.",
    "Return True if it is even and False otherwise.": "Return True if it is even.",
    "Read the list of a long": "Read the list.",
    "Return the sum of the": "Return the sum.",
    "Return the": None,
    "Return True if the list, and False otherwise.": None,
    "Read an XML file.": "Read a file.",
    "Docstring: Count the words.": "Count the words.",
}


@pytest.mark.parametrize(("answer", "sentence"), TIDY.items(), ids=TIDY.keys())
def test_answers_are_trimmed_to_one_sentence(answer: str, sentence: str | None) -> None:
    """Check that answers are trimmed to one sentence."""
    tidied = tidy(answer, 70)
    assert tidied == sentence


def test_tests_are_not_looked_at_unless_they_are_named() -> None:
    recipe = registry.load("docstrings")
    assert [path for path in ("a.py", "pkg/b.py", "contest/c.py") if recipe.wants(path)] == [
        "a.py",
        "pkg/b.py",
        "contest/c.py",
    ]
    assert not any(recipe.wants(path) for path in ("test_a.py", "tests/a.py", "a_test.py", "conftest.py", "a.txt"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Look up a price in a item.", "Look up a price in an item."),
        ("Look up an user in the list.", "Look up a user in the list."),
        ("Return a value between a and b.", "Return a value between a and b."),
    ],
)
def test_the_article_fits_the_next_word(answer: str, said: str) -> None:
    assert tidy(answer, 80) == said
