"""All that is measured of a recipe on held-out passages, as one value for the card and the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from framing.data import Dataset
from training.copies import Copies
from training.floors import TERM_STRENGTH, floors
from training.heldout import HeldOut, as_in_use
from training.intervals import Figure
from training.kinds import HAS_SEEN_ALL, NOT_ASKED, KindsOut, Unmeasured, kinds_out
from training.metrics import Answers, measure_all
from training.parallel import one_thread
from training.recipes import Recipe
from training.robustness import Robustness, robustness
from training.run import Run
from training.vectors import Features


@dataclass(frozen=True)
class Judgement:
    """What the recipe answered for held-out passages, and how good that is; `measures` by its name and the floors' names."""

    answers: Answers
    measures: dict[str, dict[str, Figure]]
    robustness: Robustness
    kinds: KindsOut | Unmeasured
    copies: Copies
    notes: tuple[str, ...] = ()
    """Sentences a reader of the figures must know first."""


@one_thread()
def judgement(
    dataset: Dataset, recipe: Recipe, unseen: HeldOut, vectors: Features | None, copies: Copies, run: Run = Run(),
    leave_kinds_out: bool | None = None, beside: Mapping[str, Answers] | None = None, foreign: NDArray[np.bool_] | None = None,
) -> Judgement:  # fmt: skip
    """Measure `unseen`, the held-out answers for `dataset`; folds and intervals go by the groups that `copies` joined.

    `vectors` are those of a recipe that learns no encoder. Leaving kinds out costs the others as much as the cross-validation
    again, and a recipe that starts from a champion more time than it has: unless told, only the rest do; over an encoder that was
    taught none can be left out. What others answered for the same passages is measured `beside`. Passages that read as `foreign` (n,) are
    unsure to all of these, as they are in use; the floors answer everything.
    """
    apart = copies.regrouped(dataset)
    kinds: KindsOut | Unmeasured = NOT_ASKED
    if vectors is None and recipe.adaptation is not None:
        kinds = HAS_SEEN_ALL
    elif leave_kinds_out or (leave_kinds_out is None and vectors is not None and recipe.adaptation is None):
        run.on_stage("leaving kinds out")
        kinds = kinds_out(apart, recipe, vectors, run, recipe.draws, foreign)
    run.on_stage("measuring")
    answers = Answers(unseen.probabilities, as_in_use(unseen.decisions, foreign), dataset.labels)
    others = {who: replace(given, decisions=as_in_use(given.decisions, foreign)) for who, given in (beside or {}).items()}
    terms = unseen.blocks[1] if len(unseen.blocks) > 1 and recipe.term_strength == TERM_STRENGTH else None
    everyone = {recipe.name: answers, **others, **floors(apart, recipe.folds, run.seed, run.jobs, terms)}
    frames, groups = dataset.codebook.names, apart.groups
    measures = {who: measure_all(what, frames, groups, recipe.draws, jobs=run.jobs) for who, what in everyone.items()}
    return Judgement(answers, measures, robustness(answers, dataset, groups, recipe.draws), kinds, copies)
