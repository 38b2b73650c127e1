"""The model card: what a model is, what it was trained on, how good it is and where it fails, written from its own figures."""

from __future__ import annotations

import numpy as np

from framing.artifact import Manifest
from framing.data import Dataset
from framing.heads import PRESENT
from framing.model import FramingModel
from training.judgement import Judgement
from training.metrics import Answers
from training.report import comparison_table, copies_section, frame_table, kinds_section, robustness_section

_FAILURES = 3
_EXCERPT = 240


def model_card(manifest: Manifest, dataset: Dataset, judged: Judgement, model: FramingModel) -> str:
    """The card as Markdown; every figure in it was taken on held-out passages."""
    measures, frames = judged.measures, dataset.codebook.names
    sections = [
        f"# Model card: {manifest.name}\n\nLabels passages by frame: {', '.join(dataset.codebook.names)}. "
        f"Recipe `{manifest.recipe['name']}`; made {manifest.created}; languages: {', '.join(manifest.languages)}.",
        _training_data(manifest) + "\n\n" + copies_section(judged.copies),
        "## How good it is\n\n" + _how_judged(manifest, judged) + "\n\n" + comparison_table(measures),
        "By frame:\n\n" + frame_table(measures[manifest.recipe["name"]], frames),
        "Cut points: " + "; ".join(_cuts(model)) + ". Between the two a frame is `unsure`. "
        "An `unsure` frame counts as not found in every F1 here.",
        "## Does it hold\n\nOn the same held-out answers.\n\n" + robustness_section(judged.robustness, frames),
        kinds_section(judged.kinds, judged.robustness.slices),
        "## Where it fails\n\nHeld-out passages it was surest about and wrong:\n\n" + _failures(dataset, judged.answers),
        _limits(),
    ]
    return "\n\n".join(sections) + "\n"


def _how_judged(manifest: Manifest, judged: Judgement) -> str:
    draws = f"In brackets 95% intervals, bootstrapped over groups ({manifest.recipe['draws']:,} resamples)."
    notes = " ".join(judged.notes)
    if "over" in manifest.recipe:
        return f"{notes} Each passage is answered by heads that have not seen its group. {draws}"
    return (
        f"Grouped cross-validation over the training passages in {manifest.recipe['folds']} folds: each passage is answered by heads, "
        "and by an encoder where the recipe fine-tunes one, that have not seen its group. Calibration and thresholds come from the labels "
        "of the other folds, and from scores for them by heads that have seen its group. "
        f"{draws} {notes}".rstrip()
    )


def _training_data(manifest: Manifest) -> str:
    counts = ", ".join(f"{frame} {count}" for frame, count in manifest.data["frames"].items())
    over = manifest.recipe.get("over", {})
    before = f"Over the model {over['version']} (`{over['recipe']}`), whose card says what it had learned: " if over.get("taught") else ""
    return (
        f"## Training data\n\n{before}{manifest.data['passages']} passages in {manifest.data['groups']} groups "
        f"({counts}, none {manifest.data['none']}); "
        f"digest `{manifest.data['digest'][:16]}`. For the built-in set see `seeds/README.md`: "
        "it is invented, or loosely retold, and no source for anything."
    )


def _cuts(model: FramingModel) -> list[str]:
    cuts = zip(model.codebook.names, model.heads.thresholds, model.heads.floors, strict=True)
    return [f"{frame} is present from {threshold:.2f} and absent below {floor:.2f}" for frame, threshold, floor in cuts]


def _failures(dataset: Dataset, answers: Answers) -> str:
    gaps = np.where((answers.decisions == PRESENT) != answers.labels, np.abs(answers.probabilities - answers.labels), 0)
    lines = []
    for frame, name in enumerate(dataset.codebook.names):
        for row in np.argsort(-gaps[:, frame], kind="stable")[:_FAILURES]:
            if gaps[row, frame]:
                verdict = "missed" if answers.labels[row, frame] else "wrongly found"
                text = dataset.texts[row].replace("\n", " ")
                text = text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " …"
                lines.append(f"- {name} {verdict} ({answers.probabilities[row, frame]:.2f}): {text}")
    return "\n".join(lines) or "none."


def _limits() -> str:
    return (
        "## When not to use it\n\n"
        "- As a verdict about a person or an outlet: it labels how single passages present an event. It is wrong at the rates\n"
        "  above on text like its training passages, and more often on other text.\n"
        "- To count frames without a sample checked by hand: text of another kind than the training passages has other rates.\n"
        "- On other languages than those above: such passages are `unsure`, unless another model beside it reads them.\n"
        "- To tell whether what a passage says is true."
    )
