"""One gate after the other: run it, write what it left, say what it came to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agentos_action import __version__
from agentos_action.clock import Clock
from agentos_action.errors import EXIT_CONFLICT, EXIT_DONE, EXIT_REJECTED, UsageError
from agentos_action.evidence.layout import FOLDERS, HEALTH, SUMMARY, SUMS, TAPE, RunFolder
from agentos_action.executor import temporary
from agentos_action.gates.check import GateResult, Status, status_of
from agentos_action.gates.registry import GATES, Gate, Told
from agentos_action.gates.setting import Setting
from agentos_action.redact import Redactor

RESULTS = "reports/gate_results.json"
#: The exit code of a gate that could not run; never that of a pass.
EXIT_SKIPPED = EXIT_CONFLICT
_RUNS = "runs"
#: What a gate's folder holds; one with anything else in it is somebody's own.
_OURS = frozenset({*FOLDERS, _RUNS, SUMS})


def named(names: Iterable[str]) -> tuple[Gate, ...]:
    """Return the gates of these names, however they are spelled in case; raises UsageError listing what there is."""
    found = []
    for name in dict.fromkeys(names):
        gate = GATES.get(name.upper())
        if gate is None:
            raise UsageError(f"there is no gate {name!r}", f"Gates: {', '.join(GATES)}.")
        found.append(gate)
    return tuple(found)


def perform(
    gates: Iterable[Gate], setting: Setting, out: Path, on_gate: Callable[[str], None]
) -> tuple[GateResult, ...]:
    """Run the gates one after the other; each leaves its folder before the next begins.

    Raises UsageError where evidence cannot be written, or others write theirs there now.
    """
    with _alone(out):
        return tuple(_perform(gate, setting, out, on_gate) for gate in gates)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold the folder, so that no other run of gates forgets or mixes in what these leave; the kernel lets it go."""
    import fcntl  # noqa: PLC0415 - no such module on Windows, where results can still be read

    hint = "Give a folder that can be written with --out."
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"{out} cannot hold the evidence of gates: {error.strerror}", hint) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            said = f"other gates are writing their evidence in {out}"
            raise UsageError(said, "Wait until they are done, or give another folder with --out.") from error
        except OSError as error:
            raise UsageError(f"{out}: this file system cannot lock: {error.strerror}", hint) from error
        yield
    finally:
        os.close(handle)


def _perform(gate: Gate, setting: Setting, out: Path, on_gate: Callable[[str], None]) -> GateResult:
    on_gate(f"{gate.name}: {gate.title}")
    clock = Clock()
    started, before = clock.now(), clock.monotonic()
    # What an earlier run of the gate left must not be taken for what this one proves.
    _forget(out / gate.folder)
    folder = _folder(out, gate, setting)
    told = gate.tell(setting, folder.path / _RUNS)
    status = status_of(told.checks)
    result = GateResult(
        gate=gate.name,
        title=gate.title,
        status=status,
        why=told.why or _why(told, status),
        mock=told.mock,
        version=__version__,
        started=started,
        duration_ms=round(1000 * (clock.monotonic() - before)),
        run_id=told.bundle.name if told.bundle else None,
        checks=told.checks,
    )
    _write(folder, result, told)
    return result


def _folder(out: Path, gate: Gate, setting: Setting) -> RunFolder:
    try:
        return RunFolder.create(out, gate.folder, Redactor(setting.request.secrets))
    except UsageError as error:
        # A gate's option has another name than a run's.
        raise UsageError(error.message, "Give a folder that can be written with --out.") from error


def _forget(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder of a gate", "Move it away, or give another folder with --out.")
    if not folder.exists():
        return
    if {path.name for path in folder.iterdir()} - _OURS:
        raise UsageError(f"{folder} holds something else than a gate's evidence", "Give another folder with --out.")
    temporary.remove(folder)


def _why(told: Told, status: Status) -> str:
    wrong = [check.id for check in told.checks if check.status == status]
    if status == "passed":
        return f"{len(wrong)} checks passed"
    return f"{status}: {', '.join(wrong)}"


def _write(folder: RunFolder, result: GateResult, told: Told) -> None:
    if told.bundle is not None:
        # The run's own folder stays whole beside it; here stands what is looked for first.
        for name in (TAPE, SUMMARY):
            if (told.bundle / name).is_file():
                folder.write(name, (told.bundle / name).read_bytes())
    for name, text in told.texts.items():
        folder.write(f"audit/{name}", folder.redact(text.decode("utf-8", "replace")).encode("utf-8", "replace"))
    health = told.health.model_dump(mode="json") if told.health else None
    folder.write_json(
        HEALTH,
        {
            "gate": result.gate,
            "gate_status": result.status,
            "gate_passed": result.status == "passed",
            "mock": result.mock,
            "health": health,
        },
    )
    folder.write_json(RESULTS, result.model_dump(mode="json"))
    folder.close()


def exit_code(results: Iterable[GateResult], *, allow_skip: bool) -> int:
    """Return 1 where any failed, else 4 where any was skipped and that is not allowed, else 0."""
    said = {result.status for result in results}
    if "failed" in said:
        return EXIT_REJECTED
    return EXIT_SKIPPED if "skipped" in said and not allow_skip else EXIT_DONE


def read_results(out: Path) -> tuple[GateResult, ...]:
    """Return what the gates left in a folder, in the table's order; raises UsageError where nothing is."""
    found = []
    for gate in GATES.values():
        file = out / gate.folder / RESULTS
        if not file.is_file():
            continue
        try:
            found.append(GateResult.model_validate_json(file.read_bytes()))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file} holds no result of a gate: {str(error).splitlines()[0]}", "Run it again."
            ) from error
    if not found:
        raise UsageError(f"no gate has left a result in {out}", "Run one: agentos gate run --all --allow-skip.")
    return tuple(found)
