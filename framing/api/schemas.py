"""What goes in and comes out of the API, as its clients see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from framing.prediction import Decision, DocumentAnswer
from framing.text import Split

ACCEPTED_FIELDS = {0: "text, documents, split and evidence", 2: "id and text"}
"""Fields of a request by their depth in the body."""

OFFSET = "counted in characters (Unicode code points) from the start of the text that was sent; JavaScript counts UTF-16 units instead"


def _has_text(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("no_text", "has nothing to label: it is empty or only white space")
    place = text.find("\0")
    if place >= 0:
        raise PydanticCustomError("nul", "has a NUL character (U+0000) at offset {place}; remove it", {"place": place})
    return text


Text = Annotated[str, AfterValidator(_has_text), Field(description="Plain text, as it stands in the article; it is never altered.")]


class Document(BaseModel):
    """One of several texts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1, max_length=200, description="The answer for this text carries it; no two documents may share one.")
    text: Text


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a request, and where it stands in the body."""

    pointer: str
    text: str


class PredictRequest(BaseModel):
    """One text, or several documents; exactly one of the two."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["documents"]}]}
    )

    text: Text | None = None
    documents: list[Document] | None = Field(None, min_length=1)
    split: Split = Field("paragraph", description="What counts as one passage: the whole text, each paragraph, or each sentence.")
    evidence: bool = Field(
        True,
        description="Whether to say which sentences carry each present frame. They are read once more for it.",
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.text is None) == (self.documents is None):
            raise PydanticCustomError("not_one", "must have exactly one of text and documents")
        return self

    @field_validator("documents")
    @classmethod
    def _ids_differ(cls, documents: list[Document] | None) -> list[Document] | None:
        first: dict[str, int] = {}
        for number, document in enumerate(documents or ()):
            other = first.setdefault(document.id, number)
            if other != number:
                places = {"other": other, "number": number}
                raise PydanticCustomError("same_id", "must have different ids; {other} and {number} share one", places)
        return documents

    @property
    def places(self) -> list[Place]:
        """The texts in order."""
        if self.text is not None:
            return [Place("/text", self.text)]
        return [Place(f"/documents/{number}/text", document.text) for number, document in enumerate(self.documents or ())]


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class EvidenceBody(_Answer):
    """A sentence that carries a frame."""

    start: int = Field(description=f"Offset of its first character, {OFFSET}.")
    end: int = Field(description="Offset after its last character.")
    text: str
    probability: float = Field(description="Probability of the frame when the model reads this sentence alone.")


class FrameBody(_Answer):
    """What the model makes of one frame in one passage."""

    frame: str = Field(description="Name of the frame in the codebook.")
    probability: float = Field(description="Calibrated probability that the passage carries the frame, 0 to 1.")
    threshold: float = Field(description="The frame is present from this probability up.")
    floor: float = Field(description="The frame is absent below this probability, and unsure between the two.")
    decision: Decision
    evidence: list[EvidenceBody] = Field(description="The sentences that carry the frame, if it is present and evidence was asked for.")


class PassageBody(_Answer):
    """One passage."""

    start: int = Field(description=f"Offset of its first character, {OFFSET}.")
    end: int = Field(description="Offset after its last character.")
    text: str
    left_out: str | None = Field(description="Why the passage was not scored (web-page furniture, say); then it has no frames.")
    language: str = Field(description="ISO 639-1 code.")
    truncated: bool = Field(description="Whether the passage is longer than the encoder reads; its end was not seen then.")
    model: str = Field(
        description="Name and version of the model that answered, the fallback's for its languages; empty if the passage was left out."
    )
    warnings: list[str] = Field(description="Sentences about what a reader of the answer should know.")
    frames: list[FrameBody] = Field(description="Every frame of the codebook, in its order.")


class ProfileBody(_Answer):
    """How much of a text carries a frame, as a share of the characters that were scored, 0 to 1."""

    frame: str
    present: float
    unsure: float


class IdentityBody(_Answer):
    """Which model answered."""

    name: str
    version: str
    codebook: str = Field(description="Digest of the codebook, sha256.")
    run: str | None = Field(description="The MLflow run that trained the model, if one is known.")


class _Labelled(_Answer):
    passages: list[PassageBody] = Field(description="All of the text that is not white space, in order.")
    profile: list[ProfileBody] = Field(description="Every frame of the codebook, in its order.")
    left_out: int = Field(description="How many of the passages were not scored.")


class TextAnswer(_Labelled):
    """The answer for one text."""

    model: IdentityBody


class LabelledDocument(_Labelled):
    """The answer for one of several documents."""

    id: str


class DocumentsAnswer(BaseModel):
    """The answers for several documents, in the order they were sent."""

    documents: list[LabelledDocument]
    model: IdentityBody


class FrameDescription(_Answer):
    """One frame of the codebook, and where the model draws its lines."""

    name: str
    title: str
    definition: str
    includes: list[str]
    excludes: list[str]
    examples: list[str]
    threshold: float = Field(description="The frame is present from this probability up.")
    floor: float = Field(description="The frame is absent below this probability.")


class CodebookBody(BaseModel):
    """What the model looks for."""

    title: str
    frames: list[FrameDescription]


class CutsBody(BaseModel):
    """Where a model draws its lines for one frame."""

    name: str
    threshold: float
    floor: float


class FallbackBody(BaseModel):
    """The model for passages in languages that the other was not trained on."""

    model: IdentityBody
    languages: list[str]
    frames: list[CutsBody] = Field(description="Where it draws its lines.")


class LimitsBody(_Answer):
    """What one request may hold."""

    max_text_characters: int
    max_documents: int
    max_passages: int
    max_body_bytes: int


class ModelDescription(BaseModel):
    """The model that answers now."""

    model: IdentityBody
    codebook: CodebookBody
    languages: list[str] = Field(description="The languages it was trained on.")
    fallback: FallbackBody | None = Field(
        description="The model that reads passages in other languages, if one is installed; without it they are unsure."
    )
    limits: LimitsBody
    details: dict[str, Any] = Field(description="What its folder tells of its making: metrics and training data, as far as known.")


class Status(BaseModel):
    """Shown while all is well."""

    status: str = Field(examples=["ok"])


class FollowingBody(_Answer):
    """What the process says that mirrors the registry's champion into the model folder."""

    champion: str | None = Field(description="Number of the registered version that it put there last.")
    succeeded: str | None = Field(description="When the folder last held what the registry calls champion; ISO 8601, UTC.")
    problem: str | None = Field(description="Why it may not hold that now.")


class Readiness(Status):
    """Shown once a model is loaded."""

    status: str = Field(examples=["ready"])
    model: IdentityBody
    problem: str | None = Field(
        description="Why what stands in the model folder now cannot answer; `model` goes on. None while all is well."
    )
    following: FollowingBody | None = Field(description="None where the folder follows no registry.")


def answer_body(asked: PredictRequest, answers: Sequence[DocumentAnswer]) -> TextAnswer | DocumentsAnswer:
    """The body for answers in the order of what was asked."""
    if asked.documents is None:
        return TextAnswer.model_validate({**_labelled(answers[0]), "model": answers[0].model})
    pairs = zip(asked.documents, answers, strict=True)
    documents = [{"id": document.id, **_labelled(answer)} for document, answer in pairs]
    return DocumentsAnswer.model_validate({"documents": documents, "model": answers[0].model})


def _labelled(answer: DocumentAnswer) -> dict[str, Any]:
    return {"passages": answer.passages, "profile": answer.profile, "left_out": len(answer.left_out)}
