"""Every answer that is not a success, as an RFC 9457 problem: a sentence for a person, and never the text that was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from framing.api.headers import SECURITY_HEADERS

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
MOST_ERRORS = 10_000
"""Errors that are asked for what they are, which takes microseconds each; a body of a few megabytes may have millions."""
_TIME = "must be a time with its zone, such as 2026-11-26T08:00:00Z"
_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
"""What is shown of a field's name; anything else may be a piece of text that came there by mistake."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; clients tell kinds apart by the name, people by the title."""

    name: str
    status: int
    title: str


BROKEN_JSON = Kind("broken-json", 400, "The body is not JSON")
INCOMPLETE = Kind("incomplete-body", 400, "The body is incomplete")
NOT_FOUND = Kind("not-found", 404, "Nothing at this address")
NO_LABELS = Kind("no-label-store", 404, "This server keeps no labels")
NO_POOL = Kind("no-pool", 404, "This server has no pool of texts to label")
WRONG_METHOD = Kind("wrong-method", 405, "Wrong method")
CONFLICT = Kind("label-conflict", 409, "Another label came first")
TOO_LARGE = Kind("too-large", 413, "The request is too large")
WRONG_TYPE = Kind("wrong-content-type", 415, "The body is of a type that is not taken here")
INVALID = Kind("invalid-request", 422, "The request is not valid")
KEY_REUSED = Kind("idempotency-key-reused", 422, "The Idempotency-Key belongs to another request")
INTERNAL = Kind("internal-error", 500, "The server made a mistake")
BUSY = Kind("busy", 503, "Too much is waiting")
NOT_READY = Kind("not-ready", 503, "No model is loaded yet")
NOT_RANKED = Kind("pool-not-ranked", 503, "The pool of texts is not ranked yet")
NO_STORE = Kind("label-store-down", 503, "The label store does not answer")
STOPPING = Kind("stopping", 503, "The server is stopping")


class WrongField(BaseModel):
    """One place in the body that is wrong."""

    pointer: str = Field(description="JSON pointer to the place; empty for the body as a whole", examples=["/documents/0/text"])
    detail: str = Field(description="what is wrong there", examples=["is missing"])


