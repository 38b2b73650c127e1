"""A folder that follows the registry: it holds the champion, checked, and goes over to the next one in a single step.

The folder is a link into `FOLDER.versions`, where each version has a folder of its own: no file system replaces a folder that holds
files in one step, but every one replaces a link so. Whoever reads at that moment finds one version or the other, and the one before
stays for those who still read it.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from framing.errors import MissingExtra, TrainingError
from framing.files import Stamp, lock, point_link, stamp_of
from framing.following import Following, read_following, write_following
from training import tracking

if TYPE_CHECKING:
    from training.tracking import MlflowClient

LONGEST_WAIT = 60.0
"""Seconds after which a registry that does not answer is asked again at the latest."""

_log = logging.getLogger(__name__)


def follow(folder: str | Path, every: float, sleep: Callable[[float], object] = time.sleep) -> NoReturn:
    """Keep `folder` at the champion, asking every so many seconds, for ever: whoever wants an end raises it, as a signal may.

    What goes wrong is logged once and tried again, after longer and longer waits. Raises TrainingError if the folder cannot be kept.
    """
    with open_follower(folder) as follower:
        wait = every
        while True:
            wait = min(2 * wait, max(every, LONGEST_WAIT)) if follower.renew().problem else every
            sleep(wait)


def follow_once(folder: str | Path) -> Following:
    """Bring `folder` to the champion. Raises TrainingError if that cannot be done; the folder is then as it was."""
    with open_follower(folder) as follower:
        following = follower.renew()
    if following.problem:
        raise TrainingError(following.problem)
    return following


@contextmanager
def open_follower(folder: str | Path) -> Iterator[Follower]:
    """The only follower of a folder. Raises TrainingError where it has one, or where something else than a link stands."""
    place = Path(os.path.abspath(folder))  # noqa: PTH100 - where the link leads now is no matter
    if place.exists() and not place.is_symlink():
        raise TrainingError(f"{place} is there, but not as a link that can follow: move it away, or name another folder")
    follower = Follower(place)
    with _named(f"{follower.versions} cannot be made"):
        follower.versions.mkdir(parents=True, exist_ok=True)
    with _locked(follower.versions):
        yield follower


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if not hasattr(os, "O_DIRECTORY"):
        yield  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            lock(handle)
        except BlockingIOError as error:
            raise TrainingError(f"{folder} is kept by another process; one is enough") from error
        yield
    finally:
        os.close(handle)


class Follower:
    """Brings one folder to the champion each time it is told to, and tells how that went."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.versions = Path(f"{folder}.versions")
        self._following = read_following(folder) or Following()
        self._told: tuple[str | None, str | None] | None = None
        self._checked: Stamp | None = None
        self._client: MlflowClient | None = None

    def renew(self) -> Following:
        """Make the folder hold the champion, or leave it as it is; what is new of that is logged, and all written beside it."""
        try:
            found = Following(self._mirror(), datetime.now(UTC).isoformat(timespec="seconds"))
        except TrainingError as error:
            found = replace(self._following, problem=str(error))
        try:
            with _named("how it went cannot be written"):
                write_following(self.folder, found)
        except TrainingError as error:
            found = replace(found, problem=found.problem or str(error))
        self._following = found
        self._tell(found)
        return found

    def _tell(self, found: Following) -> None:
        before, self._told = self._told, (found.champion, found.problem)
        if self._told == before:
            return
        if found.problem:
            _log.warning("%s stays as it is: %s", self.folder, found.problem)
        else:
            _log.info("%s holds version %s", self.folder, found.champion)

    def _mirror(self) -> str:
        """The number of the champion, which the folder holds now. Raises TrainingError."""
        with _named("the MLflow registry cannot be asked"):
            self._client = self._client or tracking.connect()
            version = tracking.champion(self._client)
        if version is None:
            raise TrainingError("no version in the registry is champion; `framing models promote` makes one")
        place = self.versions / f"{version.number}-{version.run}"
        if self._checked != stamp_of(place) or not self._leads_to(place):
            self._fetch(version, place)
            with _named(f"version {version.number} cannot be put in place"):
                point_link(self.folder, place)
                self._clean(place)
            self._checked = stamp_of(place)
        return version.number

    def _fetch(self, version: tracking.Version, place: Path) -> None:
        """Have a sound copy of a version at `place`; one that is there is used, so that a rollback needs no download."""
        try:
            _check(version, place)
        except TrainingError as error:
            fetched = self.versions / f".fetched-{place.name}"  # what is served stays in place until a sound copy is there
            with _removed_on_error(fetched):
                with _named(f"version {version.number} cannot be fetched"):
                    tracking.copy_version(version, fetched)
                _check(version, fetched)
                if place.exists():
                    _log.warning("What stood in %s is replaced: %s", place, error)
                with _named(f"version {version.number} cannot be put in place"):
                    shutil.rmtree(place, ignore_errors=True)
                    fetched.rename(place)

    def _leads_to(self, place: Path) -> bool:
        return os.path.realpath(self.folder) == os.path.realpath(place)

    def _clean(self, place: Path) -> None:
        """Keep the version that was put in place now and the one before; what a killed process left half-made goes too."""
        os.utime(place)
        others = sorted((path for path in self.versions.iterdir() if path != place), key=lambda path: path.stat().st_mtime_ns)
        whole = [path for path in others if not path.name.startswith(".")]
        for path in others:
            if path not in whole[-1:]:
                shutil.rmtree(path, ignore_errors=True)


def _check(version: tracking.Version, place: Path) -> None:
    """Raise TrainingError unless a sound model stands at `place`, and that of this version: others may have written there."""
    try:
        found = tracking.sound_version(version, place)
    except MissingExtra as error:
        raise TrainingError(f"version {version.number} cannot be checked here: {error}") from error
    registered = version.tags.get("framing.version", found.version)
    if found.version != registered:
        raise TrainingError(f"{place} holds model {found.version}, and version {version.number} is model {registered}")


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Whatever fails inside becomes one sentence that begins with `what`, the same each time it fails so."""
    try:
        yield
    except Exception as error:  # the registry, its store and the disk have errors of their own each
        raise TrainingError(f"{what}: {tracking.reason(error)}") from error


@contextmanager
def _removed_on_error(place: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
