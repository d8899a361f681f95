"""The worked examples that stand first in every prompt: stable, so that a server reads them once and keeps them."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

# Words of these examples that a small model carries over into other functions' sentences.
LEAKS = frozenset("thermometer readings unit playlist song songs city tax prices log visible comments".split())

EXAMPLES = (
    (
        "total_price",
        "def total_price(prices, tax):\n    return sum(prices) * (1 + tax)",
        "Return the sum of the prices plus the tax.",
    ),
    (
        "is_blank",
        "def is_blank(text):\n    return not text.strip()",
        "Return True if the text has no visible characters.",
    ),
    (
        "clear_folder",
        "def clear_folder(folder):\n    for path in folder.iterdir():\n        path.unlink()",
        "Delete every file in the folder.",
    ),
    (
        "without_comments",
        (
            'def without_comments(lines):\n    for line in lines:\n        if not line.startswith("#"):\n'
            "            yield line"
        ),
        "Yield the lines that are not comments.",
    ),
    (
        "minutes_to_hours",
        "def minutes_to_hours(minutes):\n    return minutes / 60",
        "Convert minutes to hours.",
    ),
    (
        "Thermometer",
        "class Thermometer:\n    def __init__(self, unit):\n        self.unit = unit\n        self.readings = []",
        "Represent a thermometer with its unit and readings.",
    ),
    (
        "find_user",
        (
            "def find_user(users, name):\n    for i, user in enumerate(users):\n        if user.name == name:\n"
            "            return i\n    return -1"
        ),
        "Find the index of the user with the given name.",
    ),
    (
        "add_song",
        "class Playlist:\n    def add_song(self, song):\n        self.songs.append(song)",
        "Add a song to the playlist.",
    ),
    (
        "people_by_city",
        (
            "def people_by_city(people):\n    cities = {}\n    for person in people:\n"
            "        cities.setdefault(person.city, []).append(person)\n    return cities"
        ),
        "Return a dictionary of the people in each city.",
    ),
    (
        "log_event",
        'def log_event(path, event):\n    with open(path, "a") as log:\n        log.write(event)',
        "Append the event to the log file.",
    ),
)
