"""The texts that coders disagree on, as a queue for an adjudicator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from framing.labels.current import CodedText, CurrentLabels


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A text on which coders disagree, and what each of them says."""

    text: str
    text_digest: str
    id: str
    group: str
    style: str | None
    language: str | None
    answers: Mapping[str, tuple[str, ...]]
    """Frames by coder."""
    disputed: tuple[str, ...]
    """The frames that only some of them see, in the order of the codebook."""

    def as_row(self) -> dict[str, Any]:
        """Plain JSON values. With `frames` and `coder` added, the row is a decision that `framing labels import` takes."""
        answers = {coder: list(frames) for coder, frames in self.answers.items()}
        row = {"id": self.id, "group": self.group, "text": self.text, "style": self.style, "language": self.language}
        return {**row, "disputed": list(self.disputed), "answers": answers}


def disagreements(current: CurrentLabels) -> Iterator[Disagreement]:
    """Texts on which nobody has decided yet: those with the most disputed frames first, then in the order in which they came."""
    open_texts = [text for text in current.texts if text.disputed and text.adjudication is None]
    for text in sorted(open_texts, key=lambda text: -len(text.disputed)):
        yield _disagreement(text, current)


def _disagreement(text: CodedText, current: CurrentLabels) -> Disagreement:
    first = min(text.answers, key=lambda kept: kept.id)
    origin = text.origin
    return Disagreement(
        text=first.label.text,
        text_digest=first.text_digest,
        id=current.row_id(text, origin.id),
        group=text.group,
        style=origin.style,
        language=origin.language,
        answers={kept.label.coder: kept.label.frames for kept in text.answers},
        disputed=tuple(name for name in current.codebook.names if name in text.disputed),
    )
