"""Every way a model can fail us, as one table (`docs/troubleshooting.md` shows it): code, category, words, remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from agentos_action.adapters.text import one_line
from agentos_action.errors import ErrorCategory, ToolError
from agentos_action.records.tool import HealthStatus

# Hiding a shorter text than this would blot out ordinary words.
_SHORTEST_SECRET = 4
_ADDRESS = re.compile(r"\w{2,10}://\S+")


class Code(StrEnum):
    """The stable names of the faults; evidence and tests use them."""

    CONNECT_REFUSED = "connect_refused"
    CONNECT_FAILED = "connect_failed"
    DNS_FAILED = "dns_failed"
    TLS_FAILED = "tls_failed"
    PROXY_FAILED = "proxy_failed"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    NOT_HTTP = "not_http"
    REDIRECT = "redirect"
    HTTP_404 = "http_404"
    HTTP_429 = "http_429"
    HTTP_5XX = "http_5xx"
    OVERLOADED = "overloaded"
    LOADING = "loading"
    STREAM_CUT = "stream_cut"
    STREAM_ERROR = "stream_error"
    NO_KEY = "no_key"
    NO_MODEL = "no_model"
    KEY_SHAPE = "key_shape"
    HTTP_401 = "http_401"
    HTTP_403 = "http_403"
    QUOTA = "quota"
    HTTP_4XX = "http_4xx"
    CONSTRAINT_UNSUPPORTED = "constraint_unsupported"
    NO_ANSWER = "no_answer"
    MODEL_MISSING = "model_missing"
    WRONG_MODEL = "wrong_model"
    CONTEXT_OVERFLOW = "context_overflow"
    ANSWER_CUT = "answer_cut"
    CONTENT_FILTER = "content_filter"
    REFUSED = "refused"
    OUT_OF_ANSWERS = "out_of_answers"
    BAD_UTF8 = "bad_utf8"
    BAD_JSON = "bad_json"
    BAD_SHAPE = "bad_shape"
    BAD_ENCODING = "bad_encoding"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    TOO_LARGE = "too_large"
    EMPTY_BODY = "empty_body"
    EMPTY_ANSWER = "empty_answer"
    ERROR_IN_REPLY = "error_in_reply"
    OUT_OF_MEMORY = "out_of_memory"
    PROBE_TIMEOUT = "probe_timeout"
    AGENT_MISSING = "agent_missing"
    AGENT_HOME = "agent_home"
    NO_SANDBOX = "no_sandbox"
    AGENT_BROKEN = "agent_broken"
    NOT_LOGGED_IN = "not_logged_in"
    AGENT_FAILED = "agent_failed"
    AGENT_TIMEOUT = "agent_timeout"
    AGENT_LEFT_RUNNING = "agent_left_running"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row; `says` and `todo` are for a person, `{endpoint}` is filled in."""

    code: Code
    category: ErrorCategory
    says: str
    todo: str


