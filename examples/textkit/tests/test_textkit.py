"""The library's own tests."""

from textkit.lines import count_sentences, indent, is_numeric, number_lines, remove_punctuation, save_lines, shortest_line
from textkit.numbers import all_positive, harmonic_mean, inches_to_centimeters, smallest_gap
from textkit.shelf import Shelf


def test_lines(tmp_path):
    assert indent("a\nb", 2) == "  a\n  b"
    assert count_sentences("One. Two! Three?") == 3
    assert is_numeric(" -2.5 ")
    assert not is_numeric("two")
    assert remove_punctuation("Well, yes!") == "Well yes"
    assert shortest_line("long\nab\nabc") == "ab"
    assert list(number_lines(["x"])) == ["   1 x"]
    save_lines(tmp_path / "out.txt", ["a", "b"])
    assert (tmp_path / "out.txt").read_text() == "a\nb\n"


def test_numbers():
    assert inches_to_centimeters(2) == 5.08
    assert harmonic_mean([1, 1]) == 1
    assert smallest_gap([9, 1, 4]) == 3
    assert all_positive([1, 2])
    assert not all_positive([1, 0])


def test_shelf():
    shelf = Shelf()
    shelf.add_note("b", "second")
    shelf.add_note("a", "first")
    assert shelf.names() == ["a", "b"]
    assert len(shelf) == 2
