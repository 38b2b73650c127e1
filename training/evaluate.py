"""A finished model judged on passages it was not trained on, beside the three floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from framing.data import Dataset
from framing.errors import TrainingError
from framing.model import FramingModel
from training.copies import NearCopy, copies_between, find_copies
from training.floors import ALL_POSITIVE, PRIOR, WORDS, all_positive, prior, words, words_from
from training.folds import check_trainable
from training.halves import check_apart
from training.intervals import Figure
from training.metrics import Answers, answers_of, measure_all
from training.report import comparison_table, copies_section, frame_table, named_copies, robustness_section
from training.robustness import Robustness, robustness

FOLDS = 5
MODEL = "model"


@dataclass(frozen=True)
class Evaluation:
    """Measures of the model and of the floors by name, how the model's hold, and what a reader must know about them."""

    measures: dict[str, dict[str, Figure]]
    robustness: Robustness
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Floor:
    """A floor's name, which says what it was made of, and its answers, unless there is a reason why there are none."""

    name: str
    answers: Answers | None
    reason: str = ""


def evaluate(
    model: FramingModel, trained_on: Sequence[Mapping[str, Any]], evaluation: Dataset, training: Dataset | None = None, seed: int = 0,
    jobs: int = -1,
) -> Evaluation:  # fmt: skip
    """Judge `model` on `evaluation`; `trained_on` is what its manifest says of its training data, and then that of its fallback where
    this reads any passage; `training` are these passages.

    Raises TrainingError if a text or a group stands in both.
    """
    if training is not None:
        check_apart(training, evaluation)
    copies = find_copies(evaluation, FOLDS, seed)
    apart = copies.regrouped(evaluation)
    answers = answers_of(model, evaluation)
    floors = [
        _Floor(ALL_POSITIVE, all_positive(evaluation.labels)),
        _prior(trained_on[0], evaluation, seed),
        _words(training, apart, seed, jobs),
    ]
    everyone = {MODEL: answers} | {floor.name: floor.answers for floor in floors if floor.answers is not None}
    measures = {who: measure_all(what, evaluation.codebook.names, apart.groups, jobs=jobs) for who, what in everyone.items()}
    missing = tuple(f"{floor.name}: not there, {floor.reason}" for floor in floors if floor.answers is None)
    notes = (*missing, copies_section(copies), *_overlap(trained_on, evaluation, training))
    return Evaluation(measures, robustness(answers, evaluation, apart.groups), notes)


def evaluation_report(found: Evaluation, frames: tuple[str, ...]) -> str:
    """The evaluation as Markdown, in the order of a model card."""
    notes = "".join(f"- {note}\n" for note in found.notes)
    parts = [comparison_table(found.measures), notes.rstrip(), frame_table(found.measures[MODEL], frames)]
    return "\n\n".join(part for part in [*parts, robustness_section(found.robustness, frames)] if part)


def _prior(trained_on: Mapping[str, Any], evaluation: Dataset, seed: int) -> _Floor:
    counts, passages = trained_on.get("frames", {}), trained_on.get("passages", 0)
    if not passages or set(counts) != set(evaluation.codebook.names):
        return _Floor(f"{PRIOR} (shares of these passages)", prior(evaluation.labels, evaluation.labels.mean(axis=0), seed))
    shares = np.array([counts[frame] / passages for frame in evaluation.codebook.names])
    return _Floor(f"{PRIOR} (training shares)", prior(evaluation.labels, shares, seed))


def _words(training: Dataset | None, evaluation: Dataset, seed: int, jobs: int) -> _Floor:
    name = f"{WORDS} ({'cross-validated over these passages' if training is None else 'training passages'})"
    known = evaluation if training is None else find_copies(training, FOLDS, seed).regrouped(training)
    try:
        check_trainable(known, FOLDS, seed)
        return _Floor(name, words(known, FOLDS, seed, jobs) if training is None else words_from(known, evaluation, FOLDS, seed, jobs))
    except TrainingError as error:
        return _Floor(name, None, str(error))


def _overlap(trained_on: Sequence[Mapping[str, Any]], evaluation: Dataset, training: Dataset | None) -> tuple[str, ...]:
    if training is None:
        return ("Whether these passages overlap with the training passages was not checked: --training names those.",)
    notes = []
    for who, data in zip(("model", "model that reads other languages"), trained_on, strict=False):
        if training.digest != data.get("digest"):
            notes.append(f"The training passages given are not those that the manifest of the {who} names.")
    copies = copies_between(training, evaluation)
    notes.append(f"No text and no group of these passages stands among the training passages; near copies of those: {_named(copies)}.")
    return tuple(notes)


def _named(copies: tuple[NearCopy, ...]) -> str:
    return f"{len(copies)}, the training passage first: {named_copies(copies)}" if copies else "none"
