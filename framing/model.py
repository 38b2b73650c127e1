"""A model that labels text: encoder, heads, codebook and evidence meet here."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook
from framing.encoder import Encoder, Vectors
from framing.evidence import carrying_sentences
from framing.features import TermWeights
from framing.heads import UNSURE, Array, Bags, Heads
from framing.language import language_of
from framing.parts import MOST_PARTS, with_parts
from framing.prediction import (
    DECISIONS,
    DocumentAnswer,
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

    @classmethod
    def joined(cls, readings: Sequence[Reading]) -> Reading:
        """One reading of all texts of several, at least one, in order."""
        return cls(
            np.concatenate([reading.probabilities for reading in readings]),
            np.concatenate([reading.decisions for reading in readings]),
            np.concatenate([reading.truncated for reading in readings]),
            [language for reading in readings for language in reading.languages],
            [reader for reading in readings for reader in reading.readers],
        )

    def singles(self) -> list[Reading]:
        """A reading of each text (n = 1), which holds no memory of the others."""

        def single(row: int) -> Reading:
            at = slice(row, row + 1)
            arrays = self.probabilities[at].copy(), self.decisions[at].copy(), self.truncated[at].copy()
            return Reading(*arrays, self.languages[at], self.readers[at])

        return [single(row) for row in range(len(self.languages))]


@dataclass(frozen=True, slots=True)
class ToRead:
    """Texts (n,), at least one, that a labelling needs read, and the language of each (n,), None where it is not known yet."""

    texts: Sequence[str]
    languages: Sequence[str | None]

    def at(self, rows: Sequence[int]) -> ToRead:
        """Only the texts in these rows."""
        return ToRead([self.texts[row] for row in rows], [self.languages[row] for row in rows])


Labelling = Generator[ToRead, Reading, DocumentAnswer]
"""Asks for what it needs read, is sent the reading, and returns the answer: who reads, in which order and where, is left open."""


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

    def predict(self, text: str, split: Split = "paragraph", evidence: bool = True) -> DocumentAnswer:
        """Label each passage of `text`; with `evidence`, say which sentences carry each present frame.

        Raises TextError if there is no text, or `split` is unknown.
        """
        steps = self.labelling(text, split, evidence)
        try:
            asked = next(steps)
            while True:
                asked = steps.send(self.read(asked.texts, asked.languages))
        except StopIteration as end:
            answer: DocumentAnswer = end.value
            return answer

    def labelling(self, text: str, split: Split = "paragraph", evidence: bool = True) -> Labelling:
        """What `predict` does, in steps between which the texts that are asked for are read."""
        language = language_of(text)
        return (yield from self.labelling_passages(split_passages(text, split, language, sentences=evidence), text, language, evidence))

    def labelling_passages(self, passages: Sequence[Passage], text: str, language: str, evidence: bool = True) -> Labelling:
        """The same for the passages of a text in that language, which were split with their sentences where evidence is asked for."""
        scored = [passage for passage in passages if passage.left_out is None]
        texts = [passage.text for passage in scored]
        answers: list[PassageAnswer] = []
        if scored:
            known = [language] if texts == [text] else [None if language == "en" else language_of(each, language) for each in texts]
            reading = yield ToRead(texts, known)
            answers = [self._answer(passage, reading, row) for row, passage in enumerate(scored)]
        if evidence:
            answers = yield from _with_evidence(scored, answers)
        labelled = iter(answers)
        ordered = tuple(next(labelled) if passage.left_out is None else _left_out(passage, language) for passage in passages)
        return DocumentAnswer(ordered, profile(ordered, self.codebook.names), self.identity)

    def score(self, texts: Sequence[str]) -> tuple[PassageAnswer, ...]:
        """Label each text as one passage, as given: no evidence, nothing left out."""
        return self.scored(texts, self.read(texts))

    def scored(self, texts: Sequence[str], reading: Reading) -> tuple[PassageAnswer, ...]:
        """What `score` makes of the reading of these texts."""
        return tuple(self._answer(Span(0, len(text), text), reading, row) for row, text in enumerate(texts))

    def read(self, texts: Sequence[str], known: Sequence[str | None] | None = None) -> Reading:
        """Encode texts and give their probabilities; each text's are the same whatever stands beside it.

        `known` (n,) are languages, given where they are known already, or better than from the texts alone.
        """
        languages = [given or language_of(text) for text, given in zip(texts, known or [None] * len(texts), strict=True)]
        readers = [self.reader_of(language) for language in languages]
        shape = (len(texts), len(self.codebook.names))
        reading = Reading(np.empty(shape), np.empty(shape, np.int8), np.zeros(len(texts), np.bool_), languages, readers)
        for reader in (self,) if self.fallback is None else (self, self.fallback):
            rows = [row for row, other in enumerate(readers) if other is reader]
            if not rows:
                continue
            asked = [texts[row] for row in rows]
            encoded = reader.encoder.encode(asked)
            vectors: Vectors | Bags = encoded.vectors
            if reader.heads.parts:
                vectors = with_parts(reader.encoder, asked, [languages[row] for row in rows], encoded.vectors)
                reading.truncated[rows] = vectors.counts == MOST_PARTS  # or hardly ever just as many as there are
            terms = None if reader.vocabulary is None else [reader.vocabulary.transform(text) for text in asked]
            reading.probabilities[rows] = reader.heads.probabilities(vectors, terms)
            reading.decisions[rows] = reader.heads.decide(reading.probabilities[rows])
            reading.truncated[rows] |= encoded.truncated
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


def _with_evidence(passages: Sequence[Passage], answers: Sequence[PassageAnswer]) -> Generator[ToRead, Reading, list[PassageAnswer]]:
    """The answers with the carrying sentences of each frame; only passages with a present frame are read again."""
    pairs = [(sentence, answer) for passage, answer in zip(passages, answers, strict=True) for sentence in _to_read(passage, answer)]
    alone: Iterator[Array] = iter(())
    if pairs:
        # A sentence is read by the model that read its passage: alone it may be too short to tell its language.
        alone = iter((yield ToRead([sentence.text for sentence, _ in pairs], [answer.language for _, answer in pairs])).probabilities)
    return [_with_sentences(passage, answer, alone) for passage, answer in zip(passages, answers, strict=True)]


def _to_read(passage: Passage, answer: PassageAnswer) -> tuple[Span, ...]:
    """The sentences to read alone; a passage of one sentence was read already."""
    return passage.sentences if answer.present and len(passage.sentences) > 1 else ()


def _with_sentences(passage: Passage, answer: PassageAnswer, alone: Iterator[Array]) -> PassageAnswer:
    """The answer with its evidence; `alone` gives the probabilities (k,) of each sentence that was to be read, and of no more."""
    if not answer.present:
        return answer
    read = [next(alone) for _ in _to_read(passage, answer)]
    own = np.stack(read or [np.array([frame.probability for frame in answer.frames])])
    frames = (
        replace(frame, evidence=carrying_sentences(passage.sentences, own[:, column], frame.threshold))
        if frame.decision == "present"
        else frame
        for column, frame in enumerate(answer.frames)
    )
    return replace(answer, frames=tuple(frames))


def _left_out(passage: Passage, language: str) -> PassageAnswer:
    return PassageAnswer(passage.start, passage.end, passage.text, language=language, left_out=passage.left_out)