class ProblemBody(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(description="stays the same for one kind of problem", examples=["urn:framing:problem:invalid-request"])
    title: str = Field(examples=[INVALID.title])
    status: int = Field(examples=[INVALID.status])
    detail: str = Field(description="a sentence for a person", examples=["documents/0/text is missing."])
    errors: list[WrongField] = Field(default=[], description=f"the places that are wrong, the first {MAX_ERRORS} of them")


class LineProblemBody(ProblemBody):
    """A problem with one line of a body of JSON lines, in place of its answer."""

    line: int = Field(description="Number of the line in the body, from 1; blank lines count.", examples=[3])


@dataclass
class Problem(Exception):
    """Raised anywhere in a request, it ends the request with this problem."""

    kind: Kind
    detail: str
    errors: Sequence[WrongField] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The problem as it is sent."""
        content = ProblemBody(**self._fields()).model_dump_json(exclude_unset=True)
        return Response(content, self.kind.status, {**SECURITY_HEADERS, **self.headers}, MEDIA_TYPE)

    def as_line(self, number: int) -> bytes:
        """The problem as the answer to one line of many."""
        return LineProblemBody(**self._fields(), line=number).model_dump_json(exclude_unset=True).encode()

    def _fields(self) -> dict[str, Any]:
        said = {
            "type": f"urn:framing:problem:{self.kind.name}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        return {**said, "errors": list(self.errors)} if self.errors else said


def invalid_body(error: ValidationError, accepted: Mapping[int, str], whole: str = "The body") -> Problem:
    """The problem for a body, or another `whole`, that does not fit its schema; very many wrong places are counted and not looked at."""
    if error.error_count() > MOST_ERRORS:
        return Problem(INVALID, f"{whole} is wrong in {error.error_count():,} places.")
    return invalid_request(error.errors(include_url=False, include_input=False), accepted, whole)


def invalid_request(errors: Sequence[Mapping[str, Any]], accepted: Mapping[int, str], whole: str = "The body") -> Problem:
    """The problem for pydantic's errors; `accepted` names the fields that are known at each depth of the body, or of another `whole`."""
    if errors[0]["type"] == "json_invalid":
        return Problem(BROKEN_JSON, f"{whole} is not valid JSON: {errors[0]['ctx']['error']}.")
    wrong = [_wrong_field(error, accepted) for error in errors[:MAX_ERRORS]]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(INVALID, f"{_sentence(wrong[0], whole)}{more}", wrong)


def invalid_place(pointer: str, detail: str) -> Problem:
    """The problem for one place in the body."""
    wrong = WrongField(pointer=pointer, detail=detail)
    return Problem(INVALID, _sentence(wrong), [wrong])


def _sentence(wrong: WrongField, whole: str = "The body") -> str:
    return f"{wrong.pointer.removeprefix('/') or whole} {wrong.detail}."


def _wrong_field(error: Mapping[str, Any], accepted: Mapping[int, str]) -> WrongField:
    location = error["loc"]
    if error["type"] == "extra_forbidden":
        *location, name = location
        shown = f"an unknown field '{name}'" if _FIELD_NAME.fullmatch(str(name)) else "an unknown field"
        return WrongField(pointer=_pointer(location), detail=f"has {shown}; accepted are {accepted[len(location)]}")
    return WrongField(pointer=_pointer(location), detail=_detail(error))


def _pointer(location: Sequence[int | str]) -> str:
    return "".join(f"/{part}" for part in location)


def _detail(error: Mapping[str, Any]) -> str:
    wordings = {
        "missing": "is missing",
        "string_type": "must be a string",
        "list_type": "must be a list",
        "int_type": "must be a whole number",
        "int_parsing": "must be a whole number",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "greater_than_equal": "must be {ge} or more",
        "less_than_equal": "must be at most {le}",
        "datetime_parsing": _TIME,
        "datetime_from_date_parsing": _TIME,
        "timezone_aware": _TIME,
        "string_pattern_mismatch": "is not one that can be there",
        "model_type": "must be a JSON object",
        "literal_error": "must be one of {expected}",
        "string_too_short": "must not be empty",
        "string_too_long": "must have at most {max_length} characters",
        "too_short": "must not be an empty list",
    }
    # The wordings of our own checks pass as they are; pydantic's never hold what was sent.
    wording: str = wordings.get(error["type"], error["msg"])
    return wording.format_map(error.get("ctx", {}))


async def _answer_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _answer_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == WRONG_METHOD.status:
        allowed = (error.headers or {}).get("Allow", "another method")
        return Problem(WRONG_METHOD, f"This address takes {allowed}.", headers=error.headers or {}).response()
    if error.status_code == NOT_FOUND.status:
        return Problem(NOT_FOUND, "There is nothing at this address; /openapi.json describes what there is.").response()
    kind = Kind("http-error", error.status_code, "The request cannot be answered")
    return Problem(kind, "The request cannot be answered.", headers=error.headers or {}).response()


def mistake() -> Problem:
    """The problem for an error that nobody foresaw."""
    return Problem(INTERNAL, "The server made a mistake, which it has written to its log; nothing is wrong with the request.")


def stopping() -> Problem:
    """The problem for a request that was cancelled because the server's time for ending in order is up."""
    return Problem(STOPPING, "The server is stopping and could not finish; send the request again.")


async def _answer_mistake(_request: Request, _error: Exception) -> Response:
    return mistake().response()


def answer_with_problems(app: FastAPI, queries: Mapping[str, str]) -> None:
    """Let every error of `app` end as a problem; `queries` names what each address accepts behind a question mark."""

    async def answer_query(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [{**wrong, "loc": wrong["loc"][1:]} for wrong in error.errors()]
        return invalid_request(errors, {0: queries.get(request.url.path, "those in /openapi.json")}, "The query").response()

    app.add_exception_handler(RequestValidationError, answer_query)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_mistake)
