"""The pool of texts to label, ranked in the background by whichever model answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Event, Thread

from framing.encoder import CompiledEncoder
from framing.errors import BadRow, DataError, FramingError
from framing.labels import Labels
from framing.labels.labelled import LabelledTexts
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from framing.selection import PoolText, Waiting, load_pool, rank

LOOK_SECONDS = 0.5
"""How often it is looked whether another model answers."""
AGAIN_SECONDS = 60
"""How long it waits before it ranks again after that failed."""
ENDING_SECONDS = 2
"""How long the end waits for a text that is being read; a thread that reads on then ends with the process."""

_log = logging.getLogger("uvicorn.error")

Serving = Callable[[], FramingModel | None]


@dataclass(frozen=True)
class NextTexts:
    """The first texts without a label, how many there are in all, and the model that ranked them."""

    model: ModelIdentity
    left: int
    texts: tuple[Waiting, ...]


@dataclass(frozen=True)
class _Ranked:
    model: FramingModel
    order: tuple[Waiting, ...]


class _Outdated(Exception):
    """The order that is being made would be of a model that answers no more."""


class RankedPool:
    """A pool in the order in which to label it; safe to share between threads.

    `follow` ranks it on a thread of its own, and again whenever another model answers. Until that is done the order of the model
    before holds.
    """

    def __init__(self, texts: tuple[PoolText, ...], labelled: LabelledTexts) -> None:
        self.texts = texts
        self.readings = (0, 0)
        """How many the first ranking, or one anew, has done, and of how many."""
        self._labelled = labelled
        self._ranked: _Ranked | None = None
        self._ended = Event()
        self._thread: Thread | None = None

    def next(self, count: int) -> NextTexts | None:
        """The first texts on which no label holds now; None before the pool is ranked. Raises StoreError."""
        ranked = self._ranked
        if ranked is None:
            return None
        labelled = self._labelled.digests()
        left = sum(text.digest not in labelled for text in self.texts)
        first = islice((waiting for waiting in ranked.order if waiting.text.digest not in labelled), count)
        return NextTexts(ranked.model.identity, left, tuple(first))

    def follow(self, serving: Serving) -> None:
        """Begin to rank by the model that `serving` gives, now and later; None where there is none yet."""
        self._thread = Thread(target=self._keep_ranked, args=(serving,), name="rank-pool", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop ranking; waits for the text that is being read, though not for long."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(ENDING_SECONDS)

    def _keep_ranked(self, serving: Serving) -> None:
        tried: FramingModel | None = None
        again = 0.0
        while not self._ended.is_set():
            model = serving()
            due = model is not tried or time.monotonic() >= again
            if model is not None and due and (self._ranked is None or self._ranked.model is not model):
                try:
                    self._rank(model, serving)
                except Exception:  # noqa: BLE001 - such as no memory to be had: it may do later, or the next model
                    _log.exception("The pool cannot be ranked by %s; it is tried again in %d seconds", model.identity, AGAIN_SECONDS)
                tried, again = model, time.monotonic() + AGAIN_SECONDS
            self._ended.wait(LOOK_SECONDS)

    def _rank(self, model: FramingModel, serving: Serving) -> None:
        def go_on(done: int, total: int) -> None:
            self.readings = (done, total)
            if self._ended.is_set() or serving() is not model:
                raise _Outdated

        try:
            # One text at a time, on one thread, leaves the other cores to requests.
            self._ranked = _Ranked(model, rank(self.texts, _aside(model), chunk=1, on_texts=go_on))
        except _Outdated:
            return


def _aside(model: FramingModel) -> FramingModel:
    """The model, and its fallback, over encoders that take one thread."""
    encoder = model.encoder.aside() if isinstance(model.encoder, CompiledEncoder) else model.encoder
    return replace(model, encoder=encoder, fallback=model.fallback and _aside(model.fallback))


def open_pool(path: Path | None, store: Labels | None, most_characters: int) -> RankedPool | None:
    """The pool of a file, or None where none is named. Raises DataError, also for a text of more characters, whose label would be
    refused, and FramingError where there is no store to keep its labels."""
    if path is None:
        return None
    if store is None:
        raise FramingError("a pool of texts to label (--pool, FRAMING_POOL) needs a store for their labels: --labels, or FRAMING_LABELS")
    texts = load_pool(path)
    for text in texts:
        if len(text.text) > most_characters:
            problem = f"the text '{text.id}' has {len(text.text):,} characters; FRAMING_MAX_TEXT_CHARACTERS is {most_characters:,}"
            raise DataError([BadRow(str(path), None, problem)])
    return RankedPool(texts, LabelledTexts(store))
