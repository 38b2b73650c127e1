"""What was asked for as work for the queue: what it costs, and the job that labels it."""

from __future__ import annotations

from collections.abc import Sequence

from framing.api.problems import invalid_place
from framing.api.queue import Job
from framing.api.schemas import Place, PredictRequest, answer_body
from framing.errors import TextError
from framing.model import FramingModel, Labelling
from framing.prediction import DocumentAnswer

TEXT_COST = 200
"""Characters that a text costs beside its own: a run of the encoder takes its time for the shortest, too."""


def cost_of(asked: PredictRequest) -> int:
    """Characters to be read, those that stand for the runs included."""
    return sum(TEXT_COST + len(place.text) for place in asked.places)


def job_for(asked: PredictRequest, model: FramingModel) -> Job:
    """The job whose result is the body of the answer, as JSON. It fails with Problem where a text cannot be labelled."""

    def finish(answers: Sequence[DocumentAnswer]) -> bytes:
        return answer_body(asked, answers).model_dump_json().encode()

    return Job(model, [_labelling(asked, place, model) for place in asked.places], finish)


def _labelling(asked: PredictRequest, place: Place, model: FramingModel) -> Labelling:
    try:
        return (yield from model.labelling(place.text, asked.split, asked.evidence))
    except TextError as error:
        raise invalid_place(place.pointer, f"cannot be labelled: {error}") from error
