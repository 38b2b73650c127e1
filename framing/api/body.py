"""The body of a request, from the socket to a checked value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from framing.api import problems
from framing.api.problems import Problem, invalid_body
from framing.api.schemas import ACCEPTED_FIELDS, PredictRequest
from framing.api.settings import Settings

JSON = "application/json"
LINES = "application/x-ndjson"
SMALL_BODY = 100_000
"""Bytes that are parsed sooner than a thread is found for them."""
AT_ONCE = 2
"""Large bodies that are parsed at a time: one of the smallest entries takes twenty times its bytes before they are counted."""
_NAMES = {JSON: "JSON", LINES: "JSON lines"}
_parsers: RunVar[CapacityLimiter] = RunVar("parsers")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def media_type_of(headers: Headers, accepted: Sequence[str] = (JSON,)) -> str:
    """Which of the accepted types the body has. Raises Problem for another, and for one that is compressed."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in accepted:
        names = " or ".join(_NAMES[name] for name in accepted)
        raise Problem(problems.WRONG_TYPE, f"The body must be {names}, and say so by Content-Type: {' or '.join(accepted)}.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(problems.WRONG_TYPE, "The body must not be compressed.")
    return media_type


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it was sent. Raises Problem for one over `limit` bytes, and stops reading there."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_many_bytes(limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise too_many_bytes(limit)
    except ClientDisconnect as error:
        raise Problem(problems.INCOMPLETE, "The connection was closed before the whole body had come.") from error
    return bytes(body)


async def parse_predict_request(body: bytes, settings: Settings, whole: str = "The body") -> PredictRequest:
    """Check a body, or another `whole`, against the schema and the limits. Raises Problem."""
    if len(body) <= SMALL_BODY:
        return _parse(body, settings, whole)
    return await in_turn(_parse, body, settings, whole)


async def in_turn(parse: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """What `parse` makes of the arguments, on a thread, as one of AT_ONCE."""
    try:
        limiter = _parsers.get()
    except LookupError:
        limiter = CapacityLimiter(AT_ONCE)
        _parsers.set(limiter)
    return await to_thread.run_sync(parse, *arguments, limiter=limiter)


def _parse(body: bytes, settings: Settings, whole: str) -> PredictRequest:
    try:
        asked = PredictRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_body(error, ACCEPTED_FIELDS, whole) from error
    if len(asked.documents or ()) > settings.max_documents:
        detail = f"A request may hold at most {settings.max_documents:,} documents; this one holds {len(asked.documents or ()):,}."
        raise Problem(problems.TOO_LARGE, detail)
    for place in asked.places:
        if len(place.text) > settings.max_text_characters:
            detail = f"{place.pointer[1:]} may have at most {settings.max_text_characters:,} characters; it has {len(place.text):,}."
            raise Problem(problems.TOO_LARGE, detail)
    return asked


def too_many_bytes(limit: int, whole: str = "The body") -> Problem:
    """The problem for a body, or another `whole`, of more bytes than are taken."""
    return Problem(problems.TOO_LARGE, f"{whole} may have at most {limit:,} bytes.")
