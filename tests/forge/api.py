"""A GitHub API on loopback with a state of its own; every request and reply is held against GitHub's description."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

from tests.forge.git_server import TOKEN
from tests.git import git_run

DESCRIPTION: dict[str, Any] = json.loads((Path(__file__).parent / "openapi.json").read_text(encoding="utf-8"))
WHEN = "2026-11-21T03:15:00Z"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "ada", "type": "User"}
Json = dict[str, Any]


def _nullable(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema has it: `nullable` becomes a type."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {key: _nullable(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [{"type": "null"}, rest]} if schema.get("nullable") is True else rest


COMPONENTS = _nullable(DESCRIPTION["components"])


def wrong(schema: Json, value: object) -> list[str]:
    """Return what is wrong with a value, by GitHub's own schema."""
    validator = Draft202012Validator({**_nullable(schema), "components": COMPONENTS})
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in validator.iter_errors(value)]


def sample(schema: Json) -> Any:  # noqa: PLR0911 - a value for each kind
    """Return a small value that fits a schema."""
    if "$ref" in schema:
        kind, name = schema["$ref"].split("/")[-2:]
        return sample(DESCRIPTION["components"][kind][name])
    if schema.get("nullable"):
        return None
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return sample(schema[key][0])
    if "allOf" in schema:
        return {key: value for part in schema["allOf"] for key, value in sample(part).items()}
    if "enum" in schema:
        return schema["enum"][0]
    simple = {"integer": 1, "number": 1, "boolean": False, "array": []}
    if schema.get("type") in simple:
        return simple[schema["type"]]
    if schema.get("type") == "string":
        return {"uri": "https://example.org/", "date-time": WHEN}.get(schema.get("format", ""), "text")
    properties = schema.get("properties", {})
    return {name: sample(properties[name]) for name in schema.get("required", ())}


@dataclass
class Fault:
    """One reply in place of the right one; `done` carries the request out all the same."""

    method: str
    path: str
    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    times: int = 1


