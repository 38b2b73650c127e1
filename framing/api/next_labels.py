"""The address that says which texts to label next."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from framing.api import problems
from framing.api.dependencies import Store, StoreThreads
from framing.api.labels import answered
from framing.api.openapi import problem_responses
from framing.api.pool import NextTexts, RankedPool
from framing.api.problems import Problem
from framing.api.schemas import IdentityBody

RETRY_SECONDS = 5

router = APIRouter()


class NextQueryBody(BaseModel):
    """How many texts are asked for."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(10, ge=1, le=1000)


class WhyBody(BaseModel):
    """How unsure the model is of a text, and the frame that it is least sure of."""

    unsure: float = Field(description="Mean over frames: 1 where every probability is at its threshold, 0 where each is 0 or 1.")
    frame: str
    probability: float
    threshold: float


class NextTextBody(BaseModel):
    """A text that waits for a label. With `frames` and `coder` in place of `why`, it is one that POST /v1/labels takes."""

    id: str
    group: str | None
    text: str
    style: str | None
    language: str | None
    why: WhyBody


class NextTextsBody(BaseModel):
    """The texts to label next, those first whose label should teach the model most."""

    model: IdentityBody = Field(description="The model that ranked them.")
    left: int = Field(description="Texts of the pool on which no label holds.")
    texts: list[NextTextBody]


async def _pool(request: Request) -> RankedPool:
    pool: RankedPool | None = request.app.state.pool
    if pool is None:
        how = "start it with --pool FILE, or FRAMING_POOL=FILE: CSV, JSON lines or Parquet with a column 'text'"
        raise Problem(problems.NO_POOL, f"This server has no pool of texts to label; {how}.")
    return pool


Pool = Annotated[RankedPool, Depends(_pool)]


@router.get("/v1/labels/next", responses=problem_responses(problems.NO_LABELS, problems.NO_POOL, problems.INVALID, problems.NOT_RANKED))
async def read_next(_store: Store, pool: Pool, threads: StoreThreads, asked: Annotated[NextQueryBody, Query()]) -> NextTextsBody:
    """The texts of the pool that should be labelled next. One drops out as soon as anybody has labelled it."""
    found = await to_thread.run_sync(answered, lambda: pool.next(asked.count), limiter=threads)
    if found is None:
        done, total = pool.readings
        progress = f"{done:,} of {total:,} readings are done" if total else "no model has begun to read it"
        detail = f"The pool of {len(pool.texts):,} texts is not ranked yet: {progress}; try again in a while."
        raise Problem(problems.NOT_RANKED, detail, headers={"Retry-After": str(RETRY_SECONDS)})
    return _body(found)


def _body(found: NextTexts) -> NextTextsBody:
    texts = [NextTextBody.model_validate(waiting.as_row()) for waiting in found.texts]
    return NextTextsBody(model=IdentityBody.model_validate(found.model), left=found.left, texts=texts)
