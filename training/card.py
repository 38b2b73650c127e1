"""The model card: what a model is, what it was trained on, how good it is and where it fails, written from its own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from framing.artifact import Manifest
from framing.data import Dataset
from framing.heads import PRESENT
from framing.model import FramingModel
from training.intervals import Figure
from training.metrics import Answers
from training.robustness import contrast_pairs, f1_at_shares, risk_coverage, slices

_FAILURES = 3
_EXCERPT = 240


def model_card(
    manifest: Manifest, dataset: Dataset, measures: Mapping[str, Mapping[str, Figure]], answers: Answers, model: FramingModel
) -> str:
    """The card as Markdown; every figure in it is one of `measures`, taken on held-out passages."""
    sections = [
        f"# Model card: {manifest.name}\n\nLabels passages by frame: {', '.join(dataset.codebook.names)}. "
        f"Recipe `{manifest.recipe['name']}`; made {manifest.created}; languages: {', '.join(manifest.languages)}.",
        _training_data(manifest, dataset),
        "## How good it is\n\nGrouped cross-validation over the training passages: each passage is answered by heads, and by an encoder "
        "where the recipe fine-tunes one, that have not seen its group. Calibration and thresholds come from the other folds. "
        "In brackets 95% intervals, bootstrapped over groups.\n\n" + comparison_table(measures),
        "By frame:\n\n" + frame_table(measures[manifest.recipe["name"]], dataset.codebook.names),
        "Cut points: " + "; ".join(_cuts(model)) + ". Between the two a frame is `unsure`. "
        "An `unsure` frame counts as not found in every F1 here.",
        "## Does it hold\n\nOn the same held-out answers.\n\n" + robustness_section(answers, dataset),
        "## Where it fails\n\nHeld-out passages it was surest about and wrong:\n\n" + _failures(dataset, answers),
        _limits(),
    ]
    return "\n\n".join(sections) + "\n"


def comparison_table(measures: Mapping[str, Mapping[str, Figure]]) -> str:
    """Overall figures of several sets of answers as a Markdown table."""
    columns = {
        "macro F1": "macro_f1", "micro F1": "micro_f1", "mAP": "mean_average_precision",
        "calibration error": "calibration_error", "Brier": "brier", "decided": "coverage", "wrong among decided": "risk",
    }  # fmt: skip
    rows = [[who, *(str(named[key]) for key in columns.values())] for who, named in measures.items()]
    return _table(["answers", *columns], rows)


def frame_table(named: Mapping[str, Figure], frames: Sequence[str]) -> str:
    """Figures by frame as a Markdown table."""
    keys = ("f1", "precision", "recall", "average_precision")
    return _table(
        ["frame", *(key.replace("_", " ") for key in keys)], [[frame, *(str(named[f"{key}/{frame}"]) for key in keys)] for frame in frames]
    )


def robustness_section(answers: Answers, dataset: Dataset) -> str:
    """Contrast pairs, slices and other shares of frames, as Markdown."""
    pairs = contrast_pairs(answers, dataset.groups)
    parts = [
        f"Contrast pairs (passages of one group, one with a frame and one without): {pairs.pairs}; the carrier has the higher probability "
        f"in {pairs.ranked:.3f}, both decisions are right in {pairs.decided:.3f}."
    ]
    shares = f1_at_shares(answers)
    rows = [[frame, *(f"{figures[column]:.3f}" for figures in shares.values())] for column, frame in enumerate(dataset.codebook.names)]
    parts.append(
        "F1 with the same cut points at other shares of a frame:\n\n" + _table(["frame", *(f"{share:.0%}" for share in shares)], rows)
    )
    cut = [
        [by, part.name, str(part.passages), str(part.labels), f"{part.micro_f1:.3f}" if part.labels else "-"]
        for by, found in slices(answers, dataset.passages).items()
        for part in found
        if len(found) > 1
    ]
    parts.append("Slices (F1 over all decisions):\n\n" + _table(["by", "slice", "passages", "labels", "F1"], cut))
    curve = ", ".join(f"{share:.0%}: {risk:.3f}" for share, risk in risk_coverage(answers))
    parts.append(f"Share of wrong answers, were every frame cut at .5, among the surest part of them: {curve}.")
    return "\n\n".join(parts)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])


def _training_data(manifest: Manifest, dataset: Dataset) -> str:
    none = int((~dataset.labels.any(axis=1)).sum())
    counts = ", ".join(f"{frame} {count}" for frame, count in manifest.data["frames"].items())
    return (
        f"## Training data\n\n{len(dataset)} passages in {manifest.data['groups']} groups ({counts}, none {none}); "
        f"digest `{manifest.data['digest'][:16]}`. For the built-in set see `seeds/README.md`: "
        "it is invented text, and nothing in it is a fact."
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
        "- On other languages than those above: such passages are answered `unsure`.\n"
        "- To tell whether what a passage says is true."
    )
