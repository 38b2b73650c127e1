"""The passages of a training run: files, the settled labels of a store, or both, in which case the store has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage, check_open, load_dataset, own_group, text_key
from framing.errors import FramingError
from framing.labels import Labels, open_store
from framing.labels.label import LabelState, text_digest
from framing.labels.states import rebuild, take_state


@dataclass(frozen=True)
class Passages:
    """A data set, and the state of the label store that it holds, if it holds one."""

    dataset: Dataset
    state: LabelState | None = None
    reworded: int = 0
    """Labels of the store that were left out, as they were made by codebooks with the same frames in other words."""

    @property
    def tags(self) -> dict[str, str]:
        """What a run must say for the data set to be made again."""
        return {} if self.state is None else {"labels.state": self.state.digest, "labels.last": str(self.state.last)}


def read_passages(files: Sequence[Path], store: str | None, codebook: Codebook | None, state: str | None = None) -> Passages:
    """Labelled files, the settled labels of `store` as they are now, or as they were when `state` was taken, or both.

    Without a `codebook` it is the store's. Raises DataError, StoreError, FramingError where the store's labels cannot be used.
    """
    check_open(files)
    if store is None:
        assert codebook is not None
        return Passages(load_dataset(files, codebook))
    with closing(open_store(store, create=False)) as labels:
        taken, settled = take_state(labels, codebook) if state is None else rebuild(labels, state)
        reworded = _reworded(labels, settled.codebook, taken) if codebook is not None else 0
    if codebook is not None and codebook.digest != settled.codebook.digest:
        found, asked = settled.codebook.digest[:12], codebook.digest[:12]
        raise FramingError(f"state {taken.digest[:12]} was labelled by codebook {found}, not {asked}: name that one, or none")
    if not files:
        return Passages(settled, taken, reworded)
    return Passages(joined(load_dataset(files, codebook or settled.codebook), settled), taken, reworded)


def _reworded(labels: Labels, codebook: Codebook, taken: LabelState) -> int:
    others = {
        digest for digest, other in labels.codebooks().items() if digest != codebook.digest and set(other.names) == set(codebook.names)
    }
    return sum(kept.codebook in others for kept in labels.current(taken.last))


def joined(files: Dataset, settled: Dataset) -> Dataset:
    """The passages of both; on a text that both hold, the settled label goes, in the group that the files name for it."""
    there = {text_key(passage.text): passage for passage in files.passages}
    said = {text_key(passage.text) for passage in settled.passages}
    kept = [passage for passage in files.passages if text_key(passage.text) not in said]
    taken = {passage.id for passage in kept}
    passages = (_settled(passage, there.get(text_key(passage.text)), passage.id in taken) for passage in settled.passages)
    return Dataset(files.codebook, (*kept, *passages))


def _settled(passage: LabelledPassage, before: LabelledPassage | None, taken: bool) -> LabelledPassage:
    """The passage, told apart from another text of its id, and with the group of the text in the files where the store has none."""
    group = before.group if before is not None and passage.group == own_group(passage.text) else passage.group
    name = f"{passage.id}#{text_digest(passage.text)[:16]}" if taken else passage.id
    return replace(passage, id=name, group=group)
