"""What the API says of the model that answers, made from the model."""

from __future__ import annotations

from dataclasses import asdict

from framing.api.schemas import (
    CodebookBody,
    CutsBody,
    FallbackBody,
    FollowingBody,
    FrameDescription,
    IdentityBody,
    LimitsBody,
    ModelDescription,
    Readiness,
)
from framing.api.settings import Settings
from framing.api.slot import ServedModel
from framing.following import Following
from framing.model import FramingModel


def describe_model(served: ServedModel, settings: Settings) -> ModelDescription:
    """The body that presents a model."""
    model = served.model
    lines = zip(model.codebook.frames, model.heads.thresholds, model.heads.floors, strict=True)
    return ModelDescription(
        model=IdentityBody.model_validate(model.identity),
        codebook=CodebookBody(
            title=model.codebook.title,
            frames=[FrameDescription(**asdict(frame), threshold=threshold, floor=floor) for frame, threshold, floor in lines],
        ),
        languages=list(model.languages),
        fallback=None if model.fallback is None else _describe_fallback(model.fallback),
        limits=LimitsBody.model_validate({**settings.model_dump(), "max_passages": settings.passages_at_most(len(model.codebook.names))}),
        details=dict(served.details),
    )


def describe_readiness(served: ServedModel, problem: str | None, following: Following | None) -> Readiness:
    """The body that says which model answers, what keeps a newer one from it, and how the folder follows the registry."""
    return Readiness(
        status="ready",
        model=IdentityBody.model_validate(served.model.identity),
        problem=problem,
        following=None if following is None else FollowingBody.model_validate(following),
    )


def _describe_fallback(model: FramingModel) -> FallbackBody:
    lines = zip(model.codebook.names, model.heads.thresholds, model.heads.floors, strict=True)
    return FallbackBody(
        model=IdentityBody.model_validate(model.identity),
        languages=list(model.languages),
        frames=[CutsBody(name=name, threshold=threshold, floor=floor) for name, threshold, floor in lines],
    )
