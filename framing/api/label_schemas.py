"""Labels as clients of the API send, ask for and get them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from framing.api.schemas import Text
from framing.labels import KeptLabel, Label, LabelPage, LabelQuery, Origin, Role

_FIELDS = "text, frames, coder, role, replaces, withdrawn, codebook, document, start, end, id, group, style and language"
ACCEPTED_LABEL_FIELDS = {0: f"{_FIELDS}; or labels, a list of these", 2: _FIELDS}
ACCEPTED_QUERIES = {"/v1/labels": "coder, frame, since, history, cursor and limit", "/v1/labels/next": "count"}

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _without_nul(name: str) -> str:
    if "\0" in name:
        raise PydanticCustomError("nul", "holds a NUL character, which no name has")
    return name


def _date_first(value: object) -> object:
    """Digits alone would count as seconds since 1970, a year too."""
    if isinstance(value, str) and not _DATE.match(value):
        raise PydanticCustomError("datetime_parsing", "is no time")
    return value


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("no_time", "lies outside the years 1 to 9999 in UTC") from error


class LabelBody(BaseModel):
    """One person's answer on one text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text
    frames: list[str] = Field(default=[], description="Frames of the codebook that the text carries; none if it carries none.")
    coder: _Name = Field(description="Who says so.")
    role: Role = Field("coder", description="An adjudicator decides between coders, and replaces none of their labels.")
    replaces: _Number | None = Field(None, description="The coder's last label on this text, if there is one; this one takes its place.")
    withdrawn: bool = Field(False, description="Takes the label it replaces back, with no other answer in its place.")
    codebook: str | None = Field(
        None, max_length=64, description="Digest of the coder's codebook; the label is refused if the model has another."
    )
    document: _Name | None = Field(None, description="The document that the text is a passage of.")
    start: int | None = Field(None, ge=0, le=2**31 - 1, description="Offset of the passage's first character in the document.")
    end: int | None = Field(None, ge=1, le=2**31 - 1, description="Offset after its last character.")
    id: _Name | None = Field(None, description="A name for the passage, which an export gives back.")
    group: _Name | None = Field(None, description="Passages of one group are never split between training and test.")
    style: _Name | None = None
    language: str | None = Field(None, min_length=2, max_length=2, description="ISO 639-1 code.")

    def as_label(self) -> Label:
        """The label that is asked to be kept."""
        origin = Origin(self.document, self.start, self.end, self.id, self.group, self.style, self.language)
        return Label(self.text, tuple(self.frames), self.coder, self.role, self.replaces, self.withdrawn, origin, self.codebook)


class LabelsBody(BaseModel):
    """Several labels, of which all are kept or none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    labels: list[LabelBody] = Field(min_length=1)


class KeptLabelBody(BaseModel):
    """A label in the store."""

    label: int = Field(description="Its number; it grows in the order in which labels were kept.")
    text: str
    text_digest: str = Field(description="sha256 over the text in composed characters, with any white space as one space.")
    frames: list[str]
    coder: str
    role: Role
    replaces: int | None
    withdrawn: bool
    codebook: str = Field(description="Digest of the codebook that the coder followed.")
    kept_at: datetime = Field(description="In UTC.")
    document: str | None
    start: int | None
    end: int | None
    id: str | None
    group: str | None
    style: str | None
    language: str | None

    @classmethod
    def of(cls, kept: KeptLabel) -> Self:
        """The body for a label that was kept."""
        label, origin = kept.label, kept.label.origin
        return cls(
            label=kept.id, text=label.text, text_digest=kept.text_digest, frames=list(label.frames), coder=label.coder, role=label.role,
            replaces=label.replaces, withdrawn=label.withdrawn, codebook=kept.codebook, kept_at=kept.kept_at, document=origin.document,
            start=origin.start, end=origin.end, id=origin.id, group=origin.group, style=origin.style, language=origin.language,
        )  # fmt: skip


class KeptLabelsBody(BaseModel):
    """Labels that were kept together, in the order in which they were sent."""

    labels: list[KeptLabelBody]


class LabelPageBody(KeptLabelsBody):
    """Labels in the order in which they were kept."""

    next: str | None = Field(description="The `cursor` of the next page; null at the end.")

    @classmethod
    def of(cls, page: LabelPage) -> Self:
        """The body for a page of labels."""
        return cls(labels=[KeptLabelBody.of(kept) for kept in page.labels], next=None if page.next is None else str(page.next))


class LabelQueryBody(BaseModel):
    """Which labels are asked for."""

    model_config = ConfigDict(extra="forbid")

    coder: Annotated[_Name, AfterValidator(_without_nul)] | None = None
    frame: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]{0,63}$", description="Only labels that name this frame.")
    since: Annotated[AwareDatetime, BeforeValidator(_date_first), AfterValidator(_in_utc)] | None = Field(
        None, description="Only labels kept then or later: ISO 8601 with a zone."
    )
    history: bool = Field(False, description="Also labels that were replaced or withdrawn.")
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,10}$", description="The `next` of the page before.")
    limit: int = Field(100, ge=1, le=1000)

    def as_query(self) -> LabelQuery:
        """What the store is asked."""
        return LabelQuery(self.coder, self.frame, self.since, self.history, min(int(self.cursor or 0), 2**31 - 1), self.limit)