_ROWS: Final = (
    Fault(Code.CONNECT_REFUSED, "network", "Nothing answers at {endpoint}.", "Start the server, or correct base_url."),
    Fault(Code.CONNECT_FAILED, "network", "No connection to {endpoint}.", "Check base_url, network and firewall."),
    Fault(
        Code.DNS_FAILED,
        "network",
        "The name in {endpoint} was not found.",
        "Check the network, and the name in base_url.",
    ),
    Fault(
        Code.TLS_FAILED, "network", "No TLS with {endpoint}.", "Check https or http in base_url, and the certificate."
    ),
    Fault(Code.PROXY_FAILED, "network", "The proxy did not let us reach {endpoint}.", "Check HTTP_PROXY and NO_PROXY."),
    Fault(
        Code.TIMEOUT, "network", "{endpoint} did not finish in time.", "Raise the time limit, or use a faster model."
    ),
    Fault(Code.CONNECTION_LOST, "network", "{endpoint} broke the connection off.", "Look into the server's log."),
    Fault(Code.NOT_HTTP, "network", "{endpoint} does not speak HTTP.", "Check host, port and scheme of base_url."),
    Fault(Code.REDIRECT, "network", "{endpoint} answered with a redirect.", "Put the final address into base_url."),
    Fault(Code.HTTP_404, "network", "{endpoint} does not know the address asked for.", "Check the path in base_url."),
    Fault(Code.HTTP_429, "network", "{endpoint} is asked too often.", "Wait, then try again."),
    Fault(Code.HTTP_5XX, "network", "{endpoint} failed.", "Look into the server's log, then try again."),
    Fault(Code.OVERLOADED, "network", "{endpoint} is overloaded.", "Wait, then try again."),
    Fault(Code.LOADING, "network", "{endpoint} is still loading its model.", "Wait until it is ready, then try again."),
    Fault(Code.STREAM_CUT, "network", "{endpoint} ended the answer before it was done.", "Look into the server's log."),
    Fault(
        Code.STREAM_ERROR, "network", "{endpoint} failed in the middle of the answer.", "Look into the server's log."
    ),
    Fault(Code.NO_KEY, "config", "No API key for {endpoint} is there.", "Store one: agentos tool auth set."),
    Fault(
        Code.NO_MODEL, "config", "No model of {endpoint} is named.", "Name one: --model NAME, or model in the profile."
    ),
    Fault(Code.KEY_SHAPE, "auth", "What is given for {endpoint} is no API key of it.", "Copy the key again, whole."),
    Fault(
        Code.HTTP_401,
        "auth",
        "{endpoint} refused the API key.",
        "Put the right key into the environment (PROVIDER_API_KEY), or store it: agentos tool auth set.",
    ),
    Fault(Code.HTTP_403, "auth", "{endpoint} forbids this to the API key.", "Use a key that may use this model."),
    Fault(
        Code.QUOTA, "auth", "The quota of the API key at {endpoint} is used up.", "Raise the quota or use another key."
    ),
    Fault(Code.HTTP_4XX, "config", "{endpoint} refused the request.", "Check the profile's mode and parameters."),
    Fault(
        Code.CONSTRAINT_UNSUPPORTED,
        "config",
        "The answer shape this needs is not to be had here.",
        "Allow it in the profile's capabilities, or use another provider.",
    ),
    Fault(Code.NO_ANSWER, "config", "No answer was given to replay.", "Give one: --answer FILE."),
    Fault(Code.MODEL_MISSING, "model", "{endpoint} does not have the model.", "Load it, or name one that is there."),
    Fault(Code.WRONG_MODEL, "model", "{endpoint} answered with another model.", "Name the model that is loaded."),
    Fault(
        Code.CONTEXT_OVERFLOW,
        "model",
        "The prompt is larger than the model's context.",
        "Name fewer files, or start the server with a larger context.",
    ),
    Fault(
        Code.ANSWER_CUT,
        "model",
        "The answer was cut off at its token limit.",
        "Raise max_tokens in the profile's params, or ask for less.",
    ),
    Fault(Code.CONTENT_FILTER, "model", "The answer was withheld by a content filter.", "Reword the task."),
    Fault(Code.REFUSED, "model", "The model refused to answer.", "Reword the task, or use another model."),
    Fault(Code.OUT_OF_ANSWERS, "model", "{endpoint} holds no further answer.", "Add a line for every model call."),
    Fault(Code.BAD_UTF8, "schema", "{endpoint} sent text that is not UTF-8.", "Check that base_url is a model server."),
    Fault(Code.BAD_JSON, "schema", "{endpoint} sent JSON that is broken.", "Check that base_url is a model server."),
    Fault(
        Code.BAD_SHAPE,
        "schema",
        "{endpoint} sent a reply of the wrong shape.",
        "Check the profile's provider and mode.",
    ),
    Fault(
        Code.BAD_ENCODING,
        "schema",
        "{endpoint} sent a body that does not unpack.",
        "Check the proxy before the server.",
    ),
    Fault(Code.WRONG_CONTENT_TYPE, "schema", "{endpoint} sent no JSON.", "Check that base_url is a model server's."),
    Fault(
        Code.TOO_LARGE, "schema", "{endpoint} sent more than an answer may hold.", "Check the server, lower max_tokens."
    ),
    Fault(Code.EMPTY_BODY, "schema", "{endpoint} sent an empty reply.", "Look into the server's log."),
    Fault(Code.EMPTY_ANSWER, "schema", "The answer of {endpoint} holds no text.", "Try another model or mode."),
    Fault(Code.ERROR_IN_REPLY, "schema", "{endpoint} sent an error as if it were an answer.", "Look into its log."),
    Fault(Code.OUT_OF_MEMORY, "runtime", "{endpoint} ran out of memory.", "Use a smaller model or a smaller context."),
    Fault(
        Code.PROBE_TIMEOUT, "runtime", "{endpoint} is up, but a short test answer took too long.", "Look at its load."
    ),
    Fault(Code.AGENT_MISSING, "config", "The command {endpoint} is not on the PATH.", "Install it, or correct PATH."),
    Fault(Code.AGENT_HOME, "config", "{endpoint} cannot have its login.", "Correct home_files in the profile."),
    Fault(Code.NO_SANDBOX, "config", "{endpoint} wants a sandbox, and none can be made.", "Install bubblewrap."),
    Fault(Code.AGENT_BROKEN, "runtime", "{endpoint} is there but does not run.", "Try it yourself: its --version."),
    Fault(Code.NOT_LOGGED_IN, "auth", "{endpoint} is not logged in.", "Log in with it once, or give it an API key."),
    Fault(Code.AGENT_FAILED, "runtime", "{endpoint} failed.", "Try the command yourself, in a copy of the repository."),
    Fault(Code.AGENT_TIMEOUT, "runtime", "{endpoint} did not finish in time.", "Raise the time limit (--timeout)."),
    Fault(
        Code.AGENT_LEFT_RUNNING,
        "runtime",
        "{endpoint} left a process behind that does not end.",
        "End it yourself before you go on; it may still write.",
    ),
)

