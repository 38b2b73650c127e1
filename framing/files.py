"""Files, folders and links that are written whole or not at all: made beside their place, flushed, then renamed into it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Stamp = tuple[object, ...]
"""What `stamp_of` tells of a folder, to be compared with another."""


@contextmanager
def whole_file(path: str | Path, beside: Path | None = None) -> Iterator[Path]:
    """Give the path of an empty file in the folder of `path`; when the block ends well, that file takes the place of `path`.

    It is named at random, or `beside` where whoever comes after a killed process must find it. If the block raises, `path` is as
    it was and nothing is left beside it. A link is followed, a replaced file keeps its permissions. Raises OSError where the
    folder cannot be written, or where `path` is something else than a file.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        raise FileExistsError(f"{place} is there, but not as a file")
    beside = beside or _name_beside(place)
    beside.touch(exist_ok=False)
    try:
        yield beside
        _flush(beside)
        if place.exists():
            shutil.copymode(place, beside)
        beside.replace(place)
        _flush(place.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Give an empty folder beside `path`; when the block ends well, it takes the place of `path` with all that is in it.

    If the block raises, `path` is as it was and nothing is left beside it. A folder that stands at `path` is replaced, not
    merged. No file system can rename over a folder that holds files: the old one steps aside for a moment, and comes back
    if the new one cannot take its place. Raises OSError as `whole_file` does.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(f"{place} is there, but not as a folder")
    beside = _name_beside(place)
    beside.mkdir()
    try:
        yield beside
        _flush_tree(beside)
        _take_place(beside, place)
        _flush(place.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def point_link(link: str | Path, folder: str | Path) -> None:
    """Let `link` lead to `folder`, by a relative path, in one step: at every moment it leads to the folder before or to this one.

    This is how a folder is replaced that others read meanwhile. Raises FileExistsError where something else than a link
    stands, and OSError as `whole_file` does.
    """
    place = Path(os.path.realpath(Path(link).parent), Path(link).name)
    if place.exists() and not place.is_symlink():
        raise FileExistsError(f"{link} is there, but not as a link")
    beside = _name_beside(place)
    try:
        beside.symlink_to(os.path.relpath(os.path.realpath(folder), place.parent), target_is_directory=True)
        beside.replace(place)
        _flush(place.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def disk_refusals(error: Callable[[str], Exception]) -> Iterator[None]:
    """Raise `error` of the problem, in words that follow a name, where the disk refuses what is done inside."""
    try:
        yield
    except OSError as refused:
        raise error(f"cannot be written ({refused.strerror or refused})") from refused


def write_json(path: Path, content: object) -> None:
    """Write content as JSON that a person can read and a diff can follow."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def same_file(one: str | Path, other: str | Path) -> bool:
    """Whether both are there and are one file; what cannot be looked at is not there."""
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)  # noqa: PTH110, PTH121 - those of Path raise


def stamp_of(folder: Path) -> Stamp:
    """What can be told of a folder without reading its files; whoever writes to one of them, or puts another in its place, changes it."""
    place = os.path.realpath(folder)
    try:
        with os.scandir(place) as entries:
            found = [(entry.name, _stat(entry)) for entry in entries]
    except OSError as error:
        return place, error.errno
    return place, *sorted((name, of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns) for name, of in found)


def _stat(entry: os.DirEntry[str]) -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link that leads nowhere, such as editors leave
        return entry.stat(follow_symlinks=False)


def lock(handle: int) -> None:
    """Keep an open file or folder from others who lock it, until it is closed or the process ends, however that is.

    Raises BlockingIOError where somebody else has it. Where the system (Windows) or the file system has no such locks, nobody is
    kept out.
    """
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return


def _name_beside(place: Path) -> Path:
    # Not made from the name of `place`: that may already be as long as the file system allows.
    return place.parent / f".writing-{secrets.token_hex(8)}"


def _take_place(new: Path, place: Path) -> None:
    if not place.exists():
        new.rename(place)
        return
    old = _name_beside(place)
    place.rename(old)
    try:
        new.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)  # it is replaced, even where it may not be removed


def _flush_tree(folder: Path) -> None:
    for inner, _, names in os.walk(folder):
        for path in (Path(inner) / name for name in names):
            if path.is_file() and not path.is_symlink():
                _flush(path)
        _flush(Path(inner))


def _flush(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY if hasattr(os, "O_DIRECTORY") else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
