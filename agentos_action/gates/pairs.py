"""Kinds and contents that do not go together, each with the finding that has to refuse it, and a few that do."""

from __future__ import annotations

import json
from dataclasses import dataclass

KIND = "binding.kind"
FILES = {"a.txt": "one\ntwo\nthree\n", "b.txt": "left\n"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One answer under one kind; `expected` is the finding that refuses it, empty for a pair that goes together."""

    id: str
    what: str
    kind: str
    answer: str
    expected: str = KIND


_DIFF = "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n-one\n+ONE\n two\n three\n"
_GIT = f"diff --git a/a.txt b/a.txt\n{_DIFF}"
_NEW = "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n"
_GONE = "--- a/b.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-left\n"
_RENAME = "diff --git a/b.txt b/c.txt\nsimilarity index 100%\nrename from b.txt\nrename to c.txt\n"
_MODE = "diff --git a/b.txt b/b.txt\nold mode 100644\nnew mode 100755\n"
_STALE = "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n-nothing like it\n+ONE\n two\n three\n"
_SEARCH = "a.txt\n<<<<<<< SEARCH\none\n=======\nONE\n>>>>>>> REPLACE\n"
_CODEX = "*** Begin Patch\n*** Update File: a.txt\n@@\n-one\n+ONE\n two\n*** End Patch\n"
_EDIT = {"op": "replace", "path": "a.txt", "old": "one", "new": "ONE"}
_EDITS = json.dumps({"edits": [_EDIT]})


def _fenced(text: str, language: str = "diff") -> str:
    return f"Look at this:\n\n```{language}\n{text}```\n"


def _kinded(kind: str) -> str:
    return json.dumps({"output_kind": kind, "edits": [_EDIT]})


#: The order is the check's number; new ones go to the end.
NEGATIVE = (
    Pair("OKN-01", "a plan that is a bare diff", "plan", _DIFF),
    Pair("OKN-02", "an analysis with a diff in a fence", "analysis", _fenced(_DIFF)),
    Pair("OKN-03", "an explanation with a diff after words", "explanation", f"First this, then that.\n\n{_DIFF}"),
    Pair("OKN-04", "a plan with git's own headers", "plan", _GIT),
    Pair("OKN-05", "a plan with a diff in a fence of no language", "plan", _fenced(_DIFF, "")),
    Pair("OKN-06", "an analysis that makes a file", "analysis", _fenced(_NEW)),
    Pair("OKN-07", "an analysis that deletes a file", "analysis", _fenced(_GONE)),
    Pair("OKN-08", "an explanation that renames a file", "explanation", _RENAME),
    Pair("OKN-09", "an explanation that makes a file executable", "explanation", _MODE),
    Pair("OKN-10", "a plan with search and replace", "plan", _SEARCH),
    Pair("OKN-11", "an analysis with a patch envelope", "analysis", _CODEX),
    Pair("OKN-12", "a plan of JSON edits", "plan", _EDITS),
    Pair("OKN-13", "an explanation with JSON edits in a fence", "explanation", _fenced(f"{_EDITS}\n", "json")),
    Pair("OKN-14", "a plan whose JSON says that it is a diff", "plan", _kinded("diff")),
    Pair("OKN-15", "an analysis whose JSON says that it is a plan", "analysis", _kinded("plan")),
    Pair("OKN-16", "a plan with a diff that changes nothing", "plan", _DIFF.replace("ONE", "one")),
    Pair("OKN-17", "a plan with two diffs", "plan", f"{_fenced(_DIFF)}\n{_fenced(_NEW)}"),
    Pair("OKN-18", "a kind that there is not", "patch", "Nothing to do."),
    Pair("OKN-19", "a kind that is empty", "", "Nothing to do."),
    Pair("OKN-20", "a kind in capitals with a diff", "DIFF", _DIFF),
    Pair("OKN-21", "a diff that is prose", "diff", "I would rename the function.", "patch.no-diff"),
    Pair("OKN-22", "a diff that is empty", "diff", "", "patch.no-diff"),
    Pair("OKN-23", "a diff that fits no line", "diff", _fenced(_STALE), "patch.context-not-found"),
    Pair("OKN-24", "a diff whose JSON says that it is a plan", "diff", _kinded("plan"), "patch.bad-edits"),
    Pair("OKN-25", "an explanation with a diff that fits no line", "explanation", _fenced(_STALE)),
)

#: Refusing everything would be easy: these have to pass.
POSITIVE = (
    Pair("OKN-P1", "a diff that is a diff", "diff", _fenced(_DIFF), ""),
    Pair("OKN-P2", "a plan in words", "plan", "First read a.txt, then decide.", ""),
    Pair("OKN-P3", "an analysis with code that is no patch", "analysis", "See:\n\n```python\nprint(1)\n```\n", ""),
    Pair("OKN-P4", "an explanation in words", "explanation", "a.txt counts to three.", ""),
)
