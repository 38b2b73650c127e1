"""The static encoder: a mean over word pieces, checked against its own table."""

import numpy as np
import pytest

from framing.encoder import StaticEncoder
from framing.errors import EncoderError

TEXTS = ["rain fell all day", "two presidents signed a contract for gas", "word " * 300]


@pytest.fixture
def encoder(compiled_encoder, tmp_path) -> StaticEncoder:
    """Over the small tokenizer, with one random vector for each of its word pieces."""
    (tmp_path / "tokenizer.json").write_bytes((compiled_encoder.folder / "tokenizer.json").read_bytes())
    pieces = len({*compiled_encoder._tokenizer.get_vocab()})
    np.savez(tmp_path / "static.npz", vectors=np.random.default_rng(0).normal(size=(pieces, 8)).astype(np.float16))
    return StaticEncoder(tmp_path)


def test_a_vector_is_the_direction_of_the_sum_of_its_word_pieces(encoder):
    ids = encoder._tokenizer.encode("rain fell", add_special_tokens=False).ids
    expected = encoder._table[ids].astype(float).sum(axis=0)
    assert len(ids) == 2
    assert np.allclose(encoder.encode(["rain fell"]).vectors[0], expected / np.linalg.norm(expected), atol=1e-3)


def test_a_text_has_the_same_vector_alone_and_beside_others(encoder):
    alone = np.vstack([encoder.encode([text]).vectors for text in TEXTS])
    assert np.array_equal(encoder.encode(TEXTS).vectors, alone)


def test_word_order_is_lost_and_length_is_not_limited(encoder):
    assert np.allclose(encoder.encode(["rain fell"]).vectors, encoder.encode(["fell rain"]).vectors, atol=1e-6)
    start = "rain " * 300
    assert not np.array_equal(encoder.encode([start]).vectors, encoder.encode([start + "gas " * 300]).vectors)
    assert not encoder.encode([start]).truncated.any()


def test_a_text_without_a_word_piece_is_all_zeros(encoder):
    assert not encoder.encode([""]).vectors.any()
    assert encoder.encode([]).vectors.shape == (0, 8)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"nothing of the kind", "static.npz cannot be read"), (None, "static.npz is missing")],
)
def test_a_broken_or_missing_table_is_an_error_that_names_it(encoder, content, problem):
    table = encoder.folder / "static.npz"
    table.unlink()
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(EncoderError, match=problem):
        StaticEncoder(encoder.folder)


def test_a_table_of_another_vocabulary_is_refused(encoder):
    np.savez(encoder.folder / "static.npz", vectors=np.zeros((3, 8), np.float16))
    with pytest.raises(EncoderError, match=r"holds an array \(3, 8\); its tokenizer has \d+ word pieces"):
        StaticEncoder(encoder.folder)