FAULTS: Final[Mapping[Code, Fault]] = MappingProxyType({row.code: row for row in _ROWS})

STATUS_BY_CATEGORY: Final[Mapping[ErrorCategory, HealthStatus]] = MappingProxyType(
    {
        "config": "not_configured",
        "auth": "invalid_token",
        "network": "unreachable",
        "model": "model_missing",
        "schema": "schema_mismatch",
        "runtime": "unreachable",
    }
)


class Faults:
    """Builds the errors of one endpoint from the table; `hidden` texts (key, path) never get into a message."""

    def __init__(self, endpoint: str, *, hidden: tuple[str, ...] = (), todo: Mapping[Code, str] | None = None) -> None:
        self.endpoint = endpoint
        self._hidden = tuple(text for text in hidden if len(text) >= _SHORTEST_SECRET)
        self._todo = todo or {}

    def hiding(self, text: str) -> Faults:
        """Return the same with one more text that no message may hold."""
        return Faults(self.endpoint, hidden=(*self._hidden, text), todo=self._todo)

    def error(self, code: Code, detail: str = "") -> ToolError:
        """Return the error of this code, with our own `detail` sentence in place of nothing."""
        row = FAULTS[code]
        message = row.says.format(endpoint=self.endpoint)
        return ToolError(
            f"{message} {detail}".strip(), self._todo.get(code, row.todo), category=row.category, code=row.code.value
        )

    def quote(self, text: str) -> str:
        """Return a server's words, made harmless and without our secrets, as a sentence for `detail`."""
        for secret in self._hidden:
            text = text.replace(secret, "***")
        text = _ADDRESS.sub("***", text)
        line = one_line(text)
        if not line:
            return ""
        return f'It says: "{line}"' + ("" if line.endswith((".", "!", "?")) else ".")
