from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.policy import PERMISSIONS, Permission, TrustRules
from agentos_action.records.reading import read
from agentos_action.tasks.event import Actor, Event, read_event
from agentos_action.tasks.trust import in_doubt, may_ask

ADA = {"login": "ada", "type": "User"}
BOT = {"login": "renovate[bot]", "type": "Bot"}


def event(tmp_path: Path, name: str, payload: object) -> Event:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload))
    return read_event(name, file)


def ids(trust: TrustRules, found: Event) -> list[str]:
    return [finding.id for finding in may_ask(trust, found)]


def comment(association: str, sender: dict[str, str] | None = None) -> dict[str, Any]:
    return {"action": "created", "comment": {"user": ADA, "author_association": association}, "sender": sender or ADA}


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
def test_who_belongs_to_the_repository_may_ask(tmp_path: Path, association: str) -> None:
    assert ids(TrustRules(), event(tmp_path, "issue_comment", comment(association))) == []


@pytest.mark.parametrize("association", ["CONTRIBUTOR", "FIRST_TIMER", "NONE", "MANNEQUIN", ""])
def test_a_stranger_may_not(tmp_path: Path, association: str) -> None:
    found = event(tmp_path, "issue_comment", comment(association))
    assert ids(TrustRules(), found) == ["trust.permission"]
    assert ids(TrustRules(users=("Ada",)), found) == []


def test_only_an_owner_proves_admin(tmp_path: Path) -> None:
    admin = TrustRules(permission="admin")
    assert ids(admin, event(tmp_path, "issue_comment", comment("OWNER"))) == []
    assert ids(admin, event(tmp_path, "issue_comment", comment("MEMBER"))) == ["trust.permission"]


def test_one_who_acts_on_anothers_text_is_not_trusted_for_the_author(tmp_path: Path) -> None:
    payload = {"action": "edited", "issue": {"user": ADA, "author_association": "OWNER"}, "sender": {"login": "eve"}}
    assert ids(TrustRules(), event(tmp_path, "issues", payload)) == ["trust.permission"]


def test_a_label_proves_triage_and_no_more(tmp_path: Path) -> None:
    payload = {"action": "labeled", "issue": {"user": {"login": "eve"}, "author_association": "NONE"}, "sender": ADA}
    found = event(tmp_path, "issues", payload)
    assert ids(TrustRules(permission="triage"), found) == []
    assert ids(TrustRules(), found) == ["trust.permission"]


def test_an_authors_own_label_proves_nothing(tmp_path: Path) -> None:
    payload = {"action": "labeled", "issue": {"user": ADA, "author_association": "NONE"}, "sender": ADA}
    assert ids(TrustRules(permission="triage"), event(tmp_path, "issues", payload)) == ["trust.permission"]


def test_where_nothing_is_committed_by_itself_only_what_is_disproved_is_refused(tmp_path: Path) -> None:
    labelled = {"action": "labeled", "issue": {"user": {"login": "eve"}, "author_association": "NONE"}, "sender": ADA}
    found = event(tmp_path, "issues", labelled)
    assert may_ask(TrustRules(), found, unproven=True) == ()
    assert may_ask(TrustRules(users=("eve",)), found, unproven=True) != ()
    stranger = event(tmp_path, "issue_comment", comment("NONE"))
    assert may_ask(TrustRules(), stranger, unproven=True) != ()
    assert may_ask(TrustRules(), event(tmp_path, "push", {"sender": BOT}), unproven=True) != ()
    assert may_ask(TrustRules(), event(tmp_path, "issues", {"action": "opened"}), unproven=True) == ()


@pytest.mark.parametrize("name", ["workflow_dispatch", "repository_dispatch", "push"])
def test_what_only_a_writer_can_set_off_proves_write(tmp_path: Path, name: str) -> None:
    assert ids(TrustRules(), event(tmp_path, name, {"sender": ADA})) == []
    assert ids(TrustRules(permission="admin"), event(tmp_path, name, {"sender": ADA})) == ["trust.permission"]
    assert ids(TrustRules(users=("eve",)), event(tmp_path, name, {"sender": ADA})) == ["trust.user"]


def test_a_bot_is_named_exactly_or_may_not(tmp_path: Path) -> None:
    found = event(tmp_path, "push", {"sender": BOT})
    assert ids(TrustRules(), found) == ["trust.bot"]
    assert ids(TrustRules(bots=("renovate[bot]",)), found) == []
    assert ids(TrustRules(bots=("renovate",), users=("renovate[bot]",)), found) == ["trust.bot"]


