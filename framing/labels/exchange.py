"""Labels from files into the store, and out of it into a file that `load_dataset` reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from framing.codebook import Codebook
from framing.data import LabelledRow, load_rows, open_rows_writer, own_group
from framing.errors import BadRow, DataError, LabelsRefused
from framing.labels.current import CurrentLabels, first_known
from framing.labels.label import Chain, KeptLabel, Label, Origin, Role
from framing.labels.protocol import Labels


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of an import."""

    new: int
    replaced: int
    unchanged: int
    """Rows that say what their coder has said before."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How the rows of an import are meant where they do not say it themselves."""

    coder: str | None = None
    """Who labelled the rows that name nobody."""
    role: Role = "coder"
    replace: bool = False
    """Whether a row may take the place of another answer that its coder gave before."""


def import_labels(store: Labels, paths: Sequence[str | Path], codebook: Codebook, coding: Coding) -> Imported:
    """Keep the label of every row, or of none. Rows that say nothing new are left aside, so that an import may come twice.

    Raises DataError with every row that is refused, StoreError.
    """
    rows = load_rows(paths, codebook)
    nameless = [row for row in rows if not (row.passage.coder or coding.coder)]
    if nameless:
        raise _refused((row, "names no coder; --coder says who labelled such rows") for row in nameless)
    labels = [_label(row, coding) for row in rows]
    heads = store.heads(label.chain for label in labels)
    pairs = [pair for pair in zip(rows, labels, strict=True) if not _is_said(pair[1], heads, codebook)]
    taken = [(row, heads[label.chain]) for row, label in pairs if label.chain in heads]
    if taken and not coding.replace:
        raise _refused((row, _before(head)) for row, head in taken)
    try:
        store.keep([replace(label, replaces=_id(heads.get(label.chain))) for _, label in pairs], codebook)
    except LabelsRefused as error:
        raise _refused((pairs[bad.number][0], f"'{bad.field}' {bad.problem}") for bad in error.labels) from error
    return Imported(len(pairs) - len(taken), len(taken), len(rows) - len(pairs))


def export_labels(current: CurrentLabels, target: str | Path, settled: bool = False) -> int:
    """Write the labels of coders, a row for each; with `settled` one row a text, of the texts where the answer is settled.

    The columns are those that `load_dataset` reads, and others that it leaves aside. Returns the number of rows.
    Raises DataError.
    """
    as_text = Path(target).suffix.lower() == ".csv"
    with open_rows_writer(target) as writer:
        for fields in _exported(current, settled):
            writer.write({**fields, "frames": ";".join(fields["frames"])} if as_text else fields)
        if not writer.rows:
            raise DataError([BadRow(str(target), None, "there is no label to write: none of a coder, or with --settled no settled text")])
        return writer.rows


def _label(row: LabelledRow, coding: Coding) -> Label:
    passage = row.passage
    # A group that was only made up for a text alone must not stand against one that another coder names.
    group = None if passage.group == own_group(passage.text) else passage.group
    origin = Origin(id=passage.id, group=group, style=passage.style, language=passage.language)
    return Label(passage.text, passage.frames, passage.coder or coding.coder or "", coding.role, origin=origin)


def _is_said(label: Label, heads: Mapping[Chain, KeptLabel], codebook: Codebook) -> bool:
    head = heads.get(label.chain)
    return head is not None and not head.label.withdrawn and (head.label.frames, head.codebook) == (label.frames, codebook.digest)


def _before(head: KeptLabel) -> str:
    said = "withdrawn" if head.label.withdrawn else ", ".join(head.label.frames) or "no frame"
    return f"'{head.label.coder}' has said something else of this text before (label {head.id}: {said}); --replace puts this in its place"


def _id(kept: KeptLabel | None) -> int | None:
    return None if kept is None else kept.id


def _refused(rows: Iterable[tuple[LabelledRow, str]]) -> DataError:
    return DataError([BadRow(row.source, row.row, problem) for row, problem in rows])


def _exported(current: CurrentLabels, settled: bool) -> Iterator[dict[str, Any]]:
    for text in current.texts:
        rows = [text.settled] if settled else text.answers
        for kept in rows:
            if kept is not None:
                # The one row of a text tells all that is known of it; a coder's row what that coder said.
                origin = first_known([kept.label.origin, text.origin]) if settled else kept.label.origin
                yield _fields(kept, replace(origin, id=current.row_id(text, origin.id), group=text.group))


def _fields(kept: KeptLabel, origin: Origin) -> dict[str, Any]:
    label = kept.label
    return {
        "id": origin.id,
        "group": origin.group,
        "text": label.text,
        "frames": list(label.frames),
        "coder": label.coder,
        "style": origin.style,
        "language": origin.language,
        "role": label.role,
        "document": origin.document,
        "start": origin.start,
        "end": origin.end,
        "label": kept.id,
        "replaces": label.replaces,
        "kept_at": kept.kept_at.isoformat(),
        "codebook": kept.codebook,
    }
