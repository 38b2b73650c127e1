"""What all timed benchmarks share: contenders take turns, figures are medians with their spread, ratios are taken within a round."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import TypeVar

from framing.encoder import available_cores
from framing.errors import FramingError

Item = TypeVar("Item")


def turned(items: Sequence[Item], by: int) -> Iterator[Item]:
    """The items in their order, begun `by` places later: what comes first in a round is another one in the next."""
    return (items[(place + by) % len(items)] for place in range(len(items)))


def split_evenly(items: Sequence[Item], parts: int) -> list[Sequence[Item]]:
    """So many parts of equal size, in order; what is left over is left out. Raises FramingError where that gives none."""
    size = len(items) // parts
    if not size:
        raise FramingError(f"{len(items)} texts are too few for {parts} parts of which no two have a text in common; ask for fewer rounds")
    return [items[part * size : (part + 1) * size] for part in range(parts)]


def rates(works: Mapping[str, Callable[[], object]], items: int, rounds: int) -> dict[str, list[float]]:
    """Items a second of each work that does so many, once warm: every round does all of them, each time another first."""
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in turned(list(works), number):
            start = time.perf_counter()
            works[name]()
            found[name].append(items / (time.perf_counter() - start))
    return found


def ratios(own: Sequence[float], other: Sequence[float]) -> list[float]:
    """How many times the other, round by round."""
    return [one / two for one, two in zip(own, other, strict=True)]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median, and in brackets lowest and highest of several; "-" for none."""
    if not values:
        return "-"
    middle = f"{median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} [{min(values):,.{digits}f}, {max(values):,.{digits}f}]"


def machine() -> str:
    """Processor and cores."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text(encoding="utf-8").splitlines() if cpu.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{name}, {available_cores()} of {os.cpu_count()} cores"


def versions(packages: Sequence[str]) -> str:
    """The installed versions of packages, and which are not installed."""
    return ", ".join(f"{package} {_version(package)}" for package in packages)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
