"""The recipes: what a model is made of, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from framing.errors import TrainingError
from training.hidden_units import HiddenUnits
from training.intervals import DRAWS
from training.transformer.distil import Distillation
from training.transformer.finetune import FineTuning
from training.transformer.shorten import Shortening
from training.transformer.source import MINILM, MPNET

MULTILINGUAL_USE = "universal-sentence-encoder-multilingual-v3"
"""Not made from a transformer: it comes from a package, and is used as it is."""


CHAMPION = "champion"
"""Not made at all: the encoder of the model that answers now, as it stands in its folder."""

MANY_PASSAGES = 10_000
"""From so many on, half of them teach an encoder nearly what all do, and two folds are enough: each is one more training."""

AUTO = "auto"
"""Not a recipe: the one that suits the passages is asked for."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How the heads of a champion are moved by new labels, where its encoder has learned from the old ones."""

    variances: tuple[float, ...] = (0.0, 0.03, 0.1, 0.3, 1.0)
    """To choose from: of the normal distribution around each of the champion's weights. With 0 these stay as they are."""
    enough: int = 30
    """New passages with a frame, and without it, from which cut points come from the new labels; with fewer they are the champion's."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An encoder, what stands beside its vectors, and how the heads over them are regularised."""

    name: str
    summary: str
    encoder: str = MINILM
    terms: bool = True
    """Whether TF-IDF terms stand beside the vectors."""
    vector_strength: float = 10.0
    """Inverse regularisation strength of the heads over vectors, where these are linear."""
    term_strength: float = 10.0
    """The same over terms."""
    hidden: HiddenUnits | None = None
    """A hidden layer between the vectors and the heads over them, which without it, or taught by too few passages for it, are linear and
    read no parts of passages."""
    finetuning: FineTuning | None = None
    shortening: Shortening | None = None
    """How a part of it then learns to give the vectors of the whole."""
    smoothing: bool = False
    """Whether what the hidden units give is evened out before the encoder is compiled, which a wide one needs to bear int8."""
    distillation: Distillation | None = None
    """How a static encoder learns from the one above, fine-tuned or not; without it that one is compiled."""
    adaptation: Adaptation | None = None
    folds: int = 5
    draws: int = DRAWS
    """Resamples of groups behind every interval."""

    def over_vectors(self, passages: int) -> float | HiddenUnits:
        """What the heads over the vectors of so many passages are: of an inverse regularisation strength, or behind hidden units."""
        return self.vector_strength if self.hidden is None or passages < self.hidden.least_passages else self.hidden

    def reads_parts(self, passages: int) -> bool:
        """Whether heads taught by so many passages read the parts of each."""
        return self.hidden is not None and self.hidden.parts and self.over_vectors(passages) is self.hidden

    def over_passages(self, passages: int) -> Recipe:
        """The recipe as it is carried out over so many passages."""
        return replace(self, folds=2) if self.learns_encoder and passages >= MANY_PASSAGES else self

    @property
    def learns_encoder(self) -> bool:
        """Whether the encoder itself has seen the training passages, so that each fold needs one of its own."""
        return any(how is not None for how in (self.finetuning, self.shortening, self.distillation))


RECIPES = (
    Recipe("frozen", "the encoder as it is, heads trained over it: a minute or two"),
    Recipe(
        "finetuned",
        "the encoder fine-tuned end to end, then the same heads: minutes",
        vector_strength=10.0,
        finetuning=FineTuning(),
        folds=3,
    ),
    Recipe(
        "large",
        "an encoder five times as large, fine-tuned more gently: hours, and slower answers",
        MPNET,
        finetuning=FineTuning(epochs=2, learning_rate=5e-5),
        smoothing=True,
        folds=3,
    ),
    Recipe(
        "compact",
        "the fine-tuned encoder's first four layers, taught to do as all six: minutes more, for faster answers",
        vector_strength=10.0,
        finetuning=FineTuning(),
        shortening=Shortening(layers=4),
        folds=3,
    ),
    Recipe(
        "small",
        "the fine-tuned encoder's first three layers with half of their hidden units, taught alike: faster still, at a small loss",
        vector_strength=10.0,
        finetuning=FineTuning(),
        # what lost half of its units has more to learn again
        shortening=Shortening(layers=3, units=768, teaching=FineTuning(epochs=4, learning_rate=3e-4)),
        folds=3,
    ),
    Recipe(
        "static",
        "one vector a word, distilled from the fine-tuned encoder: thousands of passages a second",
        finetuning=FineTuning(),
        distillation=Distillation(),
        folds=3,
    ),
    Recipe(
        "multilingual",
        "an encoder of sixteen languages as it is, heads with a hidden layer over passages, sentences and clauses: some minutes",
        MULTILINGUAL_USE,
        terms=False,
        hidden=HiddenUnits(),
    ),
    Recipe("refit", "new heads over the champion's own encoder: seconds", CHAMPION, adaptation=Adaptation(), draws=250),
)


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises TrainingError with the names there are."""
    for recipe in RECIPES:
        if recipe.name == name:
            return recipe
    raise TrainingError(f"there is no recipe '{name}'; accepted are {', '.join(recipe.name for recipe in RECIPES)}")
