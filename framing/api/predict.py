"""The address where texts are labelled: one body, or many as JSON lines, through the queue that all requests share."""

from __future__ import annotations

from asyncio import CancelledError, wait, wrap_future

from fastapi import APIRouter, Request
from starlette.responses import Response

from framing.api import problems
from framing.api.body import JSON, LINES, media_type_of, parse_predict_request, read_body
from framing.api.dependencies import ToLabel
from framing.api.line_answers import LineAnswers
from framing.api.openapi import PREDICT_ANSWER, PREDICT_BODY, problem_responses
from framing.api.problems import Problem, stopping
from framing.api.queue import Job, QueueFull, Turn
from framing.api.schemas import DocumentsAnswer, TextAnswer
from framing.api.work import cost_of, job_for

LOOK_SECONDS = 0.25
"""How often to look whether the client is still there; most are answered sooner, and no time is lost on them."""
CLIENT_GONE = 499
"""Status for the log, by nginx's custom."""

router = APIRouter()

_REFUSED = problem_responses(
    problems.BROKEN_JSON,
    problems.INCOMPLETE,
    problems.TOO_LARGE,
    problems.WRONG_TYPE,
    problems.INVALID,
    problems.INTERNAL,
    problems.BUSY,
    problems.NOT_READY,
    problems.STOPPING,
)


@router.post(
    "/v1/predict", response_model=TextAnswer | DocumentsAnswer, responses={**PREDICT_ANSWER, **_REFUSED}, openapi_extra=PREDICT_BODY
)
async def predict(request: Request, means: ToLabel) -> Response:
    """Label the passages of one text, or of several documents.

    A body of JSON lines holds many such requests, one a line, and is answered line by line, in order, as the answers are ready; a line
    that is refused has the problem as its answer. Clients must read answers while they still send lines: the server takes in no more
    than it can answer soon.
    """
    if media_type_of(request.headers, (JSON, LINES)) == LINES:
        return LineAnswers(request, means.model, means.queue, means.settings)
    asked = await parse_predict_request(await read_body(request, means.settings.max_body_bytes), means.settings)
    job = job_for(asked, means.model, means.settings.passages_at_most(len(means.model.codebook.names)))
    try:
        means.queue.submit(job, Turn(), cost_of(asked))
    except QueueFull as error:
        detail = "As much text waits to be read as this server lets wait; try again in a moment."
        raise Problem(problems.BUSY, detail, headers={"Retry-After": "1"}) from error
    return await _answer(request, job)


async def _answer(request: Request, job: Job) -> Response:
    answer = wrap_future(job.result)
    try:
        while not (await wait([answer], timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                return Response(status_code=CLIENT_GONE)
        return Response(answer.result(), media_type=JSON)
    except CancelledError as error:
        raise stopping() from error
    finally:
        answer.cancel()
