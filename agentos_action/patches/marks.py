"""What only an edit of one format looks like: enough to tell the formats apart without reading any."""

from __future__ import annotations

import re

#: The opening marker of a SEARCH/REPLACE block (a stripped line): its marks, and a path behind them.
SEARCH = re.compile(r"(?:(<{5,9})[ \t]*(?:SEARCH|ORIGINAL)>?(?:[ \t]+(\S+))?|(-{5,9})[ \t]*SEARCH>?)$", re.IGNORECASE)

#: A line of a codex envelope (stripped).
ENVELOPE = re.compile(r"\*\*\* (?:Begin Patch|(?:Add|Update|Delete) File:.*)$")

#: A line that can only be part of a unified diff.
DIFF = re.compile(r"^(?:diff --git |@@ -\d+(?:,\d+)? \+\d+|GIT binary patch$|(?:new|deleted) file mode \d{6}$)")
