"""What keeps a label out of the store: what is wrong in itself, and what others have said before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from framing.codebook import Codebook
from framing.errors import BadLabel
from framing.label_columns import is_language
from framing.labels.label import Chain, KeptLabel, Label

MAX_NAME = 200
NAME_RULE = f"must be 1 to {MAX_NAME} characters, without white space at its ends, control characters and halves of surrogate pairs"
MAX_NUMBER = 2**31 - 1
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""What no file, digest or database can hold: NUL, and half of a surrogate pair."""
_NO_NAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Nor a name besides: what commands a terminal that shows it."""
_NAMES = ("document", "id", "group", "style", "language")


def bad_labels(
    labels: Sequence[Label], codebook: Codebook, heads: Mapping[Chain, KeptLabel], replaced: Mapping[int, KeptLabel]
) -> Iterator[BadLabel]:
    """Every label that cannot be kept, once, in order.

    `heads` are the last labels of their chains so far, `replaced` the labels that these say they replace, as far as there are any.
    """
    first: dict[Chain, int] = {}
    for number, label in enumerate(labels):
        wrong = wrong_field(label, codebook)
        if wrong is not None:
            yield BadLabel(number, wrong[1], wrong[0])
            continue
        other = first.setdefault(label.chain, number)
        if other != number:
            yield BadLabel(number, f"is a second label of this coder on the text of label {other + 1}", "text")
            continue
        wrong = _wrong_replacement(label, replaced)
        if wrong is not None:
            yield BadLabel(number, wrong[1], wrong[0])
            continue
        if label.codebook not in (None, codebook.digest):
            yield BadLabel(number, f"is another than the one in use, {codebook.digest}", "codebook", conflict=True)
            continue
        taken = _taken(label, heads.get(label.chain))
        if taken is not None:
            yield BadLabel(number, taken, "replaces", conflict=True)


def wrong_field(label: Label, codebook: Codebook) -> tuple[str, str] | None:
    """The field that is wrong in itself, and how. A database is asked nothing about such a label: it may refuse the very question."""
    if not label.text.strip() or _NO_CHARACTER.search(label.text):
        return "text", "must hold more than white space, and neither NUL nor half of a surrogate pair"
    names = {"coder": label.coder, **{name: getattr(label.origin, name) for name in _NAMES}}
    bad = next((name for name, value in names.items() if value is not None and not is_name(value)), None)
    if bad is not None:
        return bad, NAME_RULE
    language = label.origin.language
    if language is not None and not is_language(language):
        return "language", "must be a code of two letters such as en or de"
    if any(name not in codebook.names for name in label.frames):
        return "frames", f"holds a frame that is not in the codebook; accepted are {', '.join(codebook.names)}"
    if label.replaces is not None and not 0 < label.replaces <= MAX_NUMBER:
        return "replaces", "is not the number of a label"
    if label.withdrawn and label.frames:
        return "frames", "must be empty where a label is withdrawn"
    if label.withdrawn and label.replaces is None:
        return "replaces", "is missing: it says which label is withdrawn"
    return _wrong_position(label)


def _wrong_position(label: Label) -> tuple[str, str] | None:
    start, end = label.origin.start, label.origin.end
    if start is None and end is None:
        return None
    if start is None or end is None or not 0 <= start < end <= MAX_NUMBER:
        return "start", "and end must both be given, with 0 <= start < end"
    return None if label.origin.document is not None else ("document", "is missing: it says what start and end count in")


def is_name(value: str) -> bool:
    """Whether the store can keep the name; NAME_RULE says what it asks for."""
    return 0 < len(value) <= MAX_NAME and value.strip() == value and not _NO_NAME.search(value)


def _wrong_replacement(label: Label, replaced: Mapping[int, KeptLabel]) -> tuple[str, str] | None:
    """A label takes the place of one of the same coder, on the same text, in the same role, that is there."""
    if label.replaces is None:
        return None
    before = replaced.get(label.replaces)
    if before is None or before.chain != label.chain:
        return "replaces", f"names {label.replaces}, which is no label of this coder in this role on this text"
    if label.withdrawn and before.label.withdrawn:
        return "replaces", f"names {label.replaces}, which is withdrawn already"
    return None


def _taken(label: Label, head: KeptLabel | None) -> str | None:
    """Who came first, if anybody did."""
    if head is None or head.id == label.replaces:
        return None
    if label.replaces is None:
        return f"is missing: the coder has label {head.id} on this text, which a new one must name to take its place"
    return f"names {label.replaces}, which has been replaced already; the last one is {head.id}"
