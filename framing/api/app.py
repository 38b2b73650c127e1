"""The application: its addresses, and the thin handlers behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import Response

from framing.api import labels, next_labels, predict, problems
from framing.api.dependencies import Limits, Served
from framing.api.descriptions import describe_model, describe_readiness
from framing.api.headers import SecurityHeaders
from framing.api.label_schemas import ACCEPTED_QUERIES
from framing.api.openapi import DESCRIPTION, describe_hand_made_parts, problem_responses
from framing.api.page import Page, load_page
from framing.api.pool import RankedPool
from framing.api.problems import answer_with_problems
from framing.api.queue import ReadingQueue
from framing.api.schemas import ModelDescription, Readiness, Status
from framing.api.settings import Settings
from framing.api.slot import ModelSlot, ServedModel
from framing.encoder import available_cores
from framing.following import read_following
from framing.labels import AT_ONCE, Labels
from framing.model import FramingModel

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
    app.state.folder = settings.model.absolute()  # where a relative path starts from may be replaced while the server runs
    app.state.slot = ModelSlot(None if model is None else ServedModel(model, details or {}))
    app.state.labels = store
    app.state.pool = pool
    app.state.page = load_page()
    app.state.queue = ReadingQueue(available_cores(), settings.queue_characters, settings.cache_bytes)
    # A store that stalls may hold all of these, and none of those that predictions need.
    app.state.store_threads = CapacityLimiter(AT_ONCE)
    app.include_router(predict.router)  # first: what is asked for most is found with the fewest comparisons
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


@router.get("/v1/model", responses=_NOT_READY)
async def describe(served: Served, settings: Limits) -> ModelDescription:
    """The model that answers now: its codebook, where it draws its lines, and how it was made."""
    return describe_model(served, settings)


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def alive() -> Status:
    """Whether the server runs; true before a model is loaded."""
    return Status(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=_NOT_READY)
async def ready(request: Request, served: Served) -> Readiness:
    """Whether a model is loaded, and which; also whether a newer one could not take its place, and why."""
    following = await to_thread.run_sync(read_following, request.app.state.folder)
    return describe_readiness(served, request.app.state.slot.problem, following)


@router.head("/", include_in_schema=False)
@router.get("/", include_in_schema=False)
async def show_page(page: PageFile) -> Response:
    """The page for analysts."""
    return Response(page.content, media_type="text/html", headers={"Content-Security-Policy": page.policy})
