"""What a card and an evaluation have in common: figures as Markdown, in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.copies import Copies, NearCopy
from training.intervals import Figure
from training.kinds import KindsOut, Unmeasured
from training.robustness import AtShare, Robustness
from training.slices import Slice

NAMED = 10
"""As many near copies are named; the run's table has all."""


def comparison_table(measures: Mapping[str, Mapping[str, Figure]]) -> str:
    """Overall figures of several sets of answers as a Markdown table."""
    columns = {
        "macro F1": "macro_f1", "micro F1": "micro_f1", "mAP": "mean_average_precision",
        "calibration error": "calibration_error", "Brier": "brier", "decided": "coverage", "wrong among decided": "risk",
    }  # fmt: skip
    rows = [[who, *(str(named[key]) for key in columns.values())] for who, named in measures.items()]
    return table(["answers", *columns], rows)


def frame_table(named: Mapping[str, Figure], frames: Sequence[str]) -> str:
    """Figures by frame as a Markdown table."""
    keys = ("f1", "precision", "recall", "average_precision")
    return table(
        ["frame", *(key.replace("_", " ") for key in keys)], [[frame, *(str(named[f"{key}/{frame}"]) for key in keys)] for frame in frames]
    )


def copies_section(copies: Copies) -> str:
    """Near copies across groups, and what was done about them, as a sentence or two."""
    if not copies.pairs:
        return "Near copies (half of the shorter passage's runs of five words) across groups: none."
    return (
        f"Near copies (half of the shorter passage's runs of five words) across groups: {len(copies.pairs)}, of which {copies.crossing} "
        f"would have stood on two sides of a fold. Their groups, {copies.joined} fewer then, count as one in every fold and interval: "
        f"{named_copies(copies.pairs)}."
    )


def named_copies(pairs: Sequence[NearCopy]) -> str:
    """The first NAMED of them."""
    return "; ".join(map(str, pairs[:NAMED])) + ("; …" if len(pairs) > NAMED else "")


def robustness_section(found: Robustness, frames: Sequence[str]) -> str:
    """Contrast pairs, other shares of frames, slices, and risk against coverage, as Markdown."""
    contrast = found.contrast
    curve = [[f"{at.coverage:.0%}", str(at.risk)] for at in found.curve]
    return "\n\n".join(
        [
            f"Contrast pairs (passages of one group, one with a frame and one without): {contrast.pairs}; the carrier has the higher "
            f"probability in {contrast.ranked}, both decisions are right in {contrast.decided}.",
            "F1 with the same cut points at other shares of a frame:\n\n" + _share_table(found.shares, frames),
            "The cut point that would be best at each share, and F1 with it; chosen on the same answers, so it flatters a little:\n\n"
            + _best_cut_table(found.shares, frames),
            "Slices (F1 over all decisions):\n\n" + _slice_table(found.slices),
            "Share of wrong answers, were every frame cut at .5, among the surest part of them (what a wider or narrower `unsure` band "
            "would leave; the band as it is: `decided` and `wrong among decided` above):\n\n" + table(["surest", "wrong"], curve),
        ]
    )


def kinds_section(kinds: KindsOut | Unmeasured, slices: Mapping[str, Sequence[Slice]]) -> str:
    """Answers without the passage's own kind, beside those with it, as Markdown."""
    title = "Leaving kinds out (a kind is what stands before the first hyphen of an id)"
    if isinstance(kinds, Unmeasured):
        return f"{title}: {kinds.reason}."
    several = max(len(fold.kinds) for fold in kinds.folds)
    dropped = sum(fold.dropped for fold in kinds.folds)
    known = {part.name: part.micro_f1 for part in slices.get("kind", ())}
    rows = [
        [one.name, str(one.passages), str(known.get(one.name, Figure(None))), str(one.micro_f1), str(one.mean_average_precision)]
        for one in kinds.kinds
    ]
    together = "; ".join(", ".join(fold.kinds) for fold in kinds.folds)
    how = "one kind at a time" if several == 1 else f"up to {several} kinds at a time, which is stricter than one ({together})"
    return (
        f"{title}: each passage answered by heads, and by an encoder where the recipe fine-tunes one, trained on other kinds alone, {how}. "
        f"No group stands on both sides: {dropped} passages of other kinds were not learned from for that, over {len(kinds.folds)} folds."
        f"\n\n{comparison_table({'its kind left out': kinds.measures})}\n\n"
        + table(["kind", "passages", "F1 cross-validated", "F1 left out", "mAP left out"], rows)
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in [header, ["---"] * len(header), *rows])


def _share_table(shares: Sequence[AtShare], frames: Sequence[str]) -> str:
    rows = [[frame, *(str(at.f1[column]) for at in shares)] for column, frame in enumerate(frames)]
    return table(["frame", *(f"{at.share:.0%}" for at in shares)], [*rows, ["mean", *(str(at.macro_f1) for at in shares)]])


def _best_cut_table(shares: Sequence[AtShare], frames: Sequence[str]) -> str:
    rows = [[frame, *(f"{at.best_cuts[column]}: {at.best_f1[column]}" for at in shares)] for column, frame in enumerate(frames)]
    return table(["frame", *(f"{at.share:.0%}" for at in shares)], rows)


def _slice_table(slices: Mapping[str, Sequence[Slice]]) -> str:
    rows = [[by, part.name, str(part.passages), str(part.labels), str(part.micro_f1)] for by, parts in slices.items() for part in parts]
    return table(["by", "slice", "passages", "labels", "F1"], rows)