class GitHubApi:
    """The state of one repository `o/r`, whose branches are those of a real one."""

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.who: Json = dict(BOT)
        self.pulls: list[Json] = []
        self.comments: list[Json] = []
        self.review_comments: list[Json] = []
        self.issues: dict[int, Json] = {}
        self.permissions: dict[str, str] = {}
        self.labels: dict[int, list[str]] = {}
        self.reacted: list[Json] = []
        self.closed_by: dict[int, Json] = {}
        self.faults: list[Fault] = []
        #: What somebody else does just before a request arrives, once.
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.asked: list[str] = []
        self.problems: list[str] = []
        self.drafts = True
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def reactions(self) -> list[tuple[int, str]]:
        """The reactions under comments of issues, whoever set them."""
        return self._of("comment")

    @property
    def issue_reactions(self) -> list[tuple[int, str]]:
        """The reactions under issues."""
        return self._of("issue")

    @property
    def review_reactions(self) -> list[tuple[int, str]]:
        """The reactions under comments at a line of a pull request."""
        return self._of("review")

    def _of(self, kind: str) -> list[tuple[int, str]]:
        return [(row["to"], row["content"]) for row in self.reacted if row["kind"] == kind]

    def close(self, number: int, *, by: Json, merged: bool = False) -> None:
        """Let somebody close a pull request."""
        pull = self.pull(number)
        pull.update(state="closed", closed_at=WHEN, merged_at=WHEN if merged else None)
        self.closed_by[number] = by

    def pull(self, number: int) -> Json:
        """Return a pull request."""
        return next(pull for pull in self.pulls if pull["number"] == number)

    def answer(self, method: str, target: str, body: bytes, headers: Any) -> tuple[int, dict[str, str], object]:
        """Return status, headers and value for a request; what either does against the description is kept."""
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        self.meanwhile.pop(self.asked[-1], lambda: None)()
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
        fault = next(
            (f for f in self.faults if f.method == method and f.times and re.fullmatch(f.path, parts.path)), None
        )
        if fault is not None:
            fault.times -= 1
            if fault.done:
                self.checked(method, parts.path, dict(parse_qsl(parts.query)), body)
            return (
                fault.status,
                fault.headers,
                {"message": fault.message, "documentation_url": "https://docs.github.com"},
            )
        status, value = self.checked(method, parts.path, dict(parse_qsl(parts.query)), body)
        return status, {}, value

    def checked(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, object]:
        """Carry a request out, and hold it and its reply against the description."""
        for template, operations in DESCRIPTION["paths"].items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            found = re.fullmatch(pattern, path)
            if found is not None and method.lower() in operations:
                operation = operations[method.lower()]
                given = json.loads(body) if body else None
                self.problems += [f"{method} {path}: {said}" for said in _of_request(operation, query, given)]
                named = {key: unquote(value) for key, value in found.groupdict().items()}
                if (named["owner"], named["repo"]) != ("o", "r"):
                    return _not_found()
                status, value = ROUTES[method, template](Call(self, named, query, given))
                self.problems += [f"{method} {path} gave {status}: {s}" for s in _of_reply(operation, status, value)]
                return status, value
        self.problems.append(f"{method} {path} is not in the description")
        return _not_found()

    def tip(self, branch: str) -> str | None:
        """Return where a branch of the real repository stands."""
        done = git_run(self.bare, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        return done.stdout.decode().strip() or None


@dataclass(frozen=True)
class Call:
    """One request, taken apart."""

    api: GitHubApi
    named: dict[str, str]
    query: dict[str, str]
    given: Any


def _of_request(operation: Json, query: dict[str, str], given: object) -> list[str]:
    known = {}
    for one in operation.get("parameters", ()):
        parameter = DESCRIPTION["components"]["parameters"][one["$ref"].split("/")[-1]] if "$ref" in one else one
        if parameter["in"] == "query":
            known[parameter["name"]] = parameter["schema"]
    said = [f"no parameter {name}" for name in query if name not in known]
    for name, value in query.items():
        if name in known:
            typed = int(value) if known[name].get("type") == "integer" else value
            said += wrong(known[name], typed)
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        said += wrong(schema, given)
        if "properties" in schema and isinstance(given, dict):
            said += [f"no property {key}" for key in given if key not in schema["properties"]]
    elif given is not None:
        said.append("a body that nobody takes")
    return said


def _of_reply(operation: Json, status: int, value: object) -> list[str]:
    reply = operation["responses"].get(str(status))
    if reply is None:
        return ["a status that is not described"]
    if "$ref" in reply:
        reply = DESCRIPTION["components"]["responses"][reply["$ref"].split("/")[-1]]
    if "content" not in reply:
        return ["a body that is not described"] if value is not None else []
    return wrong(reply["content"]["application/json"]["schema"], value)


def _user(who: Json) -> Json:
    return {**sample({"$ref": "#/components/schemas/simple-user"}), **who}


def _invalid(message: str) -> tuple[int, Json]:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return 422, {"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest"}


def _shown(api: GitHubApi, pull: Json, name: str) -> Json:
    base: Json = sample({"$ref": f"#/components/schemas/{name}"})
    repo = {**sample({"$ref": "#/components/schemas/repository"}), "full_name": pull.get("of", "o/r"), "name": "r"}
    shown = {key: value for key, value in pull.items() if key not in {"of", "branch", "target", "sha"}}
    head = {
        **base["head"],
        "ref": pull["branch"],
        "label": f"o:{pull['branch']}",
        "repo": repo,
        "sha": pull.get("sha") or api.tip(pull["branch"]) or "0" * 40,
    }
    return {**base, **shown, "head": head, "base": {**base["base"], "ref": pull["target"], "repo": repo}}


def _get_repository(_: Call) -> tuple[int, object]:
    base = sample({"$ref": "#/components/schemas/full-repository"})
    return 200, {**base, "full_name": "o/r", "default_branch": "main"}


def _list_pulls(at: Call) -> tuple[int, object]:
    found = [pull for pull in reversed(at.api.pulls) if at.query.get("state", "open") in {"all", pull["state"]}]
    if "head" in at.query:
        found = [
            pull for pull in found if at.query["head"] == f"{pull.get('of', 'o/r').split('/')[0]}:{pull['branch']}"
        ]
    size, page = int(at.query.get("per_page", 30)), int(at.query.get("page", 1))
    return 200, [_shown(at.api, pull, "pull-request-simple") for pull in found[(page - 1) * size : page * size]]


def _open_pull(at: Call) -> tuple[int, object]:
    tip, base = at.api.tip(at.given["head"]), at.api.tip(at.given["base"])
    if tip is None or base is None:
        return _invalid("head or base is invalid")
    if any(pull["branch"] == at.given["head"] and pull["state"] == "open" for pull in at.api.pulls):
        return _invalid(f"A pull request already exists for o:{at.given['head']}.")
    if tip == base:
        return _invalid(f"No commits between {at.given['base']} and {at.given['head']}")
    if at.given.get("draft") and not at.api.drafts:
        return _invalid("Draft pull requests are not supported in this repository.")
    pull = add_pull(
        at.api,
        at.given["head"],
        title=at.given["title"],
        body=at.given.get("body"),
        draft=at.given.get("draft", False),
        target=at.given["base"],
        user=_user(at.api.who),
    )
    return 201, _shown(at.api, pull, "pull-request")


def add_pull(api: GitHubApi, branch: str, **more: Any) -> Json:
    """Let there be a pull request from a branch; `of` names a fork, `sha` a head that is not the branch's tip."""
    number = more.pop("number", len(api.pulls) + 100)
    row: Json = {"number": number, "title": "Theirs", "body": None, "state": "open", "draft": False, "target": "main"}
    row |= {"html_url": f"https://github.com/o/r/pull/{number}", "branch": branch, "user": _user(PERSON), **more}
    api.pulls.append(row)
    return row


def _get_pull(at: Call) -> tuple[int, object]:
    number = int(at.named["pull_number"])
    if all(pull["number"] != number for pull in at.api.pulls):
        return _not_found()
    return 200, _shown(at.api, at.api.pull(number), "pull-request")


def _update_pull(at: Call) -> tuple[int, object]:
    pull = at.api.pull(int(at.named["pull_number"]))
    assert pull["state"] == "open", "nobody writes into what was closed"
    pull.update({key: at.given[key] for key in ("title", "body") if key in at.given})
    return 200, _shown(at.api, pull, "pull-request")


def add_issue(api: GitHubApi, number: int, title: str, body: str | None, **more: Any) -> Json:
    """Let there be an issue; what is changed in it later is what the API shows."""
    api.issues[number] = {"title": title, "body": body, "state": "open", "user": _user(PERSON), **more}
    return api.issues[number]


def _get_issue(at: Call) -> tuple[int, object]:
    number = int(at.named["issue_number"])
    pull = next((pull for pull in at.api.pulls if pull["number"] == number), None)
    if pull is None and number not in at.api.issues:
        return _not_found()
    shown = dict(at.api.issues.get(number, {}))
    if pull is not None:
        url = pull["html_url"]
        shown = {key: pull[key] for key in ("title", "body", "state", "user")}
        shown["pull_request"] = {"diff_url": url, "html_url": url, "patch_url": url, "url": url}
    who = at.api.closed_by.get(number)
    base = sample({"$ref": "#/components/schemas/issue"})
    return 200, {**base, "number": number, "closed_by": _user(who) if who else None, **shown}


def _permission(at: Call) -> tuple[int, object]:
    login = at.named["username"]
    role = {name.casefold(): role for name, role in at.api.permissions.items()}.get(login.casefold())
    if role is None:
        return _not_found(f"{login} is not a user")
    # A role of the repository's own making is given with what it is built on: `security-lead=write`.
    name, _, built_on = role.partition("=")
    old = built_on or {"maintain": "write", "triage": "read"}.get(name, name)
    base = sample({"$ref": "#/components/schemas/repository-collaborator-permission"})
    return 200, {**base, "permission": old, "role_name": name}


def _not_found(message: str = "Not Found") -> tuple[int, Json]:
    return 404, {"message": message, "documentation_url": "https://docs.github.com"}


def _comment(row: Json) -> Json:
    base = sample({"$ref": "#/components/schemas/issue-comment"})
    return {**base, **{key: value for key, value in row.items() if key != "issue"}}


def _list_comments(at: Call) -> tuple[int, object]:
    found = [row for row in at.api.comments if row["issue"] == int(at.named["issue_number"])]
    size, page = int(at.query.get("per_page", 30)), int(at.query.get("page", 1))
    return 200, [_comment(row) for row in found[(page - 1) * size : page * size]]


def add_comment(api: GitHubApi, issue: int, body: str, who: Json, standing: str = "NONE") -> Json:
    """Let somebody comment."""
    number = api.comments[-1]["id"] + 1 if api.comments else 500
    row: Json = {"id": number, "issue": issue, "body": body, "user": _user(who)}
    row |= {"author_association": standing, "html_url": f"https://github.com/o/r/issues/{issue}#c{len(api.comments)}"}
    api.comments.append(row)
    return row


def add_review_comment(api: GitHubApi, pull: int, body: str, who: Json, standing: str = "NONE") -> Json:
    """Let somebody comment at a line of a pull request."""
    row: Json = {"id": len(api.review_comments) + 700, "pull": pull, "body": body, "user": _user(who)}
    row |= {"author_association": standing, "html_url": f"https://github.com/o/r/pull/{pull}#r{row['id']}"}
    api.review_comments.append(row)
    return row


def _get_comment(at: Call) -> tuple[int, object]:
    row = next((row for row in at.api.comments if row["id"] == int(at.named["comment_id"])), None)
    return _not_found() if row is None else (200, _comment(row))


def _get_review_comment(at: Call) -> tuple[int, object]:
    row = next((row for row in at.api.review_comments if row["id"] == int(at.named["comment_id"])), None)
    base = sample({"$ref": "#/components/schemas/pull-request-review-comment"})
    return _not_found() if row is None else (200, {**base, **{key: row[key] for key in row if key != "pull"}})


def _add_comment(at: Call) -> tuple[int, object]:
    return 201, _comment(add_comment(at.api, int(at.named["issue_number"]), at.given["body"], at.api.who))


def _update_comment(at: Call) -> tuple[int, object]:
    row = next(row for row in at.api.comments if row["id"] == int(at.named["comment_id"]))
    row["body"] = at.given["body"]
    return 200, _comment(row)


def _delete_comment(at: Call) -> tuple[int, object]:
    kept = [row for row in at.api.comments if row["id"] != int(at.named["comment_id"])]
    found = len(kept) < len(at.api.comments)
    at.api.comments[:] = kept
    return (204, None) if found else _not_found()


def add_reaction(api: GitHubApi, kind: str, to: int, content: str, who: Json) -> Json:
    """Let somebody react to a `comment`, an `issue` or a `review` comment."""
    row = {"id": len(api.asked) + 900, "kind": kind, "to": to, "content": content, "user": _user(who)}
    api.reacted.append(row)
    return row


def _reaction(row: Json) -> Json:
    base = sample({"$ref": "#/components/schemas/reaction"})
    return {**base, **{key: row[key] for key in ("id", "content", "user")}}


def _thing(at: Call) -> int:
    return int(at.named.get("comment_id") or at.named["issue_number"])


def _react(at: Call, kind: str) -> tuple[int, object]:
    found = [row for row in _reactions(at, kind, at.given["content"]) if row["user"] == _user(at.api.who)]
    row = found[0] if found else add_reaction(at.api, kind, _thing(at), at.given["content"], at.api.who)
    return (200 if found else 201), _reaction(row)


def _reactions(at: Call, kind: str, content: str | None) -> list[Json]:
    here = [row for row in at.api.reacted if (row["kind"], row["to"]) == (kind, _thing(at))]
    return [row for row in here if content in {None, row["content"]}]


def _list_reactions(at: Call, kind: str) -> tuple[int, object]:
    found = [_reaction(row) for row in _reactions(at, kind, at.query.get("content"))]
    size, page = int(at.query.get("per_page", 30)), int(at.query.get("page", 1))
    return 200, found[(page - 1) * size : page * size]


def _delete_reaction(at: Call, kind: str) -> tuple[int, object]:
    number = int(at.named["reaction_id"])
    found = [row for row in _reactions(at, kind, None) if row["id"] == number]
    at.api.reacted[:] = [row for row in at.api.reacted if row not in found]
    return (204, None) if found else _not_found()


def _label(at: Call) -> tuple[int, object]:
    held = at.api.labels.setdefault(int(at.named["issue_number"]), [])
    held += [name for name in at.given["labels"] if name not in held]
    base = sample({"$ref": "#/components/schemas/label"})
    return 200, [{**base, "name": name} for name in held]


_AT = "/repos/{owner}/{repo}"
ROUTES: dict[tuple[str, str], Callable[[Call], tuple[int, object]]] = {
    ("GET", _AT): _get_repository,
    ("GET", f"{_AT}/pulls"): _list_pulls,
    ("POST", f"{_AT}/pulls"): _open_pull,
    ("PATCH", f"{_AT}/pulls/{{pull_number}}"): _update_pull,
    ("GET", f"{_AT}/pulls/{{pull_number}}"): _get_pull,
    ("GET", f"{_AT}/collaborators/{{username}}/permission"): _permission,
    ("GET", f"{_AT}/issues/{{issue_number}}"): _get_issue,
    ("GET", f"{_AT}/issues/comments/{{comment_id}}"): _get_comment,
    ("GET", f"{_AT}/pulls/comments/{{comment_id}}"): _get_review_comment,
    ("GET", f"{_AT}/issues/{{issue_number}}/comments"): _list_comments,
    ("POST", f"{_AT}/issues/{{issue_number}}/comments"): _add_comment,
    ("PATCH", f"{_AT}/issues/comments/{{comment_id}}"): _update_comment,
    ("DELETE", f"{_AT}/issues/comments/{{comment_id}}"): _delete_comment,
    ("POST", f"{_AT}/issues/{{issue_number}}/labels"): _label,
}
for _kind, _to in (
    ("issue", "issues/{issue_number}"),
    ("comment", "issues/comments/{comment_id}"),
    ("review", "pulls/comments/{comment_id}"),
):
    ROUTES["POST", f"{_AT}/{_to}/reactions"] = partial(_react, kind=_kind)
    ROUTES["GET", f"{_AT}/{_to}/reactions"] = partial(_list_reactions, kind=_kind)
    ROUTES["DELETE", f"{_AT}/{_to}/reactions/{{reaction_id}}"] = partial(_delete_reaction, kind=_kind)


@contextmanager
def github(bare: Path) -> Iterator[GitHubApi]:
    """Serve until the end of the block; nothing that went over the line may be against the description."""
    api = GitHubApi(bare)
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.server.shutdown()
        api.server.server_close()
        thread.join()
    assert api.problems == []


def _handler(api: GitHubApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            pass

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, headers, value = api.answer(self.command, self.path, body, self.headers)
            except Exception as error:
                api.problems.append(f"{self.command} {self.path}: {error!r}")
                raise
            content = b"" if status == 204 else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = reply  # noqa: N815 - the names it is called by

    return Handler
