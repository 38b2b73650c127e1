"""What was asked for as work for the queue: what it costs, and the job that labels it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from framing.api import problems
from framing.api.problems import Problem, invalid_place
from framing.api.queue import Job
from framing.api.schemas import Place, PredictRequest, answer_body
from framing.errors import TextError
from framing.model import FramingModel, Labelling
from framing.prediction import DocumentAnswer
from framing.text import language_of, split_passages

TEXT_COST = 200
"""Characters that a text costs beside its own: a run of the encoder takes its time for the shortest, too."""


def cost_of(asked: PredictRequest) -> int:
    """Characters to be read, those that stand for the runs included."""
    return sum(TEXT_COST + len(place.text) for place in asked.places)


class _Passages:
    """Counts the passages of one request, whose texts several threads split."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found = 0
        self._lock = Lock()

    def add(self, found: int) -> None:
        """Raises Problem once there are too many: each is some kilobytes of answer, however short it is."""
        with self._lock:
            self._found += found
            found = self._found
        if found > self._most:
            detail = f"A request may hold at most {self._most:,} passages; this one holds {found:,} or more. Send its texts in several."
            raise Problem(problems.TOO_LARGE, detail)


def job_for(asked: PredictRequest, model: FramingModel, most_passages: int) -> Job:
    """The job whose result is the body of the answer, as JSON. It fails with Problem where a text cannot be labelled, and where there
    are more passages than that."""
    passages = _Passages(most_passages)

    def finish(answers: Sequence[DocumentAnswer]) -> bytes:
        return answer_body(asked, answers).model_dump_json().encode()

    return Job(model, [_labelling(asked, place, model, passages) for place in asked.places], finish)


def _labelling(asked: PredictRequest, place: Place, model: FramingModel, passages: _Passages) -> Labelling:
    try:
        language = language_of(place.text)
        found = split_passages(place.text, asked.split, language, sentences=asked.evidence)
        passages.add(len(found))
        return (yield from model.labelling_passages(found, place.text, language, asked.evidence))
    except TextError as error:
        raise invalid_place(place.pointer, f"cannot be labelled: {error}") from error
