"""All that is measured of a recipe on held-out passages, as one value for the card and the run."""

from __future__ import annotations

from dataclasses import dataclass

from framing.data import Dataset
from framing.encoder import Vectors
from training.copies import Copies
from training.floors import floors
from training.heldout import HeldOut
from training.intervals import Figure
from training.kinds import NOT_ASKED, KindsOut, Unmeasured, kinds_out
from training.metrics import Answers, measure_all
from training.recipes import Recipe
from training.robustness import Robustness, robustness
from training.run import Run


@dataclass(frozen=True)
class Judgement:
    """What the recipe answered for held-out passages, and how good that is; `measures` by its name and the floors' names."""

    answers: Answers
    measures: dict[str, dict[str, Figure]]
    robustness: Robustness
    kinds: KindsOut | Unmeasured
    copies: Copies


def judgement(
    dataset: Dataset, recipe: Recipe, unseen: HeldOut, vectors: Vectors | None, copies: Copies, run: Run = Run(),
    leave_kinds_out: bool | None = None,
) -> Judgement:  # fmt: skip
    """Measure `unseen`, the held-out answers for `dataset`; folds and intervals go by the groups that `copies` joined.

    `vectors` are those of a recipe that learns no encoder. Leaving kinds out costs the others as much as the cross-validation
    again, so that, unless told, only such a recipe does.
    """
    apart = copies.regrouped(dataset)
    kinds: KindsOut | Unmeasured = NOT_ASKED
    if leave_kinds_out or (leave_kinds_out is None and vectors is not None):
        run.on_stage("leaving kinds out")
        kinds = kinds_out(apart, recipe, vectors, run)
    run.on_stage("measuring")
    answers = Answers(unseen.probabilities, unseen.decisions, dataset.labels)
    everyone = {recipe.name: answers, **floors(apart, recipe.folds, run.seed, run.jobs)}
    measures = {who: measure_all(what, dataset.codebook.names, apart.groups, jobs=run.jobs) for who, what in everyone.items()}
    return Judgement(answers, measures, robustness(answers, dataset, apart.groups), kinds, copies)
