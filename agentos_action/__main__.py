"""`python -m agentos_action` is `agentos`."""

import sys

from agentos_action.entry.cli import main

if __name__ == "__main__":
    sys.exit(main())
