"""The addresses where labels are kept and read; thin handlers over the label store."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from pydantic_core import from_json

from framing.api import problems
from framing.api.body import in_turn, media_type_of, read_body
from framing.api.dependencies import Limits, Served, Store, StoreThreads
from framing.api.label_schemas import (
    ACCEPTED_LABEL_FIELDS,
    KeptLabelBody,
    KeptLabelsBody,
    LabelBody,
    LabelPageBody,
    LabelQueryBody,
    LabelsBody,
)
from framing.api.openapi import LABELS_BODY, problem_responses
from framing.api.problems import MAX_ERRORS, Problem, WrongField, invalid_body, invalid_place
from framing.api.settings import Settings
from framing.codebook import Codebook
from framing.errors import KeyReused, LabelsRefused, StoreError
from framing.labels import Labels, Once

T = TypeVar("T")

router = APIRouter()

_log = logging.getLogger("uvicorn.error")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_UNKEPT = problem_responses(problems.NO_LABELS, problems.INVALID, problems.NO_STORE)
_REFUSED = problem_responses(
    problems.BROKEN_JSON, problems.INCOMPLETE, problems.NO_LABELS, problems.CONFLICT, problems.TOO_LARGE, problems.WRONG_TYPE,
    problems.INVALID, problems.KEY_REUSED, problems.INTERNAL, problems.NOT_READY, problems.NO_STORE,
)  # fmt: skip


@router.post("/v1/labels", status_code=201, responses=_REFUSED, openapi_extra=LABELS_BODY)
async def keep(request: Request, store: Store, threads: StoreThreads, served: Served, settings: Limits) -> KeptLabelBody | KeptLabelsBody:
    """Keep one label, or several: all or none. What was answered with 201 is on the disk.

    With an Idempotency-Key a request may be sent again until it is answered; it counts once.
    """
    media_type_of(request.headers)
    key = _key(request)
    asked = await in_turn(parse_labels, await read_body(request, settings.max_body_bytes), settings)
    return await to_thread.run_sync(_keep, store, asked, served.model.codebook, key, limiter=threads)


@router.get("/v1/labels", responses=_UNKEPT)
async def read(store: Store, threads: StoreThreads, asked: Annotated[LabelQueryBody, Query()]) -> LabelPageBody:
    """The labels that hold now, or with `history` all that were ever kept, a page at a time."""
    return LabelPageBody.of(await to_thread.run_sync(answered, lambda: store.page(asked.as_query()), limiter=threads))


def parse_labels(body: bytes, settings: Settings) -> LabelBody | LabelsBody:
    """Check a body against the schema and the limits. Raises Problem."""
    try:
        asked = _shape(body).model_validate_json(body)
    except ValidationError as error:
        raise invalid_body(error, ACCEPTED_LABEL_FIELDS) from error
    found = _all(asked)
    if len(found) > settings.max_labels:
        raise Problem(problems.TOO_LARGE, f"A request may hold at most {settings.max_labels:,} labels; this one holds {len(found):,}.")
    for number, label in enumerate(found):
        if len(label.text) > settings.max_text_characters:
            place = _pointer(asked, number, "text").removeprefix("/")
            detail = f"{place} may have at most {settings.max_text_characters:,} characters; it has {len(label.text):,}."
            raise Problem(problems.TOO_LARGE, detail)
    return asked


def _shape(body: bytes) -> type[LabelBody] | type[LabelsBody]:
    """What the body is meant to be; one that is not JSON is refused by either."""
    try:
        value: Any = from_json(body)
    except ValueError:
        return LabelBody
    return LabelsBody if isinstance(value, dict) and "labels" in value else LabelBody


def _keep(store: Labels, asked: LabelBody | LabelsBody, codebook: Codebook, key: str | None) -> KeptLabelBody | KeptLabelsBody:
    once = None if key is None else Once(key, hashlib.sha256(asked.model_dump_json().encode()).hexdigest())
    labels = [label.as_label() for label in _all(asked)]
    try:
        kept = answered(lambda: store.keep(labels, codebook, once))
    except LabelsRefused as error:
        raise _refusal(asked, error) from error
    except KeyReused as error:
        raise Problem(problems.KEY_REUSED, "This Idempotency-Key was used before, for another body; take a new one.") from error
    bodies = [KeptLabelBody.of(label) for label in kept]
    return bodies[0] if isinstance(asked, LabelBody) else KeptLabelsBody(labels=bodies)


def answered(ask: Callable[[], T]) -> T:
    """What the store says. Raises Problem where it does not answer, which may pass."""
    try:
        return ask()
    except StoreError as error:
        _log.error("%s", error)  # for whoever runs the server; clients are not told
        detail = "The label store does not answer; nothing was kept that was not answered with 201. Try again."
        raise Problem(problems.NO_STORE, detail, headers={"Retry-After": "1"}) from error


def _refusal(asked: LabelBody | LabelsBody, error: LabelsRefused) -> Problem:
    wrong = [WrongField(pointer=_pointer(asked, bad.number, bad.field), detail=bad.problem) for bad in error.labels[:MAX_ERRORS]]
    first = f"{wrong[0].pointer.removeprefix('/')} {wrong[0].detail}"
    more = f" ({len(error.labels) - 1} more)" if len(error.labels) > 1 else ""
    return Problem(problems.CONFLICT if error.conflict else problems.INVALID, f"{first}.{more}", wrong)


def _all(asked: LabelBody | LabelsBody) -> list[LabelBody]:
    return [asked] if isinstance(asked, LabelBody) else asked.labels


def _pointer(asked: LabelBody | LabelsBody, number: int, field: str) -> str:
    return f"/{field}" if isinstance(asked, LabelBody) else f"/labels/{number}/{field}"


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid_place("/Idempotency-Key", "must be 1 to 200 letters, digits and signs of ASCII, without white space")
    return key
