"""`agentos tool` in real processes: one model or all of them, as a table and as JSON, with its exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentos_action.adapters.registry import PROVIDERS
from agentos_action.entry.commands.tool_list import PROTOCOLS
from agentos_action.sidecar.launch import Sidecar
from tests.adapters.faulty import CHAT, MODELS, FaultyServer, model_list, raw, reply, stall
from tests.git import git, make_repo
from tests.runs import cli

#: A port that nothing listens on and nothing is given.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user without any key, whose local servers are where nothing answers."""
    folder = tmp_path / "user/.agentos/profiles"
    folder.mkdir(parents=True)
    for provider in ("llamacpp", "lmstudio", "ollama"):
        write(folder, provider, NOBODY)
    write(folder, "qwen3-coder-30b", NOBODY, provider="llamacpp")
    return {"HOME": str(tmp_path / "user"), "COLUMNS": "80", "OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": ""}


@pytest.fixture
def pair() -> Iterator[tuple[FaultyServer, FaultyServer]]:
    with FaultyServer() as first, FaultyServer() as second:
        yield first, second


def write(folder: Path, name: str, base_url: str, *, provider: str | None = None, **more: Any) -> None:
    profile = {"provider": provider or name, "name": name, "base_url": base_url, **more}
    (folder / f"{name}.json").write_text(json.dumps(profile))


def two(user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]) -> None:
    """Make the two servers the user's instances of llama.cpp."""
    folder = Path(user["HOME"], ".agentos/profiles")
    write(folder, "llamacpp", pair[0].base_url)
    write(folder, "qwen3-coder-30b", pair[1].base_url, provider="llamacpp")


def told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stdout.count("\n") == 1, done.stderr
    return json.loads(done.stdout)


def test_every_instance_is_asked_and_none_answers(tmp_path: Path, user: dict[str, str]) -> None:
    done = cli("tool", "health", "--json", cwd=tmp_path, env=user)
    found = {one["adapter_id"]: one for one in told(done)}
    assert done.returncode == 3
    assert {"llamacpp", "llamacpp:qwen3-coder-30b", "lmstudio", "ollama", "openai", "anthropic"} <= set(found)
    assert "llamacpp:embedded" not in found
    for name in ("llamacpp", "llamacpp:qwen3-coder-30b", "lmstudio", "ollama"):
        assert (found[name]["status"], found[name]["error_category"]) == ("unreachable", "network")
    for name in ("openai", "anthropic"):
        assert (found[name]["status"], found[name]["probe_step"]) == ("not_configured", "none")
        assert found[name]["latency_ms"] < 200


