"""A model that labels text: encoder, heads, codebook and evidence meet here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook
from framing.encoder import Encoder
from framing.evidence import carrying_sentences
from framing.features import TermWeights
from framing.heads import UNSURE, Array, Heads
from framing.language import language_of
from framing.prediction import (
    DECISIONS,
    DocumentAnswer,
    Evidence,
    FrameAnswer,
    ModelIdentity,
    PassageAnswer,
    ProfileEntry,
)
from framing.text import Passage, Span, Split, split_passages


@dataclass(frozen=True)
class Reading:
    """What is made of n texts: probabilities and decisions (n, k), whether each was cut off (n,), its language, and which model read it."""

    probabilities: Array
    decisions: NDArray[np.int8]
    truncated: NDArray[np.bool_]
    languages: Sequence[str]
    readers: Sequence[FramingModel]


@dataclass(frozen=True)
class FramingModel:
    """Labels text by the frames of its codebook; safe to share between threads."""

    codebook: Codebook
    encoder: Encoder
    vocabulary: TermWeights | None
    heads: Heads
    identity: ModelIdentity
    languages: tuple[str, ...] = ("en",)
    """Languages the model was trained on; text in another one is never more than unsure."""
    fallback: FramingModel | None = None
    """A model of the same frames that reads passages in languages which it was trained on and this one was not."""

    def predict(self, text: str, split: Split = "paragraph") -> DocumentAnswer:
        """Label each passage of `text`, with the sentences that carry each present frame.

        Raises TextError if there is no text, or `split` is unknown.
        """
        passages = split_passages(text, split)
        scored = [passage for passage in passages if passage.left_out is None]
        reading = self.read([passage.text for passage in scored])
        bare = [self._answer(passage, reading, row) for row, passage in enumerate(scored)]
        answers = iter(_with_evidence(answer, found) for answer, found in zip(bare, self._evidence(scored, bare), strict=True))
        ordered = tuple(next(answers) if passage.left_out is None else _left_out(passage) for passage in passages)
        return DocumentAnswer(ordered, profile(ordered, self.codebook.names), self.identity)

    def score(self, texts: Sequence[str]) -> tuple[PassageAnswer, ...]:
        """Label each text as one passage, as given: no evidence, nothing left out."""
        reading = self.read(texts)
        return tuple(self._answer(Span(0, len(text), text), reading, row) for row, text in enumerate(texts))

    def read(self, texts: Sequence[str], languages: Sequence[str] | None = None) -> Reading:
        """Encode texts and give their probabilities; each text's are the same whatever stands beside it.

        `languages` (n,) are given where they are known better than from the texts alone.
        """
        languages = [language_of(text) for text in texts] if languages is None else languages
        readers = [self.reader_of(language) for language in languages]
        shape = (len(texts), len(self.codebook.names))
        reading = Reading(np.empty(shape), np.empty(shape, np.int8), np.empty(len(texts), np.bool_), languages, readers)
        for reader in (self,) if self.fallback is None else (self, self.fallback):
            rows = [row for row, other in enumerate(readers) if other is reader]
            encoded = reader.encoder.encode([texts[row] for row in rows])
            terms = None if reader.vocabulary is None else [reader.vocabulary.transform(texts[row]) for row in rows]
            reading.probabilities[rows] = reader.heads.probabilities(encoded.vectors, terms)
            reading.decisions[rows] = reader.heads.decide(reading.probabilities[rows])
            reading.truncated[rows] = encoded.truncated
        reading.decisions[[language not in reader.languages for language, reader in zip(languages, readers, strict=True)]] = UNSURE
        return reading

    def reader_of(self, language: str) -> FramingModel:
        """The model that reads passages in a language: this one, or its fallback for those only that one was trained on."""
        if self.fallback is not None and language not in self.languages and language in self.fallback.languages:
            return self.fallback
        return self

    def _answer(self, span: Span | Passage, reading: Reading, row: int) -> PassageAnswer:
        language, truncated, reader = reading.languages[row], bool(reading.truncated[row]), reading.readers[row]
        frames = tuple(
            FrameAnswer(
                name,
                float(reading.probabilities[row, frame]),
                float(reader.heads.thresholds[frame]),
                float(reader.heads.floors[frame]),
                DECISIONS[reading.decisions[row, frame]],
            )
            for frame, name in enumerate(self.codebook.names)
        )
        warnings = tuple(self._warnings(language not in reader.languages, language, truncated))
        return PassageAnswer(span.start, span.end, span.text, frames, language, truncated, None, warnings, str(reader.identity))

    def _warnings(self, foreign: bool, language: str, truncated: bool) -> Iterator[str]:
        if foreign:
            trained = sorted({*self.languages, *(self.fallback.languages if self.fallback else ())})
            yield f"this model was trained on {', '.join(trained)}; the passage reads as {language}, so every frame is unsure"
        if truncated:
            yield "the passage is longer than the encoder reads; its end was not seen"

    def _evidence(self, passages: Sequence[Passage], answers: Sequence[PassageAnswer]) -> list[dict[str, tuple[Evidence, ...]]]:
        """The carrying sentences by frame, for each passage; only passages with a present frame are read again."""
        pairs = [
            (sentence, answer.language) for passage, answer in zip(passages, answers, strict=True) for sentence in _to_read(passage, answer)
        ]
        # A sentence is read by the model that read its passage: alone it may be too short to tell its language.
        alone = iter(self.read([sentence.text for sentence, _ in pairs], [language for _, language in pairs]).probabilities)
        found = []
        for passage, answer in zip(passages, answers, strict=True):
            own = np.array([next(alone) for _ in _to_read(passage, answer)])
            if answer.present and not len(own):
                own = np.array([[frame.probability for frame in answer.frames]])
            found.append(
                {
                    frame.frame: carrying_sentences(passage.sentences, own[:, column], frame.threshold)
                    for column, frame in enumerate(answer.frames)
                    if frame.decision == "present"
                }
            )
        return found


def profile(passages: Sequence[PassageAnswer], frames: Sequence[str]) -> tuple[ProfileEntry, ...]:
    """Share of the scored characters that stand in passages with each frame present, and unsure."""
    scored = [passage for passage in passages if passage.left_out is None]
    total = sum(passage.end - passage.start for passage in scored)
    entries = []
    for column, frame in enumerate(frames):
        shares = {
            decision: sum(passage.end - passage.start for passage in scored if passage.frames[column].decision == decision) / (total or 1)
            for decision in ("present", "unsure")
        }
        entries.append(ProfileEntry(frame, shares["present"], shares["unsure"]))
    return tuple(entries)


def _to_read(passage: Passage, answer: PassageAnswer) -> tuple[Span, ...]:
    """The sentences to read alone; a passage of one sentence was read already."""
    return passage.sentences if answer.present and len(passage.sentences) > 1 else ()


def _with_evidence(answer: PassageAnswer, evidence: dict[str, tuple[Evidence, ...]]) -> PassageAnswer:
    return replace(answer, frames=tuple(replace(frame, evidence=evidence.get(frame.frame, ())) for frame in answer.frames))


def _left_out(passage: Passage) -> PassageAnswer:
    return PassageAnswer(passage.start, passage.end, passage.text, left_out=passage.left_out)
