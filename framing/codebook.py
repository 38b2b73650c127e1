"""The frames of a user: names, definitions and the rules coders follow."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from framing.errors import CodebookError

MAX_FRAMES = 50
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAME_RULE = "a name starts with a letter a-z and goes on with a-z, 0-9 or _, at most 64 characters"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a codebook."""

    name: str
    title: str
    definition: str
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Codebook:
    """The frames one model labels, in a fixed order that every array of labels or probabilities follows."""

    title: str
    frames: tuple[Frame, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(frame.name for frame in self.frames)

    @property
    def digest(self) -> str:
        """sha256 over the content, in hexadecimal: equal for the same frames in the same order, whatever file they came from."""
        return hashlib.sha256(json.dumps(self.as_dict(), ensure_ascii=False).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The content as plain JSON values, in the shape `load_codebook` reads."""
        return {"title": self.title, "frames": {frame.name: _entries(frame) for frame in self.frames}}


def _entries(frame: Frame) -> dict[str, Any]:
    entries = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(frame).items()}
    del entries["name"]
    return entries


def load_codebook(path: str | Path) -> Codebook:
    """Read a codebook from TOML, or from JSON of the same shape: a `title`, and a table `[frames.NAME]` for each frame.

    Raises CodebookError, naming the file and the frame, where anything is missing, misspelt or of the wrong type.
    """
    path = Path(path)
    kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text, object_pairs_hook=_entries_once) if kind == "JSON" else tomllib.loads(text)
    except OSError as error:
        raise CodebookError(str(path), f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CodebookError(str(path), f"is not UTF-8 text (byte {error.start})") from error
    except RecursionError as error:
        raise CodebookError(str(path), "is nested too deeply") from error
    except ValueError as error:
        raise CodebookError(str(path), f"is not valid {kind}: {error}") from error
    return parse_codebook(content, str(path))


def _entries_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """As TOML does of itself: of two frames of one name, JSON would keep the last and say nothing."""
    entries: dict[str, Any] = {}
    for key, value in pairs:
        if key in entries:
            raise ValueError(f"the entry '{key}' stands twice")
        entries[key] = value
    return entries


def parse_codebook(content: object, source: str) -> Codebook:
    """Check a codebook given as plain values; `source` names it in errors. Raises CodebookError."""
    if not isinstance(content, Mapping):
        raise CodebookError(source, "a codebook is a table with 'title' and 'frames'")
    _refuse_unknown(content, ("title", "frames"), "title and frames", source)
    title = content.get("title")
    if not isinstance(title, str) or not title.strip():
        raise CodebookError(source, "needs a 'title', a line of text")
    _refuse_halves("title", title, source)
    tables = content.get("frames")
    if not isinstance(tables, Mapping) or not 1 <= len(tables) <= MAX_FRAMES:
        found = f"{len(tables)} frames" if isinstance(tables, Mapping) else "none"
        raise CodebookError(source, f"needs 1 to {MAX_FRAMES} frames, each a table [frames.NAME]; found {found}")
    return Codebook(title, tuple(_parse_frame(name, table, source) for name, table in tables.items()))


def _parse_frame(name: object, table: object, source: str) -> Frame:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CodebookError(source, f"the name is not usable: {_NAME_RULE}", str(name))
    accepted = [field.name for field in fields(Frame) if field.name != "name"]
    if not isinstance(table, Mapping):
        raise CodebookError(source, f"must be a table with {', '.join(accepted)}", name)
    _refuse_unknown(table, accepted, ", ".join(accepted), source, name)
    for key in ("title", "definition"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise CodebookError(source, f"needs '{key}', a text that is not empty", name)
        _refuse_halves(key, table[key], source, name)
    lists = {key: _parse_list(key, table.get(key, []), source, name) for key in ("includes", "excludes", "examples")}
    return Frame(name, table["title"], table["definition"], **lists)


def _parse_list(key: str, entries: object, source: str, frame: str) -> tuple[str, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, str) and entry.strip() for entry in entries):
        raise CodebookError(source, f"'{key}' must be a list of texts that are not empty", frame)
    _refuse_halves(key, "".join(entries), source, frame)
    return tuple(entries)


def _refuse_unknown(table: Mapping[Any, Any], accepted: Collection[str], said: str, source: str, frame: str | None = None) -> None:
    unknown = sorted(str(key) for key in table if key not in accepted)
    if unknown:
        raise CodebookError(source, f"unknown entry '{unknown[0]}'; accepted are {said}", frame)


def _refuse_halves(key: str, text: str, source: str, frame: str | None = None) -> None:
    """JSON can spell half of a surrogate pair, which no file and no digest can hold."""
    if re.search("[\ud800-\udfff]", text):
        raise CodebookError(source, f"'{key}' holds half of a surrogate pair, which is no character", frame)
