"""Real payloads of the forge, and any JSON at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FOLDER = Path(__file__).parent / "webhooks"

#: Any text of a payload, half characters and NULs too.
TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
#: What Markdown, forms, blocks of toml and commands are made of.
PIECES = st.lists(
    st.one_of(
        TEXT,
        st.sampled_from(["\n", "\n\n", "```toml\n", "\n```\n", "files = ['a']\n", "id = 'x'\n", "[limits]\n"]),
        st.sampled_from(["### Files\n\n", "### What should change\n\n", "_No response_", "/agentos ", "recipe "]),
        st.sampled_from(["<!--", "-->", "<div>", "<?", "?>", "[a]: b 'c'\n", "[a]", "![x](y 'z')", "[^1]: "]),
        st.sampled_from(["> ", "- ", "    ", "`", "\u200b", "\u200d", "\U000e0041"]),
    ),
    max_size=12,
).map("".join)


def payload(name: str) -> dict[str, Any]:
    """Return a real payload, by its event and action."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def comment(words: str, *, pull_request: bool = False, **issue: object) -> dict[str, Any]:
    """Return the real payload of a comment with these words, under an issue with these."""
    found = payload("issue_comment.created")
    found["comment"]["body"] = words
    found["issue"] |= issue | ({"pull_request": {"url": "https://api.github.com/x"}} if pull_request else {})
    return found


def issue(body: str | None, title: str = "Say colour", *, label: str = "agentos") -> dict[str, Any]:
    """Return the real payload of a label on an issue with these words."""
    found = payload("issues.labeled")
    found["issue"] |= {"body": body, "title": title}
    found["label"]["name"] = label
    return found
