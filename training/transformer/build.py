"""The encoder a recipe asks for: taken as it is, fine-tuned, cut, or distilled."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from framing.data import Dataset
from framing.encoder import MultilingualEncoder, SavedEncoder
from training.recipes import MULTILINGUAL_USE, Recipe
from training.run import Run
from training.transformer.compile import compile_encoder
from training.transformer.distil import distil
from training.transformer.finetune import FineTuning, OnStep, finetune
from training.transformer.shorten import Shortening, cut, teach_likeness
from training.transformer.smooth import smooth
from training.transformer.source import load_source
from training.transformer.weights import read_weights, weights_key, write_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def build_encoder(dataset: Dataset, recipe: Recipe, folder: Path, run: Run = Run()) -> SavedEncoder:
    """The recipe's encoder in `folder`, learned on `dataset` where the recipe learns one."""
    if recipe.encoder == MULTILINGUAL_USE:
        return MultilingualEncoder(folder)
    source = load_source(recipe.encoder)
    if recipe.finetuning is not None:
        _finetune(source, dataset, recipe.finetuning, run)
    if recipe.shortening is not None:
        source = _shortened(source, dataset, recipe.shortening, run)
    if recipe.smoothing:
        smooth(source, dataset.texts)
    if recipe.distillation is None:
        return compile_encoder(source, folder)
    with _progress("distilling", run.quiet) as on_step:
        return distil(source, dataset.texts, dataset.labels, recipe.distillation, folder, run.seed, on_step)


def _finetune(source: SentenceTransformer, dataset: Dataset, budget: FineTuning, run: Run) -> None:
    key = weights_key(source, dataset.texts, dataset.labels, budget, run.seed)
    learn = partial(finetune, source, dataset.texts, dataset.labels, budget, run.seed)
    _learn_once(source, key, "fine-tuning", learn, run)


def _shortened(whole: SentenceTransformer, dataset: Dataset, how: Shortening, run: Run) -> SentenceTransformer:
    key = weights_key(whole, dataset.texts, dataset.labels, how, run.seed)
    short = cut(copy.deepcopy(whole), how)
    learn = partial(teach_likeness, short, whole, dataset.texts, dataset.labels, how, run.seed)
    _learn_once(short, key, "teaching a smaller encoder", learn, run)
    return short


def _learn_once(model: SentenceTransformer, key: str, what: str, learn: Callable[[OnStep], None], run: Run) -> None:
    """Have `model` learn, or give it the weights that were kept under the key of the same."""
    kept = None if run.cache is None else run.cache / f"{key}.safetensors"
    if kept is not None and kept.is_file():
        read_weights(model, kept)
        return
    with _progress(what, run.quiet) as on_step:
        learn(on_step)
    if kept is not None:
        write_weights(model, kept)


@contextmanager
def _progress(what: str, quiet: bool) -> Iterator[OnStep]:
    with tqdm(desc=what, unit="step", leave=False, disable=True if quiet else None) as bar:

        def on_step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield on_step
