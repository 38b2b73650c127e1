"""A comparison in words, for the terminal, and as a page that asks nothing of any other."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.comparison import Change, Comparison
from training.figures import calibration_figure, differences_figure
from training.intervals import FEWEST_GROUPS, Figure
from training.report import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_TEMPLATE = Path(__file__).with_name("comparison.html")
_OVERALL = {
    "macro_f1": "macro F1", "micro_f1": "micro F1", "mean_average_precision": "mAP", "brier": "Brier",
    "calibration_error": "calibration error", "coverage": "decided", "risk": "wrong among decided",
}  # fmt: skip
_BY_FRAME = {"f1": "F1", "average_precision": "AP"}
_SPOKEN = ("mean_average_precision", "brier")
"""Overall measures that the verdict names, besides macro F1, where they differ beyond chance."""


@dataclass(frozen=True, slots=True)
class Line:
    """One measure under the name that people read."""

    name: str
    change: Change


def lines_of(comparison: Comparison) -> tuple[Line, ...]:
    """The measures that are shown: overall, then F1 and average precision by frame."""
    overall = [Line(said, comparison.changes[name]) for name, said in _OVERALL.items()]
    by_frame = [
        Line(f"{said} {frame}", comparison.changes[f"{name}/{frame}"]) for name, said in _BY_FRAME.items() for frame in comparison.frames
    ]
    return (*overall, *by_frame)


def verdict_sentence(comparison: Comparison) -> str:
    """Which model is better, by how much and how surely, where besides, and how many passages are answered otherwise."""
    return f"{_headline(comparison)}{_besides(comparison)}; {flips_sentence(comparison)}."


def _headline(comparison: Comparison) -> str:
    macro, old, new = comparison.changes["macro_f1"], comparison.old, comparison.new
    on = f"on {len(comparison.evaluation.dataset)} passages"
    figure = f"macro F1 {signed(macro.difference)}"
    if not len(macro.losses):
        return f"{new} against {old} {on}: {figure}, of fewer than {FEWEST_GROUPS} groups, too few to tell it from chance"
    words = {1: f"{new} is better than {old} {on}", -1: f"{new} is worse than {old} {on}"}
    none = f"No difference between {new} and {old} that could be told from chance {on}"
    return f"{words.get(macro.beyond_chance, none)}: {figure}"


def _besides(comparison: Comparison) -> str:
    names = {**{name: _OVERALL[name] for name in _SPOKEN}, **{f"f1/{frame}": frame for frame in comparison.frames}}
    told = [
        f"{said} {signed(comparison.changes[name].difference)}" for name, said in names.items() if comparison.changes[name].beyond_chance
    ]
    return f"; beyond chance also {', '.join(told)}" if told else ""


def flips_sentence(comparison: Comparison) -> str:
    """How many passages are answered otherwise, and how many of them rightly, before and now."""
    flips = comparison.flips
    if not flips:
        return "no passage is answered otherwise"
    before, now = sum(flip.was_right for flip in flips), sum(flip.is_right for flip in flips)
    verb = "passage is" if len(flips) == 1 else "passages are"
    return f"{len(flips)} {verb} answered otherwise, {now} of them rightly now and {before} before (`unsure` counts as not found)"


def signed(figure: Figure) -> str:
    """A difference with its sign, and its interval if it has one."""
    if figure.value is None:
        return "-"
    interval = "" if figure.low is None else f" [{figure.low:+.3f}, {figure.high:+.3f}]"
    return f"{figure.value:+.3f}{interval}"


def comparison_table(comparison: Comparison) -> str:
    """Old, new and difference of every measure shown, as a Markdown table."""
    rows = [[line.name, str(line.change.old), str(line.change.new), signed(line.change.difference)] for line in lines_of(comparison)]
    return table(["", comparison.old, comparison.new, "difference"], rows)


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one HTML page with its plots inside; all text of passages, models and files is escaped."""
    from jinja2 import Environment, StrictUndefined

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    return page.render(
        comparison=comparison, verdict=verdict_sentence(comparison), flips_sentence=flips_sentence(comparison),
        lines=lines_of(comparison), signed=signed, plots=_plots(comparison),
    )  # fmt: skip


def _plots(comparison: Comparison) -> list[object]:
    """The plots as SVG elements, which the template may take as they are."""
    import matplotlib
    from markupsafe import Markup

    by_frame = [line for line in lines_of(comparison) if line.name not in _OVERALL.values()]
    shown = [Line(_OVERALL[name], comparison.changes[name]) for name in ("macro_f1", "mean_average_precision")] + by_frame
    with matplotlib.rc_context({"text.parse_math": False}):  # a dollar in the name of a model is no formula
        figures = (
            differences_figure([line.name for line in shown], [line.change.difference for line in shown]),
            calibration_figure([comparison.old, comparison.new], comparison.answers),
        )
        return [Markup(svg(figure)) for figure in figures]  # drawn here; matplotlib escapes the names in it


def svg(figure: Drawing) -> str:
    """A figure as an SVG element without the XML prolog, which names a document type of another host."""
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "framing"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = file.getvalue()
    return drawn[drawn.index("<svg") :]


def flips_table(comparison: Comparison) -> dict[str, Sequence[object]]:
    """Each frame of each passage that is decided otherwise, as columns."""
    rows = [(flip, frame) for flip in comparison.flips for frame in flip.frames]
    return {
        "id": [flip.id for flip, _ in rows],
        "frame": [frame.frame for _, frame in rows],
        "label": ["present" if frame.label else "absent" for _, frame in rows],
        "old": [frame.old for _, frame in rows],
        "new": [frame.new for _, frame in rows],
        "old_right": [frame.right[0] for _, frame in rows],
        "new_right": [frame.right[1] for _, frame in rows],
        "text": [flip.text for flip, _ in rows],
    }
