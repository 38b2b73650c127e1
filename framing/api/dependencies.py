"""What handlers are given: the model that answers now, the queue before it, the settings, and the label store with its threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from framing.api import problems
from framing.api.problems import Problem
from framing.api.queue import ReadingQueue
from framing.api.settings import Settings
from framing.api.slot import ModelSlot, ServedModel
from framing.labels import Labels
from framing.model import FramingModel


async def _served(request: Request) -> ServedModel:
    slot: ModelSlot = request.app.state.slot
    if slot.current is None:
        raise Problem(problems.NOT_READY, "The model is still being loaded; try again in a moment.", headers={"Retry-After": "1"})
    return slot.current


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


@dataclass(frozen=True, slots=True)
class Means:
    """All that labelling needs, in one: FastAPI takes a twentieth of a millisecond for each thing that a handler is given."""

    model: FramingModel
    queue: ReadingQueue
    settings: Settings


async def _means(request: Request) -> Means:
    return Means((await _served(request)).model, request.app.state.queue, request.app.state.settings)


async def _store(request: Request) -> Labels:
    store: Labels | None = request.app.state.labels
    if store is None:
        how = "start it with --labels FILE, or FRAMING_LABELS=FILE or =postgresql+psycopg2://USER@HOST/DATABASE"
        raise Problem(problems.NO_LABELS, f"This server keeps no labels; {how}.")
    return store


async def _store_threads(request: Request) -> CapacityLimiter:
    threads: CapacityLimiter = request.app.state.store_threads
    return threads


Served = Annotated[ServedModel, Depends(_served)]
Limits = Annotated[Settings, Depends(_settings)]
ToLabel = Annotated[Means, Depends(_means)]
Store = Annotated[Labels, Depends(_store)]
StoreThreads = Annotated[CapacityLimiter, Depends(_store_threads)]
