"""What a text costs to know, kept on the disk: its vector by an encoder, and its language.

A cache is one SQLite file, safe for several processes at once and for one that is killed. Nothing is lost with it but time, so
one that cannot be read or written is told of once, in the log, and left aside. It may be deleted whenever nothing trains.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from framing import language
from framing.data import Dataset
from framing.encoder import EncodedTexts, Encoder
from framing.model import FramingModel
from framing.runtime import runtime

FILE = "texts.db"
MOST_ENTRIES = 500_000
"""The oldest go first. Vectors of 384 numbers take 1.5 kB each, those of 512 two, so the file stays at about a gigabyte."""
PATIENCE = 20
"""Seconds to wait for another process that writes."""
_TABLE = """CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, maker BLOB NOT NULL, text BLOB NOT NULL, value BLOB NOT NULL, UNIQUE (maker, text))"""
_WANTED = "CREATE TEMP TABLE wanted (text BLOB PRIMARY KEY) WITHOUT ROWID"
"""One statement then finds all texts, however many there are; a list of them would have to be cut to what a statement may hold."""

_log = logging.getLogger(__name__)


def default_folder() -> Path | None:
    """Where caches stand on this machine, for this user; None for one without a home."""
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "framing"
    except RuntimeError:
        return None


@dataclass(frozen=True, slots=True)
class TextCache:
    """Values by what made them and the text they were made from; without a folder it keeps nothing."""

    folder: Path | None = None

    def values(self, maker: str, texts: Sequence[str], make: Callable[[list[str]], Sequence[bytes]]) -> list[bytes]:
        """A value for each text: those that are kept, and what `make` gives for the others, which is then kept."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        by = hashlib.sha256(f"{maker} {runtime()}".encode()).digest()
        known = self._read(by, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        made = dict(zip(missing, make(list(missing.values())), strict=True)) if missing else {}
        self._write(by, made)
        known |= made
        return [known[key] for key in keys]

    def _read(self, maker: bytes, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if self.folder is None:
            return {}
        try:
            if not (self.folder / FILE).is_file():
                return {}
            with closing(self._open()) as database:
                database.execute(_WANTED)
                database.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys))
                return dict(database.execute("SELECT text, value FROM entry WHERE maker = ? AND text IN wanted", (maker,)))
        except (sqlite3.Error, OSError) as error:
            self._left_aside(error)
            return {}

    def _write(self, maker: bytes, made: Mapping[bytes, bytes]) -> None:
        if self.folder is None or not made:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                rows = [(maker, key, value) for key, value in made.items()]
                database.executemany("INSERT OR IGNORE INTO entry (maker, text, value) VALUES (?, ?, ?)", rows)
                database.execute("DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - ?", (MOST_ENTRIES,))
        except (sqlite3.Error, OSError) as error:
            self._left_aside(error)

    def _open(self) -> sqlite3.Connection:
        assert self.folder is not None
        database = sqlite3.connect(self.folder / FILE, timeout=PATIENCE)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", _TABLE):
            database.execute(statement)
        return database

    def _left_aside(self, error: Exception) -> None:
        _log.warning("the cache in %s is not used (%s); delete it, or name another with --cache", self.folder, error)


NO_CACHE = TextCache()


@dataclass(frozen=True, slots=True)
class CachedEncoder:
    """An encoder that is asked for new texts only; the vectors are the same to the bit."""

    encoder: Encoder
    cache: TextCache

    @property
    def fingerprint(self) -> str:
        return self.encoder.fingerprint

    @property
    def dimensions(self) -> int:
        return self.encoder.dimensions

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Vectors of the texts, in their order; a value is the vector's numbers (float32), and a byte that says whether it was cut."""
        values = self.cache.values(f"vector {self.fingerprint}", texts, self._made)
        size = 4 * self.dimensions
        vectors = np.frombuffer(b"".join(value[:size] for value in values), "<f4").reshape(len(texts), self.dimensions)
        return EncodedTexts(vectors.astype(np.float32), np.array([value[size:] == b"\1" for value in values], np.bool_))

    def _made(self, texts: list[str]) -> list[bytes]:
        encoded = self.encoder.encode(texts)
        cut = encoded.truncated.astype(np.uint8)
        return [vector.astype("<f4").tobytes() + mark.tobytes() for vector, mark in zip(encoded.vectors, cut, strict=True)]


def with_cache(model: FramingModel, cache: TextCache) -> FramingModel:
    """The model, and its fallback, with encoders that ask the cache first; it cannot be saved."""
    fallback = None if model.fallback is None else with_cache(model.fallback, cache)
    return replace(model, encoder=CachedEncoder(model.encoder, cache), fallback=fallback)


def languages_of(texts: Sequence[str], cache: TextCache) -> list[str]:
    """The language of each text, as `language_of` names it."""
    rules = hashlib.sha256(Path(language.__file__).read_bytes()).hexdigest()  # they decide as much as the identifier does
    made = cache.values(f"language {rules}", texts, lambda some: [language.language_of(text).encode() for text in some])
    return [value.decode() for value in made]


def with_languages(dataset: Dataset, cache: TextCache) -> Dataset:
    """The same passages, each with its language as its column says or else as it reads."""
    read = dict(zip(unsaid := [one.text for one in dataset.passages if not one.language], languages_of(unsaid, cache), strict=True))
    passages = (one if one.language else replace(one, language=read[one.text]) for one in dataset.passages)
    return Dataset(dataset.codebook, tuple(passages))
