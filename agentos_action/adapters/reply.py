"""A reply with a good status, read once: as one object, as an event stream, or as lines of JSON."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final, TypeAlias

import httpx
from httpx_sse import EventSource

from agentos_action.adapters.exchange import Exchange, Head
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.recognise import code_of, error_of
from agentos_action.adapters.strict_json import NotStrictError, loads
from agentos_action.adapters.text import one_line
from agentos_action.errors import ToolError

JsonObject: TypeAlias = dict[str, object]

EVENTS: Final = "text/event-stream"
LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_JSON: Final = "application/json"
_DONE: Final = "[DONE]"


class Reply:
    """A reply whose body is still to be read, once, as `json()`, as `events()` or as `lines()`."""

    def __init__(self, head: Head, exchange: Exchange, faults: Faults) -> None:
        self._head, self._exchange, self._faults = head, exchange, faults

    @property
    def streams(self) -> bool:
        """Whether the body is an event stream; a server may answer a request for one with plain JSON."""
        return self._head.content_type == EVENTS

    @property
    def is_lines(self) -> bool:
        """Whether the body is a stream of lines of JSON."""
        return self._head.content_type in LINES

    def json(self) -> JsonObject:
        """Read the whole body as one strict JSON object that is no error."""
        kind = self._head.content_type
        if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
            nothing = not kind and not any(self._exchange.chunks())
            raise self._faults.error(Code.EMPTY_BODY if nothing else Code.WRONG_CONTENT_TYPE)
        body = bytearray()
        # Not joined from a list: of chunks of two bytes the list would be twenty times the body.
        for chunk in self._exchange.chunks():
            body += chunk
        if not body:
            raise self._faults.error(Code.EMPTY_BODY)
        return self._object(bytes(body), Code.ERROR_IN_REPLY)

    def events(self) -> Iterator[JsonObject]:
        """Yield the stream's objects until `[DONE]`; a stream that ends without it raises `stream_cut`.

        Where another event is the last one, the reader stops asking when it has come.
        """
        # httpx_sse knows the line rules; it is fed only bytes that passed deadline, cap and UTF-8 check.
        source = EventSource(httpx.Response(200, headers={"content-type": EVENTS}, content=self._checked()))
        for event in source.iter_sse():
            if event.data.strip() == _DONE:
                return
            if event.event == "error":
                raise self._told(event.data)
            if event.data:
                yield self._object(event.data, Code.STREAM_ERROR)
        raise self._faults.error(Code.STREAM_CUT)

    def lines(self) -> Iterator[JsonObject]:
        """Yield the object of each line; the reader stops asking at the last one, a stream without it is `stream_cut`.

        A last line without a line end counts where it is whole.
        """
        rest = bytearray()
        for chunk in self._exchange.chunks():
            first, *others = chunk.split(b"\n")
            rest += first
            for following in others:
                if line := bytes(rest).strip():
                    yield self._object(line, Code.STREAM_ERROR)
                rest = bytearray(following)
        if _is_whole(bytes(rest)):
            yield self._object(bytes(rest), Code.STREAM_ERROR)
        raise self._faults.error(Code.STREAM_CUT)

    def _checked(self) -> Iterator[bytes]:
        # A byte order mark may stand first; left there, it would hide the first event.
        decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
        tail = bytearray()
        try:
            for chunk in self._exchange.chunks():
                text = decoder.decode(chunk).encode()
                ended = text.rstrip(b"\r\n")
                if (cut := max(ended.rfind(b"\n"), ended.rfind(b"\r"))) >= 0:
                    tail.clear()
                tail += text[cut + 1 :]
                yield text
        except UnicodeDecodeError as error:
            raise self._faults.error(Code.BAD_UTF8) from error
        if _is_whole(bytes(tail.splitlines()[-1]).removeprefix(b"data:") if tail else b""):
            # The event is complete but for the empty line after it, and the server has no more to say.
            yield b"\n\n"

    def _told(self, data: str) -> ToolError:
        try:
            value = loads(data)
        except NotStrictError:
            # Words instead of JSON are quoted as they are.
            value = data
        whole = value if isinstance(value, dict) and "error" in value else {"error": value}
        return self._error_inside(whole, Code.STREAM_ERROR)

    def _object(self, data: bytes | str, error_code: Code) -> JsonObject:
        try:
            value = loads(data)
        except NotStrictError as error:
            raise self._faults.error(error.code, str(error)) from error
        if not isinstance(value, dict):
            raise self._faults.error(Code.BAD_SHAPE, "It is no JSON object.")
        if value.get("error") is not None:
            raise self._error_inside(value, error_code)
        return value

    def _error_inside(self, value: JsonObject, otherwise: Code) -> ToolError:
        message, names, number = error_of(value)
        code = code_of(0 if otherwise == Code.STREAM_ERROR else number, names, message) or otherwise
        return refusal(self._faults, code, value)


def _is_whole(data: bytes) -> bool:
    """Return whether the last words of a stream are all there, though no line end follows them."""
    data = data.strip()
    if not data.endswith(b"}"):
        return data == _DONE.encode()
    try:
        loads(data)
    except NotStrictError:
        return False
    return True


def refusal(faults: Faults, code: Code, value: JsonObject, detail: str = "") -> ToolError:
    """Return the error for a server's error object: its numbers where the context overflowed, else its words."""
    body = value.get("error")
    if code == Code.CONTEXT_OVERFLOW and isinstance(body, dict):
        tokens, context = body.get("n_prompt_tokens"), body.get("n_ctx")
        if isinstance(tokens, int) and isinstance(context, int):
            return faults.error(code, f"The prompt has {tokens} tokens, the context holds {context}.")
    param = body.get("param") if isinstance(body, dict) else None
    if isinstance(param, str) and "unsupported" in " ".join(error_of(value)[1]):
        detail = f"{detail} Unsupported: '{one_line(param, 40)}'."
    return faults.error(code, f"{detail} {faults.quote(error_of(value)[0])}".strip())
