"""What a server's own error stands for: its names first, then its words, then its HTTP status."""

from __future__ import annotations

import re
from typing import Final

from agentos_action.adapters.faults import Code

# How servers name a fault in `error.type` or `error.code`, stronger than the HTTP status beside it.
_NAMED: Final = {
    "exceed_context_size_error": Code.CONTEXT_OVERFLOW,
    "context_length_exceeded": Code.CONTEXT_OVERFLOW,
    "request_too_large": Code.CONTEXT_OVERFLOW,
    "model_not_found": Code.MODEL_MISSING,
    "insufficient_quota": Code.QUOTA,
    "billing_error": Code.QUOTA,
    "billing_not_active": Code.QUOTA,
    "billing_hard_limit_reached": Code.QUOTA,
    "content_filter": Code.CONTENT_FILTER,
    "content_policy_violation": Code.CONTENT_FILTER,
    "authentication_error": Code.HTTP_401,
    "invalid_api_key": Code.HTTP_401,
    "permission_error": Code.HTTP_403,
    "rate_limit_error": Code.HTTP_429,
    "rate_limit_exceeded": Code.HTTP_429,
    "overloaded_error": Code.OVERLOADED,
    "timeout_error": Code.TIMEOUT,
}
_OVERFLOW: Final = Code.CONTEXT_OVERFLOW
# What servers write where they have no name for it, in the lower-cased message of a failure.
_WORDED: Final = tuple(
    (re.compile(words), code)
    for words, code in (
        (
            r"out of memory|failed to allocate|bad_alloc|requires more system memory|insufficient system resources",
            Code.OUT_OF_MEMORY,
        ),
        (r"api key not valid|(incorrect|invalid) api key", Code.HTTP_401),
        (r"exceeded your current quota|credit balance is too low|insufficient (quota|credits|balance)", Code.QUOTA),
        (r"prompt is too long|maximum context length|exceeds? the (available )?context|context window", _OVERFLOW),
        (r"input length exceeds|request (body )?too large|exceeds? context limit", _OVERFLOW),
        (r"context overflows|greater than the context length|context length of only", _OVERFLOW),
        (r"no models? (is |are )?(currently )?loaded|model[^.]{0,200} not loaded", Code.MODEL_MISSING),
        (r"invalid model (name|id)|not a valid model", Code.MODEL_MISSING),
    )
)
# Words that mean this only beside "not found": an address may be unknown just as well.
_NO_MODEL: Final = re.compile(
    r"^model\b|\bmodels?\b.{0,200}(not found|does not exist|not exist|unknown)|try pulling it"
)
_STATUS: Final = {
    401: Code.HTTP_401,
    402: Code.QUOTA,
    403: Code.HTTP_403,
    404: Code.HTTP_404,
    407: Code.PROXY_FAILED,
    408: Code.TIMEOUT,
    413: Code.CONTEXT_OVERFLOW,
    429: Code.HTTP_429,
    529: Code.OVERLOADED,
}
_STATUS_CLASS: Final = {3: Code.REDIRECT, 4: Code.HTTP_4XX, 5: Code.HTTP_5XX}
_NOT_FOUND, _UNAVAILABLE = 404, 503
_READ: Final = 2_000


def code_of(status: int, names: tuple[str, ...], message: str) -> Code | None:
    """Name the fault that a server's error stands for; None where neither its words nor its status say one."""
    folded = message[:_READ].lower()
    for name in names:
        # A quota is told by some as a rate limit, and only its words say which.
        if name in _NAMED and _NAMED[name] != Code.HTTP_429:
            return _NAMED[name]
    for words, code in _WORDED:
        if words.search(folded):
            return code
    if status == _NOT_FOUND and _NO_MODEL.search(folded):
        return Code.MODEL_MISSING
    if status == _UNAVAILABLE and "loading" in folded:
        return Code.LOADING
    if any(name in _NAMED for name in names):
        return Code.HTTP_429
    return _STATUS.get(status) or _STATUS_CLASS.get(status // 100)


def error_of(value: dict[str, object]) -> tuple[str, tuple[str, ...], int]:
    """Return (message, names, HTTP status or 0) of an error object in any of the shapes that servers use."""
    body = value.get("error")
    if not isinstance(body, dict):
        said = (body, value.get("message"), _detail(value.get("detail")))
        return next((words for words in said if isinstance(words, str)), ""), _names(value), 0
    names = _names(body)
    message, number = body.get("message"), body.get("code")
    known = isinstance(number, int) and 400 <= number < 600  # noqa: PLR2004 - HTTP's error statuses
    return message if isinstance(message, str) else "", names, number if known and isinstance(number, int) else 0


def _names(body: dict[str, object]) -> tuple[str, ...]:
    return tuple(name for key in ("type", "code") if isinstance(name := body.get(key), str))


def _detail(detail: object) -> object:
    """Return FastAPI's `detail` as words: a text, or the first field of several with what is wrong with it."""
    first = detail[0] if isinstance(detail, list) and detail else detail
    if not isinstance(first, dict):
        return first
    words, place = first.get("msg", first.get("message")), first.get("loc")
    field = place[-1] if isinstance(place, list) and place else None
    return f"'{field}': {words}" if isinstance(field, str) and isinstance(words, str) else words
