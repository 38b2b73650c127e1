"""What /openapi.json says beyond what FastAPI finds by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from framing.api.body import LINES
from framing.api.examples import DOCUMENTS_REQUEST, LABEL_REQUEST, LABELS_REQUEST, LINES_REQUEST, TEXT_ANSWER, TEXT_REQUEST
from framing.api.label_schemas import LabelBody, LabelsBody
from framing.api.problems import MEDIA_TYPE, Kind, LineProblemBody, ProblemBody
from framing.api.schemas import PredictRequest

DESCRIPTION = """Which passage of a news article carries which frame, how surely, and which sentence carries it.

Every `start` and `end` counts characters (Unicode code points) from the start of the text that was sent, so `text[start:end]` in Python
is the passage or sentence. JavaScript counts UTF-16 units: use `Array.from(text).slice(start, end).join("")` there.

Whatever is not answered is an RFC 9457 problem with a sentence that says why; no problem repeats the text."""

_HAND_MADE = (PredictRequest, LabelBody, LabelsBody, ProblemBody, LineProblemBody)
_REFERENCE = "#/components/schemas/{model}"

PREDICT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": _REFERENCE.format(model="PredictRequest")},
                "examples": {
                    "text": {"summary": "one text", "value": TEXT_REQUEST},
                    "documents": {"summary": "several documents", "value": DOCUMENTS_REQUEST},
                },
            },
            LINES: {
                "schema": {
                    "type": "string",
                    "description": "One PredictRequest a line, in UTF-8. Blank lines are passed over; each line may be as long as a body.",
                },
                "examples": {"lines": {"summary": "two texts", "value": LINES_REQUEST}},
            },
        },
    }
}
"""The body is read by hand, so that its size is bounded and lines stream; FastAPI does not know of it."""

LABELS_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 200},
            "description": "Names this request for ever: sent again with the same body it is answered as the first time, and counts once.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"$ref": _REFERENCE.format(model=name)} for name in ("LabelBody", "LabelsBody")]},
                "examples": {
                    "one": {"summary": "one label", "value": LABEL_REQUEST},
                    "many": {"summary": "several labels, all or none", "value": LABELS_REQUEST},
                },
            }
        },
    },
}

PREDICT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An answer of the shape of what was asked: for one text, or for each document.",
        "content": {
            "application/json": {"examples": {"text": {"summary": "one text", "value": TEXT_ANSWER}}},
            LINES: {
                "schema": {
                    "type": "string",
                    "description": "For each line that is not blank, in order: an answer, or a LineProblemBody that names the line. "
                    "A server that ends breaks the stream off.",
                }
            },
        },
    }
}


def problem_responses(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Answers with a problem, for the description of an address."""
    schema = {"$ref": _REFERENCE.format(model="ProblemBody")}
    titles: dict[int | str, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(kind.title)
    return {status: {"description": ", or ".join(said), "content": {MEDIA_TYPE: {"schema": schema}}} for status, said in titles.items()}


def describe_hand_made_parts(app: FastAPI) -> None:
    """Add the schemas that `app` refers to and FastAPI has not seen."""
    build = app.openapi
    _, definitions = models_json_schema([(model, "validation") for model in _HAND_MADE], ref_template=_REFERENCE)

    def openapi() -> dict[str, Any]:
        description = build()
        description["components"]["schemas"].update(definitions["$defs"])
        return description

    app.openapi = openapi  # type: ignore[method-assign]
