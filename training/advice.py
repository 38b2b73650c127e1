"""Which recipe to pick for the passages at hand, and why: a table of bounds, and the sentence for each.

The bounds rest on `python -m benchmarks.learning_curve`; where it shows others, the table is what changes, not the code.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from framing.data import Dataset
from framing.language import language_of


@dataclass(frozen=True, slots=True)
class Bound:
    """`recipe` is the one to pick from `examples` labelled passages of the rarest frame up."""

    examples: int
    recipe: str
    reason: str
    figures: str
    """What the reason rests on."""


BOUNDS = (
    Bound(
        0,
        "frozen",
        "what fine-tuning gives for so few has not been measured, and heads train in seconds",
        "the learning curves begin at 8 examples a frame",
    ),
    Bound(
        8,
        "finetuned",
        "that many passages already teach the encoder itself, at the price of a minute to an hour",
        "macro F1 of finetuned and frozen at 8 examples a frame: .52 and .47 on the Gun Violence Frame Corpus, .57 and .50 on the seeds",
    ),
)
"""By rising `examples`, the first from 0."""


@dataclass(frozen=True, slots=True)
class LanguageBound:
    """`recipe` is the one to pick, however many the passages, where `share` of them or more are not in English."""

    share: float
    recipe: str
    reason: str


OTHER_LANGUAGES = LanguageBound(0.05, "multilingual", "the other recipes' encoders read English alone")


@dataclass(frozen=True, slots=True)
class Advice:
    """The name of a recipe, and a sentence that says why it is the one."""

    recipe: str
    reason: str


def advise(dataset: Dataset) -> Advice:
    """The recipe for these passages. Whether they are enough to train at all is for `check_trainable` to say."""
    foreign = foreign_share(dataset)
    if foreign >= OTHER_LANGUAGES.share:
        return Advice(OTHER_LANGUAGES.recipe, f"{foreign:.0%} of the passages are not in English; {OTHER_LANGUAGES.reason}")
    counts = dict(zip(dataset.codebook.names, dataset.labels.sum(axis=0).tolist(), strict=True))
    rarest = min(counts, key=counts.__getitem__)
    at = max(row for row, bound in enumerate(BOUNDS) if bound.examples <= counts[rarest])
    bound = BOUNDS[at]
    side = f"below {BOUNDS[at + 1].examples}" if at + 1 < len(BOUNDS) else f"from {bound.examples} up"
    return Advice(
        bound.recipe, f"the rarest frame, {rarest}, has {counts[rarest]} labelled passages; {side}, {bound.reason} ({bound.figures})"
    )


def foreign_share(dataset: Dataset) -> float:
    """Share of the passages that are not in English: as their column says, or else as they read."""
    counts = Counter((passage.language or language_of(passage.text)) == "en" for passage in dataset.passages)
    return counts[False] / max(1, len(dataset))
