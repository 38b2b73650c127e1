"""What heads learn from, as a recipe asks for it: the same as what they are given when serving."""

from dataclasses import replace

import numpy as np

from framing.data import Dataset, LabelledPassage
from framing.heads import Bags
from framing.parts import parts_of
from tests.conftest import WordEncoder
from training.cache import TextCache
from training.hidden_units import HiddenUnits
from training.recipes import Recipe
from training.vectors import features_of

WHOLE = Recipe("whole", "linear heads")
PARTS = replace(WHOLE, hidden=HiddenUnits(least_passages=2))
GERMAN = "Am Montag regnete es den ganzen Tag. Danach gab der Bürgermeister evtl. Warnungen aus, lange nach dem Ende des Regens."


def passages(codebook, language: str | None) -> Dataset:
    texts = (GERMAN, "It rained. He left.")
    return Dataset(codebook, tuple(LabelledPassage(str(row), text, (), str(row), language=language) for row, text in enumerate(texts)))


def test_linear_heads_learn_from_vectors_of_whole_passages_and_so_do_hidden_units_that_too_few_passages_would_teach(tiny_codebook):
    data = passages(tiny_codebook, None)
    too_few = replace(WHOLE, hidden=HiddenUnits(least_passages=3))
    no_parts = replace(WHOLE, hidden=HiddenUnits(least_passages=2, parts=False))
    for recipe in (WHOLE, too_few, no_parts):
        assert np.array_equal(features_of(data, recipe, WordEncoder()), WordEncoder().encode(data.texts).vectors)


def test_hidden_units_learn_from_the_parts_too_cut_by_the_language_that_is_said_or_else_read(tiny_codebook, tmp_path):
    assert parts_of(GERMAN, "de") != parts_of(GERMAN, "fr")
    for said, languages in ((None, ("de", "en")), ("fr", ("fr", "fr"))):
        data = passages(tiny_codebook, said)
        bags = features_of(data, PARTS, WordEncoder(), TextCache(tmp_path))
        assert isinstance(bags, Bags)
        parts = [parts_of(text, language) for text, language in zip(data.texts, languages, strict=True)]
        assert bags.counts.tolist() == list(map(len, parts))
        assert np.array_equal(bags.parts, WordEncoder().encode([part for each in parts for part in each]).vectors)
        assert np.array_equal(bags.wholes, WordEncoder().encode(data.texts).vectors)
