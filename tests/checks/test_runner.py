"""Which folders belong to a runner, as a job's environment tells."""

from __future__ import annotations

from pathlib import Path

from agentos_action.checks.runner import folders, workspaces


def job(runner: Path) -> dict[str, str]:
    """Make the folders of a runner and return what a job on it has in its environment."""
    commands = runner / "_work/_temp/_runner_file_commands"
    commands.mkdir(parents=True)
    (runner / "_work/repo/repo").mkdir(parents=True)
    (runner / ".runner").write_text("{}")
    return {
        "RUNNER_TEMP": f"{runner}/_work/_temp",
        "GITHUB_WORKSPACE": f"{runner}/_work/repo/repo",
        "RUNNER_WORKSPACE": f"{runner}/_work/repo",
        "GITHUB_ENV": f"{commands}/set_env_1",
        "GITHUB_EVENT_PATH": f"{runner}/_work/_temp/_github_workflow/event.json",
    }


def mine(tmp_path: Path, environment: dict[str, str]) -> list[str]:
    """Return the found folders below a folder; this machine may have runners of its own."""
    return sorted(str(place.relative_to(tmp_path)) for place in folders(environment) if place.is_relative_to(tmp_path))


def test_every_variable_leads_to_the_runner(tmp_path: Path) -> None:
    environment = job(tmp_path / "deep/r1")
    for name, value in environment.items():
        assert mine(tmp_path, {name: value}) == ["deep/r1"], name


def test_a_mark_in_a_repository_hides_no_runner(tmp_path: Path) -> None:
    environment = job(tmp_path / "r1")
    (tmp_path / "r1/_work/repo/repo/.runner").write_text("{}")
    found = mine(tmp_path, {"GITHUB_WORKSPACE": environment["GITHUB_WORKSPACE"]})
    assert found == ["r1", "r1/_work/repo/repo"]


def test_without_a_mark_the_folders_themselves_are_meant(tmp_path: Path) -> None:
    environment = job(tmp_path / "r1")
    (tmp_path / "r1/.runner").unlink()
    (tmp_path / "link").symlink_to("r1")
    assert mine(tmp_path, {"RUNNER_TEMP": environment["RUNNER_TEMP"]}) == ["r1/_work/_temp"]
    assert mine(tmp_path, {"GITHUB_ENV": environment["GITHUB_ENV"]}) == ["r1/_work/_temp/_runner_file_commands"]
    assert mine(tmp_path, {"RUNNER_TEMP": f"{tmp_path}/link/_work"}) == ["link/_work", "r1/_work"]


def test_the_system_is_never_meant() -> None:
    here = folders({})
    for value in ("/", "/usr", "/usr/lib", "/tmp", "/nix", "relative", ""):  # noqa: S108
        assert folders({"RUNNER_TEMP": value, "GITHUB_OUTPUT": f"{value}/x"}) == here, value
    assert folders({"GITHUB_OUTPUT": "/dev/stdout"}) == here


def test_what_a_job_checks_out_is_known() -> None:
    environment = {"GITHUB_WORKSPACE": "/w/a/a", "RUNNER_WORKSPACE": "/w/a", "RUNNER_TEMP": "/w/t"}
    assert workspaces(environment) == {Path("/w/a/a"), Path("/w/a")}
    assert workspaces({"GITHUB_WORKSPACE": "", "RUNNER_WORKSPACE": "x"}) == set()
