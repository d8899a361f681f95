"""The rows of model calls: each what its own hash says, answers and messages those whose digests stand on the tape."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import hash_of, sha256_text
from agentos_action.evidence.chain import Line
from agentos_action.evidence.layout import ANSWERS, MARK, PROMPTS
from agentos_action.evidence.reading import Problem, rows


@dataclass(frozen=True, slots=True)
class Whole:
    """Which kinds of content the tape says are not recorded as they were, and whether content is kept at all."""

    redacted: frozenset[str]
    capped: frozenset[str]
    content: bool

    @classmethod
    def of(cls, checks: Line) -> Whole:
        """Read it from `checks_completed`."""
        return cls(_kinds(checks.get("redacted")), _kinds(checks.get("capped")), checks.get("content") is not False)

    @property
    def replayable(self) -> bool:
        """Whether answers and diff are recorded as they were."""
        return self.content and (self.redacted | self.capped).isdisjoint({"answers", "diff"})

    def allows(self, row: Line, key: str, digest: object, kind: str) -> bool:
        """Return whether a row's text is the one its digest names, or one that may be another."""
        text = row.get(key)
        if not self.content:
            return text is None and isinstance(digest, str)
        if not isinstance(text, str) or not isinstance(digest, str):
            return False
        cut = kind in self.capped and type(row.get("cut_from")) is int
        return cut or sha256_text(text) == digest or (kind in self.redacted and MARK in text)


def _kinds(told: object) -> frozenset[str]:
    return frozenset(kind for kind in told if isinstance(kind, str)) if isinstance(told, list) else frozenset()


def check_calls(folder: Path, digests: dict[str, Any], problems: list[Problem], whole: Whole) -> None:
    """Recompute the digests of all answers and of all prompts from the rows; stops at the first that is wrong."""
    contents = _contents(folder, problems, whole)
    if contents is None:
        return
    answers: list[str] = []
    prompts: list[str | None] = []
    mentioned: dict[str, None] = {}
    before = len(problems)
    for number, row in enumerate(_rows(folder, ANSWERS, problems), 1):
        asked = _messages(row)
        wrong = "it does not say what was sent" if asked is None else None
        wrong = _wrong_row(row, number, whole) or wrong
        if wrong is not None or asked is None:
            problems.append(Problem(ANSWERS, number, wrong or ""))
            return
        mentioned.update(dict.fromkeys(sha for _, sha in asked))
        answers.append(row["answer_sha256"])
        prompts.append(_prompt_digest([(role, contents.get(sha)) for role, sha in asked if role is not None]))
    if len(problems) > before:
        return
    if sha256_text("\n".join(answers)) != digests.get("answers"):
        problems.append(Problem(ANSWERS, 0, "the answers are not those whose digest stands on the tape"))
    in_order = not whole.content or _mentioned_only(list(mentioned), list(contents), problems)
    known = [digest for digest in prompts if digest is not None]
    if in_order and len(known) == len(prompts) and sha256_text("\n".join(known)) != digests.get("prompts"):
        problems.append(Problem(PROMPTS, 0, "the prompts are not those whose digest stands on the tape"))


def _wrong_row(row: Line, number: int, whole: Whole) -> str | None:
    """Return what is wrong with a call's row on its own."""
    if row.get("hash") != hash_of(row):
        return "its hash is not that of its content"
    if type(row.get("call")) is not int or row["call"] != number - 1:
        return "it is not the row of the next call"
    if not whole.allows(row, "answer", row.get("answer_sha256"), "answers"):
        return "the answer is not the one its digest names"
    return None


def _mentioned_only(mentioned: list[str], there: list[str], problems: list[Problem]) -> bool:
    """Check that messages stand in the order in which calls first name them, all of them and none besides."""
    for number, (expected, found) in enumerate(zip_longest(mentioned, there), 1):
        if expected != found:
            problems.append(Problem(PROMPTS, number, "here does not stand the next message that a call names"))
            return False
    return True


def _contents(folder: Path, problems: list[Problem], whole: Whole) -> dict[str, str | None] | None:
    """Return every message, schema and grammar by digest, None for one that is not kept as it was."""
    found: dict[str, str | None] = {}
    before = len(problems)
    for number, row in enumerate(_rows(folder, PROMPTS, problems), 1):
        content, digest = row.get("content"), row.get("sha256")
        if not whole.content:
            problems.append(Problem(PROMPTS, number, "the tape says that no content is kept"))
            return None
        if not whole.allows(row, "content", digest, "prompts") or digest in found:
            problems.append(
                Problem(PROMPTS, number, "the content is not the one its digest names, or stands here twice")
            )
            return None
        found[str(digest)] = str(content) if sha256_text(str(content)) == digest else None
    return found if len(problems) == before else None


def _rows(folder: Path, name: str, problems: list[Problem]) -> Iterator[Line]:
    """Yield the rows of a file that is only there once a model was asked."""
    return rows(folder, name, problems) if os.path.lexists(folder / name) else iter(())


def _messages(row: Line) -> list[tuple[str | None, str]] | None:
    """Return (role, digest) of what a row says was sent; the role is None for a grammar or a schema."""
    messages, params = row.get("messages"), row.get("params")
    if not isinstance(messages, list) or not isinstance(params, dict):
        return None
    found: list[tuple[str | None, str]] = []
    for message in messages:
        role, digest = (message.get("role"), message.get("sha256")) if isinstance(message, dict) else (None, None)
        if not isinstance(role, str) or not isinstance(digest, str):
            return None
        found.append((role, digest))
    shapes = [params[key] for key in ("grammar_sha256", "json_schema_sha256") if key in params]
    if not all(isinstance(digest, str) for digest in shapes):
        return None
    return [*found, *((None, digest) for digest in shapes)]


def _prompt_digest(messages: list[tuple[str, str | None]]) -> str | None:
    """Return the digest of one call's prompt, None where redaction changed a message of it."""
    texts = [f"{role}\0{content}" for role, content in messages if content is not None]
    return sha256_text("\0".join(texts)) if len(texts) == len(messages) else None
