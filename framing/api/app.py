"""The application: its addresses, and the thin handlers behind them."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import Response

from framing.api import labels, next_labels, problems
from framing.api.body import parse_predict_request, read_body
from framing.api.dependencies import Limits, Served
from framing.api.headers import SecurityHeaders
from framing.api.label_schemas import ACCEPTED_QUERIES
from framing.api.openapi import DESCRIPTION, PREDICT_ANSWER, PREDICT_BODY, describe_hand_made_parts, problem_responses
from framing.api.page import Page, load_page
from framing.api.pool import RankedPool
from framing.api.problems import Problem, answer_with_problems, invalid_place
from framing.api.schemas import (
    DocumentsAnswer,
    ModelDescription,
    Place,
    PredictRequest,
    Readiness,
    Status,
    TextAnswer,
    answer_body,
    describe_model,
    describe_readiness,
)
from framing.api.settings import Settings
from framing.api.slot import ModelSlot, ServedModel
from framing.encoder import available_cores
from framing.errors import TextError
from framing.labels import AT_ONCE, Labels
from framing.model import FramingModel
from framing.prediction import DocumentAnswer
from framing.text import Split

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

router = APIRouter()


def create_app(
    model: FramingModel | None,
    settings: Settings,
    details: Mapping[str, Any] | None = None,
    lifespan: Lifespan | None = None,
    store: Labels | None = None,
    pool: RankedPool | None = None,
) -> FastAPI:
    """The application over `model`; `details` are plain JSON values about its making, shown at /v1/model.

    Without a model it is not ready until somebody, `lifespan` for one, puts a ServedModel into `app.state.slot`. Without a `store`
    it keeps no labels, and without a `pool` it knows no texts to label next.
    """
    app = FastAPI(title="framing", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.settings = settings
    app.state.slot = ModelSlot(None if model is None else ServedModel(model, details or {}))
    app.state.labels = store
    app.state.pool = pool
    app.state.page = load_page()
    # More threads than cores would only take the interpreter from the event loop.
    app.state.predictions = CapacityLimiter(available_cores())
    # A store that stalls may hold all of these, and none of those that predictions need.
    app.state.store_threads = CapacityLimiter(AT_ONCE)
    app.include_router(router)
    app.include_router(labels.router)
    app.include_router(next_labels.router)
    app.add_middleware(SecurityHeaders)
    answer_with_problems(app, ACCEPTED_QUERIES)
    describe_hand_made_parts(app)
    return app


async def _page(request: Request) -> Page:
    page: Page = request.app.state.page
    return page


PageFile = Annotated[Page, Depends(_page)]

_NOT_READY = problem_responses(problems.NOT_READY)
_REFUSED = problem_responses(
    problems.BROKEN_JSON,
    problems.INCOMPLETE,
    problems.TOO_LARGE,
    problems.WRONG_TYPE,
    problems.INVALID,
    problems.INTERNAL,
    problems.NOT_READY,
    problems.STOPPING,
)


@router.post(
    "/v1/predict", response_model=TextAnswer | DocumentsAnswer, responses={**PREDICT_ANSWER, **_REFUSED}, openapi_extra=PREDICT_BODY
)
async def predict(request: Request, served: Served, settings: Limits) -> Response:
    """Label the passages of one text, or of several documents."""
    body = await read_body(request, settings.max_body_bytes)
    asked = await to_thread.run_sync(parse_predict_request, body, settings)
    predictions: CapacityLimiter = request.app.state.predictions
    try:
        answers = [
            await to_thread.run_sync(_label, served.model, place, asked.split, limiter=predictions, abandon_on_cancel=True)
            for place in asked.places
        ]
    except CancelledError as error:  # the server's time for ending in order is up
        raise Problem(problems.STOPPING, "The server is stopping and could not finish; send the request again.") from error
    return Response(await to_thread.run_sync(_write, asked, answers), media_type="application/json")


def _label(model: FramingModel, place: Place, split: Split) -> DocumentAnswer:
    try:
        return model.predict(place.text, split)
    except TextError as error:
        raise invalid_place(place.pointer, f"cannot be labelled: {error}") from error


def _write(asked: PredictRequest, answers: Sequence[DocumentAnswer]) -> bytes:
    return answer_body(asked, answers).model_dump_json().encode()


@router.get("/v1/model", responses=_NOT_READY)
async def describe(served: Served, settings: Limits) -> ModelDescription:
    """The model that answers now: its codebook, where it draws its lines, and how it was made."""
    return describe_model(served, settings)


@router.get("/healthz")
async def alive() -> Status:
    """Whether the server runs; true before a model is loaded."""
    return Status(status="ok")


@router.get("/readyz", responses=_NOT_READY)
async def ready(request: Request, served: Served) -> Readiness:
    """Whether a model is loaded, and which; also whether a newer one could not take its place, and why."""
    return describe_readiness(served, request.app.state.slot)


@router.get("/", include_in_schema=False)
async def show_page(page: PageFile) -> Response:
    """The page for analysts."""
    return Response(page.content, media_type="text/html", headers={"Content-Security-Policy": page.policy})
