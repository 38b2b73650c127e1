"""States of a label store that were taken as data sets, each under its digest, from which it can be built again.

Labels are only ever added, so the last label that counted and the codebook say which labels held.
"""

from __future__ import annotations

import hashlib

from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage
from framing.errors import FramingError
from framing.labels.current import CodedText, CurrentLabels, current_labels
from framing.labels.label import KeptLabel, LabelState, first_known
from framing.labels.protocol import Labels

FEWEST_LETTERS = 8


def take_state(store: Labels, codebook: Codebook | None = None) -> tuple[LabelState, Dataset]:
    """The settled texts of the store as it is now, as a data set that the store will know by `state_digest`.

    Raises FramingError if there is none, StoreError.
    """
    last = store.last()
    dataset = settled_dataset(current_labels(store, codebook, last))
    return store.take(state_digest(dataset), last, None if codebook is None else codebook.digest), dataset


def rebuild(store: Labels, digest: str) -> tuple[LabelState, Dataset]:
    """The data set that was taken under a digest, or under the only one that begins so. Raises FramingError, StoreError."""
    state = _named(store, digest)
    codebook = None if state.codebook is None else store.codebooks()[state.codebook]
    dataset = settled_dataset(current_labels(store, codebook, state.last))
    found = state_digest(dataset)
    if found != state.digest:
        raise FramingError(
            f"the labels up to {state.last} give state {found[:12]}, not {state.digest[:12]}: "
            "the store, or how texts are settled, has changed since; train --from-labels without --state takes them as they are now"
        )
    return state, dataset


def state_digest(dataset: Dataset) -> str:
    """sha256 over the codebook and the passages in their order, in hexadecimal.

    The digest of the passages alone would be the same for two codebooks, and in any order, which may give another model.
    """
    content = (dataset.codebook.digest, dataset.digest, *(passage.id for passage in dataset.passages))
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def settled_dataset(current: CurrentLabels) -> Dataset:
    """A passage for each settled text: what `framing labels export --settled` writes. Raises FramingError if none is settled."""
    settled = [(text, text.settled) for text in current.texts]
    passages = tuple(_passage(current, text, kept) for text, kept in settled if kept is not None)
    if not passages:
        raise FramingError("no text in the label store is settled: coders disagree on all of them")
    return Dataset(current.codebook, passages)


def _passage(current: CurrentLabels, text: CodedText, kept: KeptLabel) -> LabelledPassage:
    label = kept.label
    origin = first_known([label.origin, text.origin])
    frames = tuple(name for name in current.codebook.names if name in label.frames)
    return LabelledPassage(current.row_id(text, origin.id), label.text, frames, text.group, origin.style, label.coder, origin.language)


def _named(store: Labels, digest: str) -> LabelState:
    states = store.states()
    found = [state for state in states if state.digest.startswith(digest.lower())] if len(digest) >= FEWEST_LETTERS else []
    if len(found) != 1:
        known = "; ".join(f"{state.digest[:12]} of {state.taken_at:%Y-%m-%d %H:%M}" for state in states[-5:]) or "none"
        raise FramingError(f"'{digest}' names no state of the label store, or several; the last that were taken: {known}")
    return found[0]