def test_a_table_fits_on_80_columns_and_says_what_to_do(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    pair[1].at[MODELS] = reply(model_list())
    done = cli("tool", "health", cwd=tmp_path, env=user)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["status", "provider", "endpoint", "model", "latency", "step"]
    (row,) = [line for line in lines if line.startswith("connected")]
    assert row.split()[1:4] == ["llamacpp", pair[0].address, "faulty-1b"]
    assert row.endswith("shape")
    assert "model missing" in done.stdout
    assert "Start it: ollama serve." in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout


def test_a_wide_table_has_a_column_for_what_to_do(tmp_path: Path, user: dict[str, str]) -> None:
    done = cli("tool", "health", cwd=tmp_path, env={**user, "COLUMNS": "160"})
    assert done.stdout.splitlines()[0].endswith("what to do")
    assert max(map(len, done.stdout.splitlines())) <= 160


def test_of_one_provider_the_instance_with_the_model_is_told(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    pair[0].at[MODELS] = reply(model_list("small"))
    ask = ("tool", "health", "--provider", "llamacpp", "--json")
    done = cli(*ask, "--model", "faulty-1b", cwd=tmp_path, env=user)
    one = told(done)
    assert (done.returncode, one["status"], one["probe_step"]) == (0, "connected", "shape")
    assert (one["adapter_id"], one["endpoint"]) == ("llamacpp:qwen3-coder-30b", pair[1].address)
    assert [request.path for request in pair[0].seen] == [MODELS]
    missing = cli(*ask, "--model", "wanted", cwd=tmp_path, env=user)
    assert (missing.returncode, told(missing)["status"]) == (3, "model_missing")
    assert "llamacpp: small; llamacpp:qwen3-coder-30b: faulty-1b" in told(missing)["details"]
    named = cli("tool", "health", "--provider", "llamacpp:qwen3-coder-30b", cwd=tmp_path, env=user)
    assert (named.returncode, named.stderr) == (0, f"faulty-1b is ready at {pair[1].address}.\n")


def test_profiles_of_the_repository_here_are_asked_too(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    profile = {"provider": "llamacpp", "name": "ours", "base_url": pair[0].base_url}
    repo = make_repo(tmp_path, {".agentos/profiles/ours.json": json.dumps(profile)})
    (repo / "below").mkdir()
    found = told(cli("tool", "health", "--json", cwd=repo / "below", env=user))
    assert [one["status"] for one in found if one["adapter_id"] == "llamacpp:ours"] == ["connected"]
    elsewhere = told(cli("tool", "health", "--json", cwd=tmp_path, env=user))
    assert [one for one in elsewhere if one["adapter_id"] == "llamacpp:ours"] == []
    assert git(repo, "status", "--porcelain") == ""


def test_all_are_asked_at_once_within_the_time_given(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    for server in pair:
        server.at[MODELS] = stall
    done = cli("tool", "models", "--timeout", "1", "--json", cwd=tmp_path, env=user)
    assert isinstance(told(done), list), done.stdout + done.stderr
    slow = [one for one in told(done) if one["raw_error_code"] == "timeout"]
    assert [one["endpoint"] for one in slow] == [server.address for server in pair]
    # One after the other, the second would have had no time left to be asked.
    assert [len(server.seen) for server in pair] == [1, 1]


@pytest.mark.parametrize("runner", ["", "true"])
def test_nothing_of_a_server_steers_a_terminal_or_a_runner(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer], runner: str
) -> None:
    two(user, pair)
    hostile = "Broken \x1b[31m ##[error]x \n::set-output name=a::b"
    pair[0].at[MODELS] = reply({"error": {"message": hostile, "type": "x", "code": 500}}, status=500)
    pair[1].at[MODELS] = reply(model_list("::warning::" + "x" * 70))
    for words in (("health",), ("models",), ("health", "--provider", "llamacpp:llamacpp"), ("health", "--json")):
        done = cli("tool", *words, "--timeout", "3", cwd=tmp_path, env={**user, "GITHUB_ACTIONS": runner})
        said = done.stdout + done.stderr
        assert "\x1b" not in said
        if runner:
            assert "##[" not in said
            assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]


def test_a_key_that_a_server_sends_back_is_not_shown(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    key = "sk-planted-0123456789abcdef"
    pair[0].at[MODELS] = reply(model_list(f"model-{key}"))
    pair[1].at[MODELS] = reply({"error": {"message": f"bad key {key}"}}, status=401)
    for words in (("health",), ("health", "--json"), ("models",), ("models", "--json"), ("test", "llamacpp", "--json")):
        done = cli("tool", *words, cwd=tmp_path, env={**user, "LLAMACPP_API_KEY": key, "COLUMNS": "200"})
        assert key not in done.stdout + done.stderr


def test_models_of_each_instance(tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]) -> None:
    two(user, pair)
    pair[1].at[MODELS] = reply(model_list("big", "small"))
    done = cli("tool", "models", "--provider", "llamacpp", cwd=tmp_path, env=user)
    assert done.returncode == 0
    assert done.stdout == ("llamacpp\tfaulty-1b\nllamacpp:qwen3-coder-30b\tbig\nllamacpp:qwen3-coder-30b\tsmall\n")
    listed = told(cli("tool", "models", "--provider", "llamacpp", "--json", cwd=tmp_path, env=user))
    assert [one["models"] for one in listed] == [["faulty-1b"], ["big", "small"]]
    none = cli("tool", "models", "--provider", "lmstudio", cwd=tmp_path, env=user)
    assert (none.returncode, none.stdout) == (3, "")
    assert "lmstudio at 127.0.0.1:9: unreachable: Nothing answers" in none.stderr


def test_the_list_names_every_provider_without_asking_anybody(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    rows = {row["provider"]: row for row in told(cli("tool", "list", "--json", cwd=tmp_path, env=user))["providers"]}
    assert set(PROTOCOLS) == set(PROVIDERS) == set(rows)
    assert rows["openai"]["default_endpoint"] == "api.openai.com"
    named = {one["adapter_id"]: one for one in rows["llamacpp"]["instances"]}
    assert set(named) == {"llamacpp", "llamacpp:qwen3-coder-30b", "llamacpp:embedded"}
    assert named["llamacpp"]["source"].endswith("user/.agentos/profiles/llamacpp.json")
    assert pair[0].seen == []
    text = cli("tool", "list", cwd=tmp_path, env=user).stdout
    assert "ollama: Ollama's own API (127.0.0.1:11434)\n" in text


def test_a_minimal_run_tells_what_came(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    two(user, pair)
    done = cli("tool", "test", "llamacpp", "--json", cwd=tmp_path, env=user)
    one = told(done)
    assert (done.returncode, one["status"], one["answer"], one["model_id"]) == (0, "success", "Hello you", "faulty-1b")
    assert (one["usage"]["prompt_tokens"], one["usage"]["completion_tokens"], one["chunks"]) == (7, 2, 2)
    assert one["capabilities"]["stream"] is True
    assert [request.path for request in pair[0].seen] == [MODELS, CHAT]
    pair[0].at[CHAT] = raw(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
    bad = cli("tool", "test", "llamacpp:llamacpp", cwd=tmp_path, env=user)
    assert bad.returncode == 3
    assert f"llamacpp at {pair[0].address}: failed\n" in bad.stderr
    gone = cli("tool", "test", "lmstudio", "--json", cwd=tmp_path, env=user)
    assert (gone.returncode, told(gone)["error_category"], told(gone)["answer"]) == (3, "network", None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("health", "--provider", "none"), "none"),
        (("health", "--provider", "llamacpp:none"), "there is no instance llamacpp:none"),
        (("health", "--profile", "none"), "there is no profile 'none'"),
        (("health", "--timeout", "0"), "seconds"),
        (("test", ""), "no provider is named"),
        (("test", "llamacpp", "--base-url", "ftp://x"), "http://"),
    ],
)
def test_what_is_asked_wrongly_is_usage(
    tmp_path: Path, user: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    done = cli("tool", *words, cwd=tmp_path, env=user)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["health", "list", "models", "test", "auth"])
def test_each_has_help_with_an_example(tmp_path: Path, words: str) -> None:
    done = cli("tool", words, "--help", cwd=tmp_path)
    assert f"agentos tool {words}" in done.stdout.partition("example:")[2]


def test_where_nobody_chose_a_model_the_hint_names_what_answers(
    tmp_path: Path, user: dict[str, str], pair: tuple[FaultyServer, FaultyServer]
) -> None:
    folder = Path(user["HOME"], ".agentos/profiles")
    write(folder, "lmstudio", f"{pair[0].base_url}/v1")
    write(folder, "qwen3-coder-30b", pair[1].base_url, provider="llamacpp")
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    done = cli("run", "--instruction", "x", cwd=repo, env=user)
    assert done.returncode == 2
    assert f"--provider lmstudio answers at {pair[0].address}" in done.stderr
    assert f"--provider llamacpp:qwen3-coder-30b answers at {pair[1].address}" in done.stderr


@pytest.mark.model
def test_a_real_server_answers_a_test(tmp_path: Path, user: dict[str, str], llama: Sidecar) -> None:
    env = {**user, "LLAMACPP_API_KEY": llama.api_key}
    ask = ("tool", "test", "llamacpp", "--base-url", llama.base_url, "--json")
    one = told(cli(*ask, cwd=tmp_path, env=env))
    assert (one["status"], one["model_id"]) == ("success", llama.model_name), one
    assert one["answer"]
    assert one["chunks"] > 0
