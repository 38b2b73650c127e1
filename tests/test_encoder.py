"""The compiled encoder beside sentence-transformers, its source."""

import os
import subprocess
import sys

import numpy as np
import pytest

from framing.encoder import CompiledEncoder, available_cores
from framing.errors import EncoderError

TEXTS = [
    "The two presidents signed a contract for gas.",
    "Ankara offered to host the talks; neither side answered.",
    "A long passage. " * 60,
    "Короткий текст, 中文, and emoji 🙂.",
    "",
]


def test_a_text_has_the_same_vector_alone_and_beside_others(compiled_encoder):
    together = compiled_encoder.encode(TEXTS).vectors
    alone = np.vstack([compiled_encoder.encode([text]).vectors for text in TEXTS])
    assert np.array_equal(together, alone)


def test_vectors_have_length_one(compiled_encoder):
    assert np.allclose(np.linalg.norm(compiled_encoder.encode(TEXTS).vectors, axis=1), 1, atol=1e-5)


def test_no_texts_are_no_vectors(compiled_encoder):
    assert compiled_encoder.encode([]).vectors.shape == (0, compiled_encoder.dimensions)


def test_a_text_of_more_than_the_limit_of_word_pieces_is_said_to_be_cut(compiled_encoder):
    fits, cut = "word " * (compiled_encoder.max_pieces - 2), "word " * (compiled_encoder.max_pieces - 1)
    assert compiled_encoder.encode([fits, cut]).truncated.tolist() == [False, True]


def test_what_follows_the_limit_is_not_read(compiled_encoder):
    start = "word " * (compiled_encoder.max_pieces - 2)
    vectors = compiled_encoder.encode([start + "one", start + "two three"]).vectors
    assert np.array_equal(vectors[0], vectors[1])


def test_another_graph_has_another_fingerprint(compiled_encoder, tmp_path):
    for name in ("encoder.onnx", "tokenizer.json"):
        (tmp_path / name).write_bytes((compiled_encoder.folder / name).read_bytes())
    assert CompiledEncoder(tmp_path).fingerprint == compiled_encoder.fingerprint
    text = (tmp_path / "tokenizer.json").read_text()
    (tmp_path / "tokenizer.json").write_text(text + " ")
    assert CompiledEncoder(tmp_path).fingerprint != compiled_encoder.fingerprint


@pytest.mark.parametrize("name", ["encoder.onnx", "tokenizer.json"])
def test_a_broken_or_missing_file_is_an_error_that_names_it(compiled_encoder, tmp_path, name):
    for other in ("encoder.onnx", "tokenizer.json"):
        (tmp_path / other).write_bytes((compiled_encoder.folder / other).read_bytes())
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(EncoderError, match=name):
        CompiledEncoder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(EncoderError, match=f"{name} is missing"):
        CompiledEncoder(tmp_path)


def test_encoding_reports_nothing_to_anybody(compiled_encoder, tmp_path):
    """onnxruntime would leave a device number and a database of events in the home folder, to be sent."""
    program = f"from framing.encoder import CompiledEncoder; CompiledEncoder({str(compiled_encoder.folder)!r}).encode(['rain'])"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_process_takes_no_more_cores_than_it_is_told_to(monkeypatch):
    monkeypatch.delenv("FRAMING_THREADS", raising=False)
    every = available_cores()
    assert every >= 1
    for asked, cores in (("1", 1), (str(every + 1), every), ("", every)):
        monkeypatch.setenv("FRAMING_THREADS", asked)
        assert available_cores() == cores


@pytest.mark.parametrize("asked", ["0", "-1", "two", "1.5"])
def test_cores_that_are_no_number_are_refused(monkeypatch, asked):
    monkeypatch.setenv("FRAMING_THREADS", asked)
    with pytest.raises(EncoderError, match=f"FRAMING_THREADS is '{asked}'; accepted is a whole number from 1 up"):
        available_cores()
