"""Two models on the same passages: what differs between them, how surely, and which passages they answer otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framing.codebook import Codebook
from framing.data import Dataset
from framing.errors import TrainingError
from framing.heads import Array
from framing.model import FramingModel
from training.cache import NO_CACHE, TextCache, with_cache
from training.comparison import Change, Comparison, Contender, EvaluationSet
from training.copies import joined_groups
from training.intervals import DRAWS, Figure, Resampled, resampled
from training.metrics import LOWER_IS_BETTER, WITHOUT_INTERVAL, Answers, answers_of, every_measure, measure_names

_LOWER = {measure.__name__ for measure in LOWER_IS_BETTER}
_BARE = {measure.__name__ for measure in WITHOUT_INTERVAL}


def compare(
    old: Contender, new: Contender, evaluation: EvaluationSet, draws: int = DRAWS, jobs: int = -1, texts: TextCache = NO_CACHE
) -> Comparison:
    """Both models' answers for the same passages, with intervals of a paired bootstrap over groups, near copies joined.

    Passages that `texts` knows are not encoded again. Raises TrainingError where the models have no frame in common, or where one of
    them was trained on any of the passages.
    """
    dataset = evaluation.dataset
    frames = common_frames(old, new)
    for contender in (old, new):
        check_unseen(contender, dataset)
    before, after = (answers_of(with_cache(one.model, texts), dataset, frames) for one in (old, new))
    groups = joined_groups(dataset)
    changes = _changes((before, after), frames, groups, draws, jobs)
    return Comparison(old.name, new.name, frames, evaluation, (before, after), len(set(groups)), changes, _notes(old, new, frames))


def joint_codebook(old: FramingModel, new: FramingModel) -> Codebook:
    """The frames of both, which labels of passages for the two may name."""
    known = set(old.codebook.names)
    return Codebook(old.codebook.title, (*old.codebook.frames, *(frame for frame in new.codebook.frames if frame.name not in known)))


def common_frames(old: Contender, new: Contender) -> tuple[str, ...]:
    """The frames that both know, in the old one's order. Raises TrainingError if there is none."""
    frames = tuple(frame for frame in old.model.codebook.names if frame in new.model.codebook.names)
    if not frames:
        known = "; ".join(f"{one.name} labels {', '.join(one.model.codebook.names)}" for one in (old, new))
        raise TrainingError(f"the two have no frame in common, so there is nothing to compare: {known}")
    return frames


def check_unseen(contender: Contender, evaluation: Dataset) -> None:
    """Raise TrainingError if the model was trained on any of the passages, as far as its manifest and its run tell."""
    if evaluation.digest in contender.data_digests:
        raise TrainingError(f"the evaluation passages are exactly a set that {contender.name} was trained on; figures on them mean nothing")
    if contender.learned and (found := contender.learned.overlap(evaluation)):
        raise TrainingError(f"{contender.name}: {found}")


def _changes(answers: tuple[Answers, Answers], frames: Sequence[str], groups: Sequence[str], draws: int, jobs: int) -> dict[str, Change]:
    measured = resampled(lambda weights: np.concatenate([every_measure(one, weights) for one in answers], axis=1), groups, draws, jobs=jobs)
    names = measure_names(frames)
    old, new = (Resampled(measured.values[part], measured.draws[:, part]) for part in (slice(len(names)), slice(len(names), None)))
    gap = Resampled(new.values - old.values, new.draws - old.draws)
    figures = zip(old.figures(), new.figures(), gap.figures(), strict=True)
    return {name: _change(name, *three, gap.draws[:, at]) for at, (name, three) in enumerate(zip(names, figures, strict=True))}


def _change(name: str, old: Figure, new: Figure, difference: Figure, gaps: Array) -> Change:
    measure = name.partition("/")[0]
    sign = 1 if measure in _LOWER else -1
    lost = None if difference.value is None else sign * difference.value
    if measure in _BARE:
        old, new, difference, gaps = Figure(old.value), Figure(new.value), Figure(difference.value), gaps[:0]
    return Change(old, new, difference, lost, sign * gaps)


def _notes(old: Contender, new: Contender, frames: Sequence[str]) -> tuple[str, ...]:
    notes = [
        f"Whether {one.name} was trained on any of these passages is not known: no run tells." for one in (old, new) if one.learned is None
    ]
    for one, other in ((old, new), (new, old)):
        alone = [frame for frame in one.model.codebook.names if frame not in other.model.codebook.names]
        if alone:
            notes.append(f"Only {one.name} knows {', '.join(alone)}, which is left out.")
    texts = [{frame.name: frame for frame in one.model.codebook.frames} for one in (old, new)]
    otherwise = [frame for frame in frames if texts[0][frame] != texts[1][frame]]
    if otherwise:
        notes.append(f"The two codebooks define {', '.join(otherwise)} in different words.")
    return tuple(notes)
