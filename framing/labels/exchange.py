"""Labels from files into the store, and out of it into a file that `load_dataset` reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from framing.codebook import Codebook
from framing.data import LabelledPassage, LabelledRow, check_open, load_rows, open_rows_writer, own_group
from framing.errors import BadRow, DataError, LabelsRefused
from framing.label_columns import Role, importable
from framing.labels.checks import wrong_field
from framing.labels.current import CurrentLabels
from framing.labels.label import KeptLabel, Label, Origin, first_known
from framing.labels.protocol import Labels


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of an import."""

    new: int
    replaced: int
    unchanged: int
    """Rows that say what their coder has said before."""
    described: int = 0
    """Rows with the same frames as before, but another group, style or language: left aside, or replaced where that was asked for."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How the rows of an import are meant where they do not say it themselves."""

    coder: str | None = None
    """Who labelled the rows that name nobody."""
    role: Role | None = None
    """Theirs, whatever the rows say; None for what each says, and else a coder's."""
    replace: bool = False
    """Whether a row may take the place of another answer that its coder gave before."""


def import_labels(store: Labels, paths: Sequence[str | Path], codebook: Codebook, coding: Coding) -> Imported:
    """Keep the label of every row, or of none. Rows that say nothing new are left aside, so that an import may come twice.

    Raises DataError with every row that is refused, StoreError.
    """
    rows = load_rows(paths, codebook, coding.coder, roles=coding.role is None)
    check_open([Path(path) for path in paths], "leave them out: models are trained on what a label store holds")
    nameless = [row for row in rows if not row.passage.coder]
    if nameless:
        raise _refused((row, "names no coder; --coder says who labelled such rows") for row in nameless)
    labels = [_label(row, coding) for row in rows]
    wrong = [(row, wrong_field(label, codebook)) for row, label in zip(rows, labels, strict=True)]
    if any(found for _, found in wrong):  # before the store is asked: some names it cannot even be asked about
        raise _refused((row, f"'{found[0]}' {found[1]}") for row, found in wrong if found)
    heads = store.heads(label.chain for label in labels)
    found = [_Found(row, label, heads.get(label.chain), codebook.digest) for row, label in zip(rows, labels, strict=True)]
    news = Counter(one.news for one in found)
    if news["answer"] and not coding.replace:
        raise _refused((one.row, _before(one.head, one.label)) for one in found if one.head and one.news == "answer")
    wanted = {"new", "answer", "origin"} if coding.replace else {"new"}
    kept = [one for one in found if one.news in wanted]
    try:
        store.keep([one.in_its_place for one in kept], codebook)
    except LabelsRefused as error:
        raise _refused((kept[bad.number].row, f"'{bad.field}' {bad.problem}") for bad in error.labels) from error
    return Imported(news["new"], news["answer"], news["nothing"], news["origin"])


def export_labels(current: CurrentLabels, target: str | Path, settled: bool = False) -> int:
    """Write the labels of coders, a row for each; with `settled` one row a text, of the texts where the answer is settled.

    The columns are those that `load_dataset` reads, and others that it leaves aside. Returns the number of rows.
    Raises DataError.
    """
    as_text = Path(target).suffix.lower() == ".csv"
    with open_rows_writer(target) as writer:
        for fields in _exported(current, settled):
            told = importable(fields, current.codebook.names)
            writer.write({**told, "frames": ";".join(fields["frames"])} if as_text else told)
        if not writer.rows:
            raise DataError([BadRow(str(target), None, "there is no label to write: none of a coder, or with --settled no settled text")])
        return writer.rows


def labelled_passages(current: CurrentLabels) -> Iterator[LabelledPassage]:
    """The labels that hold as passages: those of all coders, and of a text on which an adjudicator has decided that decision alone."""
    for text in current.texts:
        for kept in (text.adjudication,) if text.adjudication else text.answers:
            label, origin = kept.label, kept.label.origin
            row_id = current.row_id(text, origin.id)
            yield LabelledPassage(row_id, label.text, label.frames, text.group, origin.style, label.coder, origin.language)


def _label(row: LabelledRow, coding: Coding) -> Label:
    passage = row.passage
    # A group that was only made up for a text alone must not stand against one that another coder names.
    group = None if passage.group == own_group(passage.text) else passage.group
    origin = Origin(id=passage.id, group=group, style=passage.style, language=passage.language)
    return Label(passage.text, passage.frames, passage.coder or "", coding.role or row.role or "coder", origin=origin)


@dataclass(frozen=True, slots=True)
class _Found:
    """A row, the label it asks for, and what its coder has said of the text before."""

    row: LabelledRow
    label: Label
    head: KeptLabel | None
    codebook: str

    @property
    def news(self) -> Literal["new", "answer", "origin", "nothing"]:
        """What the row says that was not said before."""
        if self.head is None:
            return "new"
        before = self.head.label
        if before.withdrawn or (before.frames, self.head.codebook) != (self.label.frames, self.codebook):
            return "answer"
        told = [(getattr(self.label.origin, name), getattr(before.origin, name)) for name in ("group", "style", "language")]
        return "origin" if any(value not in (None, kept) for value, kept in told) else "nothing"

    @property
    def in_its_place(self) -> Label:
        """The label as the last of its chain; the store keeps what it does not tell of the text's origin as it was."""
        if self.head is None:
            return self.label
        # what a row is called for want of an id is no name to replace another
        origin = self.label.origin if self.row.named else replace(self.label.origin, id=None)
        return replace(self.label, replaces=self.head.id, origin=origin)


def _before(head: KeptLabel, label: Label) -> str:
    if not head.label.withdrawn and head.label.frames == label.frames:
        return f"'{head.label.coder}' has said this by another codebook (label {head.id}, {head.codebook[:12]}); --replace says it anew"
    said = "withdrawn" if head.label.withdrawn else ", ".join(head.label.frames) or "no frame"
    return f"'{head.label.coder}' has said something else of this text before (label {head.id}: {said}); --replace puts this in its place"


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
