"""The server behind `framing serve`: it listens at once, loads the model beside, changes to a new one with no gap, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Thread

import uvicorn
from anyio import to_thread
from fastapi import FastAPI

from framing.api.app import create_app
from framing.api.pool import open_pool
from framing.api.reload import ModelWatch
from framing.api.settings import Settings
from framing.api.slot import ServedModel
from framing.artifact import check_golden, load_model, read_manifest, with_fallback
from framing.errors import FramingError
from framing.labels import open_store
from framing.language import load_identifier

GRACE_SECONDS = 5
"""How long running requests may go on once the server was told to stop."""

_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _PROBES.items() if hasattr(socket, name)),
)
"""An idle client that vanished is noticed within two minutes; its stream would keep its socket, and an old model, for ever."""

_log = logging.getLogger("uvicorn.error")


def load_served(settings: Settings) -> ServedModel:
    """Load the model, hold it against its golden answers, add its fallback if there is one, and take from its manifest what clients
    may know."""
    folder = Path(os.path.realpath(settings.model))  # where a link leads may change while the files are read
    model = load_model(folder)
    check_golden(model, folder)
    # Its golden answers would load an encoder that is loaded only once a passage needs it, and takes longer than all the rest.
    model = with_fallback(model, settings.model, settings.multilingual)
    # Takes longer than all of that, and plain English does without: what needs it meanwhile waits for it.
    Thread(target=_load_identifier, daemon=True).start()
    if model.fallback is not None:
        others = [language for language in model.fallback.languages if language not in model.languages]
        _log.info("Passages in %s are read by %s", ", ".join(others), model.fallback.identity)
    manifest = read_manifest(folder)
    details = {"created": manifest.created, "recipe": manifest.recipe, "data": manifest.data, "metrics": manifest.metrics}
    return ServedModel(model, details)


def _load_identifier() -> None:
    try:
        load_identifier()
    except FramingError as error:
        _log.error("Passages that are not plainly English cannot be answered: %s", error)


def serve(settings: Settings, load: Callable[[Settings], ServedModel] = load_served) -> None:
    """Serve until SIGTERM or SIGINT. To be called in the main thread.

    Raises FramingError if the address cannot be listened on, the label store not be opened, the pool not be read, or the model
    not be loaded.
    """
    store = open_store(settings.labels) if settings.labels is not None else None
    pool = open_pool(settings.pool, store, settings.max_text_characters)
    listener = _listen(settings.host, settings.port)
    loading: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading.append(asyncio.create_task(fill(app)))
        yield
        loading[0].cancel()

    async def fill(app: FastAPI) -> None:
        watch = ModelWatch(settings, app.state.slot, load)
        try:
            await to_thread.run_sync(watch.fill, abandon_on_cancel=True)
            _log.info("The model is loaded; %s is ready", _url(listener))
        finally:
            server.should_exit |= app.state.slot.current is None
        await keep_looking(watch, settings.reload_seconds)

    app = create_app(None, settings, lifespan=lifespan, store=store, pool=pool)
    server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=GRACE_SECONDS, server_header=False))
    if pool is not None:
        pool.follow(lambda: app.state.slot.current and app.state.slot.current.model)
    with _stopped_by_signals(server):
        server.run([listener])
    if pool is not None:
        pool.end()
    if store is not None:
        store.close()
    if loading and not loading[0].cancelled():
        loading[0].result()


async def keep_looking(watch: ModelWatch, seconds: float) -> None:
    """Look for a new model every so many seconds until cancelled; 0 for never."""
    told = ""
    while seconds:
        await asyncio.sleep(seconds)
        try:
            await to_thread.run_sync(watch.look, abandon_on_cancel=True)
        except Exception as error:  # noqa: BLE001 - such as no thread to be had: the next look may succeed
            problem = f"{type(error).__name__}: {error}"
            if problem != told:
                _log.warning("It could not be looked whether there is a new model (%s)", problem)
            told = problem


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, TypeError, UnicodeError) as error:  # the last two for names that no host can have
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise FramingError(f"cannot listen on {host}, port {port} ({reason}); FRAMING_HOST and FRAMING_PORT set others") from error
    for level, option, value in _KEEP_ALIVE:  # connections that it accepts have the same
        listener.setsockopt(level, option, value)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Uvicorn raises the signal that stopped it once more when it is done; let that, and one before it starts, be no harm."""
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