def test_the_run_before_is_asked_too(tmp_path: Path) -> None:
    run = {"id": 7, "actor": {"login": "eve", "type": "User"}, "triggering_actor": ADA}
    found = event(tmp_path, "workflow_run", {"action": "completed", "workflow_run": run, "sender": ADA})
    assert found.upstream_run == "7"
    assert ids(TrustRules(users=("ada",)), found) == ["trust.user"]
    assert ids(TrustRules(users=("ada", "eve")), found) == []
    assert set(ids(TrustRules(), found)) == {"trust.permission"}
    # Whose run nobody names is anybody's.
    nobodys = event(tmp_path, "workflow_run", {"workflow_run": {"id": 7, "triggering_actor": ADA}, "sender": ADA})
    assert ids(TrustRules(users=("ada",)), nobodys) == ["trust.nobody"]
    assert may_ask(TrustRules(), nobodys, unproven=True) == ()


def test_a_schedule_asks_for_nobody_and_another_event_without_a_sender_is_refused(tmp_path: Path) -> None:
    assert ids(TrustRules(users=()), event(tmp_path, "schedule", {"schedule": "0 0 * * *"})) == []
    assert ids(TrustRules(), event(tmp_path, "issues", {"action": "opened"})) == ["trust.nobody"]


def test_nobody_may_ask_where_the_list_is_empty(tmp_path: Path) -> None:
    assert ids(TrustRules(users=()), event(tmp_path, "push", {"sender": ADA})) == ["trust.user"]


def test_every_finding_says_what_to_do() -> None:
    found = Event("issues", "opened", (Actor("eve", bot=False), Actor("b[bot]", bot=True)))
    assert all(finding.message and finding.hint for finding in may_ask(TrustRules(), found))


LABELLED = {"action": "labeled", "issue": {"user": {"login": "eve"}, "author_association": "NONE"}, "sender": ADA}


@pytest.mark.parametrize(
    ("has", "said"),
    [("write", None), ("admin", None), ("triage", "'ada' has the permission 'triage' here"), (None, "no permission")],
)
def test_where_the_forge_was_asked_its_word_counts(tmp_path: Path, has: Permission | None, said: str | None) -> None:
    for found in (event(tmp_path, "issues", LABELLED), event(tmp_path, "issue_comment", comment("OWNER"))):
        assert in_doubt(TrustRules(), found) == ("ada",)
        for unproven in (False, True):
            refused = may_ask(TrustRules(), found, permissions={"ADA": has}, unproven=unproven)
            assert [finding.id for finding in refused] == ([] if said is None else ["trust.permission"])
            assert all(said in finding.message for finding in refused if said)


def test_what_the_forge_says_of_somebody_else_counts_for_nobody(tmp_path: Path) -> None:
    found = event(tmp_path, "issues", LABELLED)
    assert [finding.id for finding in may_ask(TrustRules(), found, permissions={"eve": "admin"})] == [
        "trust.permission"
    ]


def test_the_forge_is_asked_only_of_people_and_where_the_event_does_not_say_enough(tmp_path: Path) -> None:
    pushed = event(tmp_path, "push", {"sender": ADA})
    assert in_doubt(TrustRules(), pushed) == ()
    assert in_doubt(TrustRules(permission="admin"), pushed) == ("ada",)
    assert in_doubt(TrustRules(users=("ada",)), event(tmp_path, "issues", LABELLED)) == ()
    assert in_doubt(TrustRules(), event(tmp_path, "issues", LABELLED | {"sender": BOT})) == ()
    assert in_doubt(TrustRules(), event(tmp_path, "schedule", {"sender": ADA})) == ()
    run = {"actor": {"login": "eve"}, "triggering_actor": {"login": "Ada"}}
    assert in_doubt(TrustRules(), event(tmp_path, "workflow_run", {"workflow_run": run, "sender": ADA})) == (
        "ada",
        "eve",
    )


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_what_is_no_event_is_told_by_its_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"event\.json"):
        read_event("issues", file)


def test_a_missing_event_is_told_by_its_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_event("issues", tmp_path / "nothing.json")


NAMES = ("sender", "comment", "issue", "user", "login", "type", "author_association", "workflow_run", "actor", "id")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from(PERMISSIONS))
def test_any_payload_gives_a_verdict(tmp_path_factory: pytest.TempPathFactory, payload: object, least: str) -> None:
    found = event(tmp_path_factory.getbasetemp(), "issue_comment", payload)
    refused = may_ask(read(TrustRules, {"permission": least}), found)
    assert all(finding.id.startswith("trust.") and finding.hint for finding in refused)
