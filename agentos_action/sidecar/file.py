"""A GGUF file of the user's own, used where it lies: nothing is copied and nothing is installed."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.sidecar import gguf, models

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME = 100


def own_name(file: Path) -> str:
    """Return the name under which a file is served: what its head says, else the file's own.

    A known model's name stands for a digest, so no file gets it. Raises UsageError for what is no GGUF file.
    """
    said = _head(file).name or ""
    name = next(filter(None, map(_fit, (said, file.stem))), "model")
    return f"{name}-file" if name in models.KNOWN else name


def own_model(file: Path, sha256: str | None) -> models.Model:
    """Return the file as a model, once its digest is what it should be; without one, it is taken as it is.

    Raises UsageError for what is no GGUF file, and where its digest is another.
    """
    wanted = models.wanted_digest(sha256) if sha256 is not None else None
    head, name = _head(file), own_name(file)
    before = file.stat()
    found = models.digest_of(file)
    if wanted not in {None, found}:
        message = f"{file} has another SHA-256 than expected: {found}, not {wanted}"
        raise UsageError(message, "It was not loaded; check the digest and where the file comes from.")
    return models.Model(
        name=name,
        path=str(file.resolve()),
        sha256=found,
        size=before.st_size,
        source=str(file.resolve()),
        license=head.license,
        context_length=head.context_length,
        installed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        # From before it was read: a file that is written meanwhile is read again before it is loaded.
        mtime_ns=before.st_mtime_ns,
    )


def _head(file: Path) -> gguf.Head:
    try:
        # Only a file: opening a pipe would wait for somebody to write.
        if stat.S_ISREG(file.stat().st_mode) and gguf.is_gguf(file):
            return gguf.read_head(file)
    except OSError as error:
        raise UsageError(f"cannot read the model file {file}: {error.strerror}", "Name a GGUF file.") from error
    raise UsageError(f"{file} is not a GGUF model file", "Name a file in llama.cpp's GGUF format.")


def _fit(text: str) -> str:
    return _UNFIT.sub("-", text.strip())[:_MAX_NAME].strip("-._")
