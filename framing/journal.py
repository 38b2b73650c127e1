"""What an interrupted run has done already: its answers, one a line, beside the target until that is complete."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from framing.errors import BadRow, DataError
from framing.files import disk_refusals, lock

SUFFIX = ".part"
SECONDS = 2.0
"""How much work a power cut may cost; a killed process loses only what it was working on."""
_MARK = "framing score"
_FIRST_LINE = 65_536
"""Bytes that are read of a first line, which may be that of anything."""

Origin = Mapping[str, str]
"""What the answers come from, each part by its name in a sentence; a run goes on only where all of it is the same."""


class Journal:
    """What `open_journal` gives."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.unfinished = path.with_name(path.name + ".rows")
        """Where the target's rows may stand until they are complete."""
        self._file = file
        self._begins = file.tell()
        self._forgotten = False
        self._flushed = time.monotonic()

    @property
    def useful(self) -> bool:
        """Whether a later run could go on from it: by what is in the file, since Ctrl-C may come between any two statements."""
        return not self._forgotten and os.fstat(self._file.fileno()).st_size > self._begins

    def kept(self) -> Iterator[Any]:
        """The entries of the run before, to be taken before any is added; what it was writing when it ended is cut off."""
        end = self._file.tell()
        for line in iter(self._file.readline, b""):
            try:
                entry = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                entry = None
            if entry is None:
                break
            end += len(line)
            yield entry
        self._file.seek(end)
        self._file.truncate()

    def keep(self, entries: Sequence[Any]) -> None:
        """Add entries. Raises DataError if the disk is full."""
        with _named(Path(self._file.name)):
            self._file.write("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode())
            self._file.flush()
            if time.monotonic() - self._flushed > SECONDS:
                os.fsync(self._file.fileno())
                self._flushed = time.monotonic()

    def forget(self) -> None:
        """Leave nothing for a later run to go on from."""
        self._forgotten = True


def journal_of(target: Path) -> Path:
    """Where the journal of a target stands while that is not complete."""
    place = Path(os.path.realpath(target))
    return place.with_name(place.name + SUFFIX)


@contextmanager
def open_journal(target: Path, origin: Origin, fresh: bool = False) -> Iterator[Journal]:
    """Open the journal of `target`, or begin one; it is removed when the block ends well, and kept with its entries if it raises.

    `fresh` begins one in place of what an earlier run left. Raises DataError for a journal of another origin, for one that a run
    under way is writing, for a file of somebody else in its place, and where it cannot be written.
    """
    path = journal_of(target)
    with _named(path):
        file = _opened(path, origin, fresh)
    journal = Journal(path, file)
    finished = False
    try:
        yield journal
        finished = True
    except DataError as error:
        if any(bad.row is not None for bad in error.rows):
            journal.forget()  # a row is at fault: going on would end the same way
        raise
    finally:
        if finished or not journal.useful:
            path.unlink(missing_ok=True)
        with suppress(OSError):  # which a full disk says once more; what could not be written is cut off by the next run
            file.close()


def _opened(path: Path, origin: Origin, fresh: bool) -> BinaryIO:
    """The journal at its first entry, this run's alone: the one that an earlier run left, or a new one."""
    with ExitStack() as opened:
        file = opened.enter_context(_locked(path))
        is_new = not os.fstat(file.fileno()).st_size
        if not is_new:
            _check(path, file.readline(_FIRST_LINE), {} if fresh else origin)
        # A killed run had no time to remove its half-written target.
        Journal(path, file).unfinished.unlink(missing_ok=True)
        if is_new or fresh:
            opened.callback(path.unlink, missing_ok=True)  # should the disk be full
            file.seek(0)
            file.truncate()
            file.write(json.dumps({"journal": _MARK, **origin}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        opened.pop_all()
    return file


def _locked(path: Path) -> BinaryIO:
    """The file at `path`, empty if there was none, locked. Raises DataError where another run has it."""
    while True:
        path.touch()
        with suppress(FileNotFoundError), ExitStack() as opened:
            file = opened.enter_context(path.open("r+b"))
            _lock(file)
            # Whoever had it may have ended in between, and removed it: what is locked then is no longer what others will find.
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                opened.pop_all()
                return file


def _check(path: Path, first_line: bytes, origin: Origin) -> None:
    """Raise DataError for a file that is no journal, and for one of another origin."""
    try:
        left = json.loads(first_line)
    except (ValueError, RecursionError):
        left = None
    if not isinstance(left, dict) or left.get("journal") != _MARK:
        raise DataError([BadRow(str(path), None, "is where an interrupted run keeps its answers, but holds something else; move it")])
    others = [name for name, value in origin.items() if left.get(name) != value]
    if others:
        problem = f"was left by an interrupted run with another {' and another '.join(others)}; --fresh starts over"
        raise DataError([BadRow(str(path), None, problem)])


def _lock(file: BinaryIO) -> None:
    try:
        lock(file.fileno())
    except BlockingIOError as error:
        raise DataError([BadRow(str(file.name), None, "is being written by another run to the same target")]) from error


def _named(path: Path) -> AbstractContextManager[None]:
    return disk_refusals(lambda problem: DataError([BadRow(str(path), None, problem)]))
