"""Observer: who hears of a run's progress while it goes on (a terminal, a CI log, nobody)."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Every text may hold what a model or a task wrote; the observer makes it harmless before it shows it."""

    def stage(self, text: str) -> None:
        """Hear that a stage begins: one short sentence."""

    def tokens(self, received: int) -> None:
        """Hear of the text pieces received so far in the running model call."""

    def place(self, done: int, total: int, name: str, filling: str | None) -> None:
        """Hear that a recipe's place was filled (`filling` None: left alone)."""

    def warning(self, text: str) -> None:
        """Hear of something a person should know that does not end the run."""


class Nobody:
    """An observer that hears and says nothing."""

    def stage(self, text: str) -> None:
        """Do nothing."""

    def tokens(self, received: int) -> None:
        """Do nothing."""

    def place(self, done: int, total: int, name: str, filling: str | None) -> None:
        """Do nothing."""

    def warning(self, text: str) -> None:
        """Do nothing."""
