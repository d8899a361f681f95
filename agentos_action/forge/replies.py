"""What GitHub's replies hold, as far as we look at it; another shape is an error."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from agentos_action.errors import DeliveryError

T = TypeVar("T")
#: A text that nobody wrote is null there.
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
#: What evidence, as JSON, can hold.
_Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
#: It is printed, and becomes a job's output.
_Address = Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class User(_Read):
    """Who did something; `type` is `User`, `Bot` or `Organization`."""

    login: str
    type: str


class Repository(_Read):
    """A repository by its name, `owner/name`."""

    full_name: str


class Head(_Read):
    """The branch that a pull request comes from; `repo` is None where its fork was deleted."""

    ref: str
    sha: str
    repo: Repository | None


class Target(_Read):
    """The branch that a pull request goes to."""

    ref: str


class PullRequest(_Read):
    """A pull request; what nobody wrote is None."""

    number: _Number
    html_url: _Address
    state: Literal["open", "closed"]
    title: str
    draft: bool = False
    merged_at: datetime | None = None
    body: str | None = None
    user: User | None = None
    head: Head
    base: Target


class Comment(_Read):
    """A comment under an issue, or at a line of a pull request."""

    id: _Number
    body: _Text = ""
    user: User | None = None
    author_association: str = "NONE"
    html_url: _Address


class Reacted(_Read):
    """A reaction, of which everybody has at most one of a kind (`user` None: an account long gone)."""

    id: _Number
    user: User | None = None


class Issue(_Read):
    """An issue, or a pull request as the issue that it is too; `user` is who opened it (None: an account long gone)."""

    number: _Number
    title: str
    body: _Text = ""
    state: str
    user: User | None = None
    closed_by: User | None = None
    pull_request: dict[str, object] | None = None

    @property
    def is_pull_request(self) -> bool:
        """Whether it is a pull request."""
        return self.pull_request is not None


class Standing(_Read):
    """What somebody may do: the nearest of the old names, and the role that the repository gave."""

    permission: str
    role_name: str = ""


class Whole(_Read):
    """A repository's own settings."""

    default_branch: str


def read_as(model: type[T], value: object) -> T:
    """Return a reply as this model; raises DeliveryError for another shape."""
    try:
        return TypeAdapter(model).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        hint = "Check that GITHUB_API_URL is GitHub's API; if it is, report this."
        message = f"the forge sent a reply of another shape: {where}: {first['msg']}"
        raise DeliveryError(message, hint, category="schema", code="forge_reply") from error


def as_list(model: type[T], value: object) -> list[T]:
    """Return a reply as a list of this model; raises DeliveryError for another shape."""
    return read_as(list[model], value)  # type: ignore[valid-type]
