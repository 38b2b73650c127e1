"""Notices that another model stands in the folder, loads and checks it beside the one that answers, and puts it in its place."""

from __future__ import annotations

import logging
from collections.abc import Callable

from framing.api.settings import Settings
from framing.api.slot import ModelSlot, ServedModel
from framing.artifact import fallback_beside
from framing.errors import FramingError
from framing.files import Stamp, stamp_of

_log = logging.getLogger("uvicorn.error")


class ModelWatch:
    """Keeps a slot filled with what stands in the model folders; what cannot be loaded leaves the slot as it was.

    `look` blocks while it loads, and is for one thread at a time.
    """

    def __init__(self, settings: Settings, slot: ModelSlot, load: Callable[[Settings], ServedModel]) -> None:
        # The folder that a relative path starts from may be replaced while the server runs; a link keeps its own name.
        given = {"model": settings.model, "multilingual": settings.multilingual}
        self._settings = settings.model_copy(update={name: path.absolute() for name, path in given.items() if path is not None})
        self._slot = slot
        self._load = load
        self._seen = self._tried = self._stamp()

    def fill(self) -> None:
        """Load the first model. Raises FramingError if that cannot be done."""
        self._slot.current = self._load(self._settings)

    def look(self) -> None:
        """Load what stands in the folders if it changed, once it has stood there for two looks: a copy under way is left alone."""
        stamp = self._stamp()
        if stamp == self._seen != self._tried:
            self._tried = stamp
            self._renew()
        self._seen = stamp

    def _renew(self) -> None:
        found: ServedModel | None = None
        problem = ""
        try:
            found = self._load(self._with_the_same_fallback())
        except FramingError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new model, the old one goes on
            problem = f"{type(error).__name__}: {error}"
        if self._stamp() != self._tried:
            self._tried = ()  # what was read while somebody wrote may be of two models; a later look tries again, whatever it finds
            return
        if found is None:
            self._refuse(problem)
        else:
            self._slot.current, self._slot.problem = found, None
            _log.info("Now answers: %s", found.model.identity)

    def _refuse(self, problem: str) -> None:
        if problem != self._slot.problem:
            _log.warning("The model that answers stays, because what stands in its folder now cannot be used: %s", problem)
        self._slot.problem = problem

    def _with_the_same_fallback(self) -> Settings:
        """A fallback that nobody named may be missing; one that reads for users already may not get lost because its folder broke."""
        current, beside = self._slot.current, fallback_beside(self._settings.model)
        if current is None or current.model.fallback is None or self._settings.multilingual is not None or not beside.is_dir():
            return self._settings
        return self._settings.model_copy(update={"multilingual": beside})

    def _stamp(self) -> Stamp:
        model, fallback = self._settings.model, self._settings.multilingual
        return stamp_of(model), stamp_of(fallback_beside(model) if fallback is None else fallback)
