"""Answers cut into parts: by frame, style, length, language and kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from framing.data import LabelledPassage
from framing.heads import Array
from framing.language import language_of
from training.copies import UNSPACED
from training.intervals import DRAWS, FEWEST_GROUPS, Figure, bootstrapped
from training.metrics import Answers, f1, ratio_or_nan

MOST_PARTS = 100
"""With more names than this, what names the parts is no property of theirs."""
FEWEST_PASSAGES = 10
"""With fewer passages a kind than this, on average, ids do not name kinds."""
_SHORT, _LONG = 30, 60
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the passages: how many, how many labels they carry, and F1 over all their decisions (micro)."""

    name: str
    passages: int
    labels: int
    micro_f1: Figure


def kind_of(passage: LabelledPassage) -> str:
    """The part of the data a passage belongs to: what stands before the first hyphen of its id."""
    return passage.id.partition("-")[0]


def ids_name_kinds(passages: Sequence[LabelledPassage]) -> bool:
    """Whether their ids name kinds: those that begin in more ways than one for FEWEST_PASSAGES passages do not."""
    return len(passages) >= FEWEST_PASSAGES * len({kind_of(passage) for passage in passages})


def length_of(passage: LabelledPassage) -> str:
    """Short, middle or long, by words; of a script that writes no spaces two letters count as one."""
    words = len(passage.text.split()) + len(_UNSPACED.findall(passage.text)) // 2
    return f"under {_SHORT} words" if words < _SHORT else f"{_SHORT} to {_LONG} words" if words <= _LONG else f"over {_LONG} words"


PARTS: dict[str, Callable[[LabelledPassage], str]] = {
    "style": lambda passage: passage.style or "none given",
    "length": length_of,
    "language": lambda passage: passage.language or language_of(passage.text),
    "kind": kind_of,
}


def slices(
    answers: Answers, passages: Sequence[LabelledPassage], frames: Sequence[str], groups: Sequence[str], draws: int = DRAWS, seed: int = 0
) -> dict[str, tuple[Slice, ...]]:
    """The answers cut by frame, style, length, language and kind; a part of few groups has no interval."""
    named = {by: [name_of(passage) for passage in passages] for by, name_of in PARTS.items() if by != "kind" or ids_name_kinds(passages)}
    parts = {by: _parts(answers, names, groups, draws, seed) for by, names in named.items() if len(set(names)) <= MOST_PARTS}
    return {"frame": _by_frame(answers, frames, groups, draws, seed), **parts}


def _by_frame(answers: Answers, frames: Sequence[str], groups: Sequence[str], draws: int, seed: int) -> tuple[Slice, ...]:
    figures = bootstrapped(lambda weights: f1(answers, weights), groups, draws, seed)
    counts = answers.labels.sum(axis=0).tolist()
    return tuple(Slice(frame, len(groups), count, figure) for frame, count, figure in zip(frames, counts, figures, strict=True))


def _parts(answers: Answers, names: Sequence[str], groups: Sequence[str], draws: int, seed: int) -> tuple[Slice, ...]:
    """All parts in one go: what was rightly found, and found and labelled, summed by part and by draw."""
    parts, codes = np.unique(np.asarray(names), return_inverse=True)
    members = np.eye(len(parts))[codes]
    hits = members * (answers.found & answers.labels).sum(axis=1)[:, None]
    counted = members * (answers.found.sum(axis=1) + answers.labels.sum(axis=1))[:, None]

    def measured(weights: Array) -> Array:
        return ratio_or_nan(2 * (weights @ hits), weights @ counted)

    figures = bootstrapped(measured, groups, draws, seed)
    labels = members.T @ answers.labels.sum(axis=1)
    spread = [len(set(np.asarray(groups)[codes == part])) for part in range(len(parts))]
    return tuple(
        Slice(str(name), int(count), int(label), _kept(figure, int(label), among))
        for name, count, label, figure, among in zip(parts, members.sum(axis=0), labels, figures, spread, strict=True)
    )


def _kept(figure: Figure, labels: int, groups: int) -> Figure:
    """The figure of a part with labels, and its interval if the part stands in enough groups."""
    if not labels:
        return Figure(None)
    return figure if groups >= FEWEST_GROUPS else Figure(figure.value)
