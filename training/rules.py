"""Promotion rules as data: a small TOML file, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framing.errors import RulesError
from training.metrics import OVERALL, PER_FRAME, WITHOUT_INTERVAL

RULES_FILE = Path(__file__).with_name("promotion.toml")
"""The rules where no other file is named."""
GOLDEN = "golden"
_OVERALL = tuple(measure.__name__ for measure in OVERALL)
_BY_FRAME = tuple(measure.__name__ for measure in PER_FRAME)
_BARE = tuple(measure.__name__ for measure in WITHOUT_INTERVAL)


@dataclass(frozen=True, slots=True)
class Limit:
    """By how much a measure may be worse than the champion's; by frame, each frame's.

    With a `confidence`, at least that share of the resamples must stay within `loss` (a one-sided test of non-inferiority);
    without, the passages as they are.
    """

    measure: str
    loss: float
    confidence: float | None = None

    @property
    def by_frame(self) -> bool:
        return self.measure in _BY_FRAME


@dataclass(frozen=True, slots=True)
class Rules:
    """All that must hold; `golden_unchanged`: the champion's golden texts are decided as the champion decides them."""

    limits: tuple[Limit, ...]
    golden_unchanged: bool = True


def load_rules(path: str | Path = RULES_FILE) -> Rules:
    """Read rules from TOML: a table for each measure, and `[golden]`. Raises RulesError, naming the file and the rule."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RulesError(str(path), f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise RulesError(str(path), f"is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise RulesError(str(path), f"is not valid TOML: {error}") from error
    return parse_rules(content, str(path))


def parse_rules(content: Mapping[str, Any], source: str) -> Rules:
    """Check rules given as plain values; `source` names them in errors. Raises RulesError."""
    golden = content.get(GOLDEN, {"unchanged": False})
    limits = tuple(_limit(name, table, source) for name, table in content.items() if name != GOLDEN)
    if not limits:
        raise RulesError(source, f"has no rule about a measure; a table for one or more of {', '.join(_OVERALL + _BY_FRAME)} is needed")
    if not isinstance(golden, Mapping) or set(golden) != {"unchanged"} or not isinstance(golden["unchanged"], bool):
        raise RulesError(source, "must be a table with one entry, 'unchanged', that is true or false", GOLDEN)
    return Rules(limits, golden["unchanged"])


def _limit(name: str, table: object, source: str) -> Limit:
    if name not in _OVERALL + _BY_FRAME:
        raise RulesError(source, f"is not a measure; accepted are {', '.join((*_OVERALL, *_BY_FRAME, GOLDEN))}", name)
    accepted = ("loss",) if name in _BARE else ("loss", "confidence")
    if not isinstance(table, Mapping):
        raise RulesError(source, f"must be a table with {' and '.join(accepted)}", name)
    unknown = [key for key in table if key not in accepted]
    if unknown:
        raise RulesError(source, f"unknown entry '{unknown[0]}'; accepted are {' and '.join(accepted)}", name)
    loss = _share("loss", table.get("loss"), source, name)
    if "confidence" not in table:
        return Limit(name, loss)
    return Limit(name, loss, _share("confidence", table["confidence"], source, name))


def _share(key: str, value: object, source: str, rule: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        found = "nothing" if value is None else repr(value)
        raise RulesError(source, f"needs '{key}', a number from 0 to 1; found {found}", rule)
    return float(value)
