"""What the columns of labelled data mean: text, frames in any of their forms, and the names that go with a passage."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, cast, get_args
from uuid import UUID

COLUMNS = ("text", "frames", "id", "group", "style", "coder", "language")
Role = Literal["coder", "adjudicator"]
"""A coder labels a text; an adjudicator decides between coders, and replaces none of their labels."""
NO_TEXT = "has no text"
NO_LABELS = "has no labels: neither 'frames' nor a column of a frame; an empty list says that there is none"
SOME_LABELS = "has a value for the frame "
"""How the problem of a row begins that has the columns of some frames alone."""
_MARKS = {"1": True, "1.0": True, "true": True, "yes": True, "0": False, "0.0": False, "false": False, "no": False}
_SHOWN = 64
"""Characters of a wrong value that an error repeats."""
_CODE = re.compile(r"[a-z]{2}")


class RefusedRowError(Exception):
    """A row whose meaning is not clear; the text is the problem."""


def column_problem(columns: Collection[str], names: Collection[str]) -> str | None:
    """What keeps the columns of a file from telling texts and labels, if anything; `names` are those of the codebook."""
    if problem := text_problem(columns):
        return problem
    own = [name for name in names if name in columns and name not in COLUMNS]
    missing = [name for name in names if name not in own]
    if "frames" in columns:
        return f"has a column 'frames' and also a column '{own[0]}'; one of the two must hold the labels" if own else None
    if not own:
        return f"has no labels: neither a column 'frames', nor one column a frame, named {', '.join(names)}"
    if missing:  # or a misspelt column would count as a frame that is nowhere present
        return f"has a column for the frame '{own[0]}', but none for '{missing[0]}'; every frame needs one, or use a column 'frames'"
    return None


def importable(fields: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The fields without what is named like a frame of the codebook's `names`: such a column would have the labels in `frames` refused."""
    return {name: value for name, value in fields.items() if name in COLUMNS or name not in names}


def text_problem(columns: Collection[str]) -> str | None:
    """What keeps the columns of a file from telling texts, if anything."""
    return None if "text" in columns else f"has no column 'text'; its columns are {', '.join(columns)}"


def read_text(fields: Mapping[str, Any]) -> str:
    """The text as it stands. Raises RefusedRowError."""
    text = fields.get("text")
    if text is None:
        raise RefusedRowError(NO_TEXT)
    if not isinstance(text, str):
        raise RefusedRowError(f"the text is {_kind(text)}, not a text")
    if not text.strip():
        raise RefusedRowError("the text is only white space" if text else "the text is empty")
    return _without_nul("text", text)


def read_name(fields: Mapping[str, Any], column: str) -> str | None:
    """An id, group, style, coder or language: text without padding, a whole number or a UUID as text, None for nothing."""
    value = fields.get(column)
    if _is_nothing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise RefusedRowError(f"'{column}' is {_kind(value)}, not a text")
    return _without_nul(column, str(value).strip())


def read_frames(fields: Mapping[str, Any], names: Collection[str]) -> tuple[str, ...]:
    """The frames of a row in the order of the codebook's `names`. Raises RefusedRowError, also for a frame that is not in it."""
    if "frames" in fields:
        found = _listed(fields["frames"])
    else:
        own = [name for name in names if name not in COLUMNS]
        columns = [name for name in own if name in fields]
        if not columns:
            raise RefusedRowError(NO_LABELS)
        if len(columns) < len(own):  # or a misspelt name would count as a frame that is not there
            missing = next(name for name in own if name not in fields)
            raise RefusedRowError(f"{SOME_LABELS}'{columns[0]}', but none for '{missing}'; each needs one, such as 0")
        found = [name for name in columns if _is_marked(name, fields[name])]
    unknown = [f"'{name[:_SHOWN]}'" for name in dict.fromkeys(found) if name not in names]
    if unknown:
        what = "unknown frame" if len(unknown) == 1 else "unknown frames"
        raise RefusedRowError(f"{what} {', '.join(unknown)}; accepted are {', '.join(names)}")
    return tuple(name for name in names if name in found)


def read_language(fields: Mapping[str, Any]) -> str | None:
    """The row's language as an ISO 639-1 code, without a region; None if it has none. Raises RefusedRowError for another word."""
    name = read_name(fields, "language")
    if name is None:
        return None
    code = name.lower().replace("_", "-").partition("-")[0]
    if not is_language(code):
        raise RefusedRowError(f"'language' is '{name[:_SHOWN]}'; it must be a code of two letters such as en or de")
    return code


def is_language(name: str) -> bool:
    """Whether a name has the form of an ISO 639-1 code."""
    return _CODE.fullmatch(name) is not None


def read_role(fields: Mapping[str, Any]) -> Role | None:
    """Whether the row's coder codes, or decides between coders; None if it does not say. Raises RefusedRowError for another word."""
    name = read_name(fields, "role")
    if name is not None and name not in get_args(Role):
        raise RefusedRowError(f"'role' is '{name[:_SHOWN]}'; accepted are {' and '.join(get_args(Role))}")
    return cast(Role | None, name)


def _listed(value: Any) -> list[str]:
    if _is_nothing(value):
        return []
    entries = _split(value) if isinstance(value, str) else value
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, str) for entry in entries):
        raise RefusedRowError("'frames' must be a list of names, or names with ; between them")
    return [entry.strip() for entry in entries if entry.strip()]


def _split(text: str) -> Any:
    """Names in one cell; no name holds a separator or a quote, so that a list as Python prints it can be read as JSON."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text.replace("'", '"'))
        except (ValueError, RecursionError) as error:
            raise RefusedRowError("'frames' begins like a list, but is not one") from error
    used = [separator for separator in ";|," if separator in text]
    if len(used) > 1:
        raise RefusedRowError(f"'frames' has both {used[0]} and {used[1]} between names; use ; alone")
    return text.split(used[0]) if used else [text]


def _is_marked(name: str, value: Any) -> bool:
    if _is_nothing(value):
        return False
    marked = _MARKS.get(str(value).strip().lower())
    if marked is None:
        shown = str(value)[:_SHOWN]
        raise RefusedRowError(f"the column '{name}' holds '{shown}'; accepted are 0 or 1, true or false, yes or no, or nothing")
    return marked


def _is_nothing(value: Any) -> bool:
    """Also not-a-number, which stands for a missing value in columns that pandas wrote."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def _without_nul(column: str, value: str) -> str:
    if "\0" in value:
        raise RefusedRowError(f"'{column}' holds a NUL character, which no text has")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds = ((int | float, "a number"), (list | tuple, "a list"), (Mapping, "an object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), f"of the type {type(value).__name__}")
