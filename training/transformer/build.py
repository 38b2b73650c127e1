"""The encoder a recipe asks for: taken as it is, fine-tuned, or distilled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from framing.data import Dataset
from framing.encoder import MultilingualEncoder, SavedEncoder
from training.recipes import MULTILINGUAL_USE, Recipe
from training.run import Run
from training.transformer.compile import compile_encoder
from training.transformer.distil import distil
from training.transformer.finetune import finetune
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
        finetuned(source, dataset, recipe, run)
    if recipe.distillation is None:
        return compile_encoder(source, folder)
    with _progress("distilling", run.quiet) as on_step:
        return distil(source, dataset.texts, dataset.labels, recipe.distillation, folder, run.seed, on_step)


def finetuned(source: SentenceTransformer, dataset: Dataset, recipe: Recipe, run: Run) -> None:
    """Fine-tune `source` in place as the recipe says, or give it the weights that were kept of the same."""
    assert recipe.finetuning is not None
    key = weights_key(source, dataset.texts, dataset.labels, recipe.finetuning, run.seed)
    kept = None if run.cache is None else run.cache / f"{key}.safetensors"
    if kept is not None and kept.is_file():
        read_weights(source, kept)
        return
    with _progress("fine-tuning", run.quiet) as on_step:
        finetune(source, dataset.texts, dataset.labels, recipe.finetuning, run.seed, on_step)
    if kept is not None:
        write_weights(source, kept)


@contextmanager
def _progress(what: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    with tqdm(desc=what, unit="step", leave=False, disable=True if quiet else None) as bar:

        def on_step(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield on_step
