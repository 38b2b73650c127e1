"""The body of a request, from the socket to a checked value."""

from __future__ import annotations

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from framing.api import problems
from framing.api.problems import Problem, invalid_request
from framing.api.schemas import ACCEPTED_FIELDS, PredictRequest
from framing.api.settings import Settings


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it was sent. Raises Problem for one over `limit` bytes, and stops reading there."""
    _check_headers(request.headers, limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_many_bytes(limit)
    except ClientDisconnect as error:
        raise Problem(problems.INCOMPLETE, "The connection was closed before the whole body had come.") from error
    return bytes(body)


def parse_predict_request(body: bytes, settings: Settings) -> PredictRequest:
    """Check a body against the schema and the limits. Raises Problem."""
    try:
        asked = PredictRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error.errors(include_url=False, include_input=False), ACCEPTED_FIELDS) from error
    if len(asked.documents or ()) > settings.max_documents:
        detail = f"A request may hold at most {settings.max_documents:,} documents; this one holds {len(asked.documents or ()):,}."
        raise Problem(problems.TOO_LARGE, detail)
    for place in asked.places:
        if len(place.text) > settings.max_text_characters:
            detail = f"{place.pointer[1:]} may have at most {settings.max_text_characters:,} characters; it has {len(place.text):,}."
            raise Problem(problems.TOO_LARGE, detail)
    return asked


def _check_headers(headers: Headers, limit: int) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(problems.WRONG_TYPE, "The body must be JSON, and say so by Content-Type: application/json.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(problems.WRONG_TYPE, "The body must not be compressed.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _too_many_bytes(limit)


def _too_many_bytes(limit: int) -> Problem:
    return Problem(problems.TOO_LARGE, f"The body may have at most {limit:,} bytes.")
