"""Records at the border: each publishes a JSON Schema that says what the record itself says."""

from __future__ import annotations

import argparse
import json
from dataclasses import FrozenInstanceError
from importlib import import_module
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from agentos_action.entry.commands import schema as schema_command
from agentos_action.entry.commands.schema import SCHEMAS

NOW = "2026-01-02T03:04:05Z"
SMALLEST: dict[str, dict[str, Any]] = {
    "tool_task": {"task_id": "t", "instruction": "x", "source": "file"},
    "tool_health": {
        "adapter_id": "a",
        "provider": "p",
        "execution_mode": "local",
        "status": "connected",
        "details": "d",
        "checked_at": NOW,
        "latency_ms": 0,
    },
    "tool_capabilities": {"execution_mode": "local"},
    "tool_result": {
        "tool": "t",
        "adapter_id": "a",
        "provider": "p",
        "execution_mode": "cloud",
        "status": "success",
        "output_kind": "diff",
        "tool_run_id": "r",
        "timestamp": NOW,
        "duration_ms": 0,
        "wrote_files": False,
        "committed": False,
    },
    "diff_validation_result": {"is_valid": True},
    "run_report": {"status": "committed", "exit_code": 0, "message": "m"},
    "policy": {},
    "profile": {"provider": "p", "name": "n"},
    "task_file": {},
    "edits": {"edits": [{"op": "delete", "path": "a"}]},
}


def record(name: str) -> type[Any]:
    """Return the record of a schema's name."""
    module, _, attribute = SCHEMAS[name].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, type)
    return found


def adapter(name: str) -> TypeAdapter[Any]:
    """Return what validates and writes the record of a schema's name."""
    return TypeAdapter(record(name))


def printed(name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return what `agentos schema NAME` prints."""
    assert schema_command.execute(argparse.Namespace(name=name)) == 0
    schema = json.loads(capsys.readouterr().out)
    assert isinstance(schema, dict)
    return schema


def test_every_schema_has_a_smallest_example_here() -> None:
    assert set(SMALLEST) == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_and_takes_what_the_record_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = printed(name, capsys)
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(SMALLEST[name], schema)
    read = adapter(name).validate_json(json.dumps(SMALLEST[name]))
    written = json.loads(adapter(name).dump_json(read, by_alias=True))
    jsonschema.validate(written, schema)
    assert adapter(name).validate_json(json.dumps(written)) == read


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_unknown_field_is_refused_by_record_and_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = {**SMALLEST[name], "surprise": 1}
    with pytest.raises(ValidationError, match="surprise"):
        adapter(name).validate_python(more)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(more, printed(name, capsys))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_record_is_frozen(name: str) -> None:
    read = adapter(name).validate_json(json.dumps(SMALLEST[name]))
    field = next(iter(SMALLEST[name]), "limits")
    with pytest.raises((ValidationError, FrozenInstanceError), match=r"frozen|cannot assign"):
        setattr(read, field, None)


@pytest.mark.parametrize("name", ["tool_health", "tool_result", "tool_capabilities", "tool_task"])
def test_the_fields_of_the_specification_are_there(name: str) -> None:
    fields = {
        "tool_task": "task_id instruction allowed_paths forbidden_paths timeout_seconds files base source requested_by",
        "tool_health": "adapter_id provider instance execution_mode status details error_category raw_error_code "
        "endpoint probe_step models checked_at latency_ms",
        "tool_capabilities": "execution_mode supports_diff supports_patch supports_health_check stream json_mode "
        "json_schema grammar function_call context_tokens",
        "tool_result": "tool adapter_id provider instance execution_mode model_id requested_model status output_kind "
        "diff files_touched line_count tool_run_id timestamp duration_ms usage wrote_files committed error_category "
        "raw_error_code endpoint mock",
    }
    assert set(fields[name].split()) <= set(record(name).model_fields)
