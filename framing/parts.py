"""The sentences and clauses of a text, for heads that read these beside the whole: what a frame is told in may be half a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from framing.encoder import Encoder, Vectors
from framing.heads import Bags
from framing.text import split_sentences

# How a text is cut, here and into sentences by framing.text, decides what a model that was trained on parts answers: a change asks for a
# new format of model folders.
MOST_CHARACTERS = 4000
"""Of what follows no parts are read."""
MOST_PARTS = 128
"""Nor of more than these: each is a run of the encoder, however short it is."""
_CLAUSE_END = re.compile(r"(?<=[,;:،؛])\s+|(?<=[，；：、])|(?<=[\u3400-\u9fff][,;:])(?=[\u3400-\u9fff])|\s+(?=[–—]\s)")
_LEAST_CHARACTERS = 30
"""A shorter piece goes with the one that follows it, and the last with the one before."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_LEAST_HAN_CHARACTERS = 10


def parts_of(text: str, language: str) -> tuple[str, ...]:
    """The sentences of a text, each followed by its clauses where it has several, up to MOST_PARTS; the text itself if there is none."""
    found = []
    for sentence in split_sentences(text[:MOST_CHARACTERS], language=language):
        clauses = tuple(_clauses(sentence.text))
        found += [sentence.text, *(clauses if len(clauses) > 1 else ())]
    return tuple(found[:MOST_PARTS]) or (text,)


def with_parts(encoder: Encoder, texts: Sequence[str], languages: Sequence[str], wholes: Vectors) -> Bags:
    """The vectors (n, dimensions) of texts in these languages (n,) with those of their parts, each different one encoded once."""
    parts = [parts_of(text, language) for text, language in zip(texts, languages, strict=True)]
    vectors = dict(zip(texts, wholes, strict=True))
    fresh = list(dict.fromkeys(part for each in parts for part in each if part not in vectors))
    if fresh:
        vectors |= zip(fresh, encoder.encode(fresh).vectors, strict=True)
    counts = np.array([len(each) for each in parts], np.intp)
    return Bags(wholes, np.stack([vectors[part] for each in parts for part in each]), counts)


def _clauses(sentence: str) -> Iterator[str]:
    """The sentence cut at its commas and the like, in pieces that say something; white space between them is lost."""
    least = _LEAST_HAN_CHARACTERS if _HAN.search(sentence) else _LEAST_CHARACTERS
    start = 0
    for end in (match.start() for match in _CLAUSE_END.finditer(sentence)):
        piece = sentence[start:end].strip()
        if len(piece) >= least and len(sentence) - end >= least:
            yield piece
            start = end
    yield sentence[start:].strip()
