"""What a training run is remembered by: metrics under names that compare across runs, tables, figures and parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from framing.data import Dataset
from framing.prediction import DECISIONS
from training.figures import precision_recall_figure, reliability_figure, risk_coverage_figure, shares_figure
from training.intervals import Figure
from training.judgement import Judgement
from training.kinds import KindsOut
from training.metrics import Answers
from training.robustness import Robustness

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure as Drawing

_UNNAMEABLE = re.compile(r"[^\w\-. ]")
"""What MLflow refuses in the name of a metric; a style or kind may hold it."""
_LONGEST = 60

Table = dict[str, list[Any]]


def run_metrics(judged: Judgement, recipe: str, frames: Sequence[str]) -> dict[str, float]:
    """The recipe's own measures under plain names, those of floors and champion under `floor/`, then all that says whether they hold."""
    logged: dict[str, float] = {}
    for who, named in judged.measures.items():
        if who == recipe:
            logged |= metrics_of(named)
        else:
            prefix = f"floor/{who.replace(' + ', ' ').replace(' ', '_')}/"
            logged |= {f"{prefix}{name}": figure.value for name, figure in named.items() if figure.value is not None}
    logged |= metrics_of(_robustness_figures(judged.robustness, frames))
    logged |= {"contrast/pairs": judged.robustness.contrast.pairs}
    logged |= {"copies/pairs": len(judged.copies.pairs), "copies/crossing": judged.copies.crossing, "copies/joined": judged.copies.joined}
    if isinstance(judged.kinds, KindsOut):
        logged |= metrics_of(judged.kinds.measures, "kinds_out/")
        by_kind = {f"{_named(one.name)}/micro_f1": one.micro_f1 for one in judged.kinds.kinds}
        by_kind |= {f"{_named(one.name)}/mean_average_precision": one.mean_average_precision for one in judged.kinds.kinds}
        logged |= metrics_of(by_kind, "kinds_out/kind/")
    return logged


def metrics_of(figures: Mapping[str, Figure], prefix: str = "") -> dict[str, float]:
    """Each figure as `name`, with `name/low` and `name/high` where it has an interval."""
    parts = {
        f"{prefix}{name}{end}": number
        for name, figure in figures.items()
        for end, number in (("", figure.value), ("/low", figure.low), ("/high", figure.high))
    }
    return {name: number for name, number in parts.items() if number is not None}


def _robustness_figures(found: Robustness, frames: Sequence[str]) -> dict[str, Figure]:
    named = {"contrast/ranked": found.contrast.ranked, "contrast/decided": found.contrast.decided}
    for at in found.shares:
        named |= {f"share/{at.share}/macro_f1": at.macro_f1}
        named |= {f"share/{at.share}/f1/{frame}": figure for frame, figure in zip(frames, at.f1, strict=True)}
        named |= {f"share/{at.share}/best_cut/{frame}": cut for frame, cut in zip(frames, at.best_cuts, strict=True)}
    named |= {f"risk_at_coverage/{at.coverage}": at.risk for at in found.curve}
    return named | {f"slice/{by}/{_named(part.name)}/micro_f1": part.micro_f1 for by, parts in found.slices.items() for part in parts}


def _named(part: str) -> str:
    """A style, kind or language as a part of a metric's name, which MLflow treats as a path."""
    name = _UNNAMEABLE.sub("_", part)[:_LONGEST].strip()
    return name if name.strip(".") else f"_{name}"


def run_figures(judged: Judgement, frames: Sequence[str]) -> dict[str, Drawing]:
    """The figures by name."""
    return {
        **answer_figures(judged.answers, frames),
        "risk_coverage": risk_coverage_figure(judged.robustness.curve, judged.answers),
        "shares": shares_figure(judged.robustness.shares, frames),
    }


def answer_figures(answers: Answers, frames: Sequence[str]) -> dict[str, Drawing]:
    """Those that need nothing but answers."""
    return {"precision_recall": precision_recall_figure(answers, frames), "reliability": reliability_figure(answers, frames)}


def run_tables(judged: Judgement, dataset: Dataset) -> dict[str, Table]:
    """The tables by name; one that would have no rows is left out."""
    tables = {
        "held_out": {**answers_table(judged.answers, dataset), **_without_kind(judged, dataset.codebook.names)},
        "errors": _errors(judged, dataset),
        "slices": _columns([{"by": by, **_row(part)} for by, parts in judged.robustness.slices.items() for part in parts]),
        "shares": _columns(_share_rows(judged.robustness, dataset.codebook.names)),
        "risk_coverage": _columns([_row(at) for at in judged.robustness.curve]),
        "kinds_out": _columns([_row(kind) for kind in judged.kinds.kinds]) if isinstance(judged.kinds, KindsOut) else {},
        "near_copies": _columns([_row(pair) for pair in judged.copies.pairs]),
    }
    return {name: table for name, table in tables.items() if table}


def _share_rows(found: Robustness, frames: Sequence[str]) -> list[dict[str, Any]]:
    rows = [(at, column, frame) for at in found.shares for column, frame in enumerate(frames)]
    return [
        {
            "share": at.share,
            "frame": frame,
            **flat({"f1": asdict(at.f1[column])}, mark="/"),
            "best_cut": at.best_cuts[column].value,
            "best_f1": at.best_f1[column].value,
        }
        for at, column, frame in rows
    ]


def flat(values: Mapping[str, Any], prefix: str = "", mark: str = ".") -> dict[str, Any]:
    """Values within values as one mapping, the names joined by `mark`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}{mark}", mark) if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _row(value: DataclassInstance) -> dict[str, Any]:
    return flat(asdict(value), mark="/")


def _columns(rows: Sequence[Mapping[str, Any]]) -> Table:
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def answers_table(answers: Answers, dataset: Dataset) -> Table:
    """What a model answered for each passage, beside its frames: columns that two runs on the same passages have in common."""
    table: Table = {
        "id": [passage.id for passage in dataset.passages],
        "text": dataset.texts,
        "frames": [";".join(passage.frames) for passage in dataset.passages],
        "right": (answers.found == answers.labels).all(axis=1).tolist(),
    }
    for column, frame in enumerate(dataset.codebook.names):
        table[f"probability/{frame}"] = _probabilities(answers, column)
        table[f"decision/{frame}"] = [DECISIONS[decision] for decision in answers.decisions[:, column]]
    return table


def _without_kind(judged: Judgement, frames: Sequence[str]) -> Table:
    """What models answered that had seen no passage of the same kind, where they were asked."""
    if not isinstance(judged.kinds, KindsOut):
        return {}
    return {f"probability without its kind/{frame}": _probabilities(judged.kinds.answers, column) for column, frame in enumerate(frames)}


def _probabilities(answers: Answers, column: int) -> list[float]:
    return list(answers.probabilities[:, column].round(4).tolist())


def _errors(judged: Judgement, dataset: Dataset) -> Table:
    answers, rows = judged.answers, []
    for column, frame in enumerate(dataset.codebook.names):
        wrong = answers.found[:, column] != answers.labels[:, column]
        for row in wrong.nonzero()[0]:
            kind = "missed" if answers.labels[row, column] else "wrongly found"
            rows.append((frame, kind, round(float(answers.probabilities[row, column]), 4), dataset.passages[row].id, dataset.texts[row]))
    names = ("frame", "error", "probability", "id", "text")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
