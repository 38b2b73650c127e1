"""The trial of fewer layers: a transformer cut short, and taught to do as the whole one."""

from __future__ import annotations

import numpy as np

from benchmarks import layers
from benchmarks.layers import Tried, _vectors, shortened, table_rows, teach_likeness
from framing.encoder import CompiledEncoder
from framing.heads import ABSENT, PRESENT
from tests.test_training import weather
from training.metrics import Answers
from training.transformer.compile import compile_encoder
from training.transformer.finetune import FineTuning
from training.transformer.source import load_source


def test_a_short_transformer_has_the_first_layers_and_learns_the_vectors_of_the_whole_one(small_transformer):
    data, whole = weather(30), load_source(str(small_transformer))
    known = _vectors(whole, data.texts)
    short = shortened(whole, 1)
    assert (len(short[0].auto_model.encoder.layer), len(whole[0].auto_model.encoder.layer)) == (1, 2)
    wanted = known[:, ::-1].copy()  # those of one so small are much alike whatever its layers
    before = (_vectors(short, data.texts) * wanted).sum(axis=1).mean()
    teach_likeness(short, wanted, data, FineTuning(epochs=10, learning_rate=1e-3, batch_size=16))
    assert (_vectors(short, data.texts) * wanted).sum(axis=1).mean() > before + 0.3
    assert np.array_equal(_vectors(whole, data.texts), known)


def test_what_was_lost_and_won_is_told_beside_the_whole_one(small_transformer, tmp_path, monkeypatch):
    data = weather(30)
    right = np.where(data.labels, 0.9, 0.1)
    graph = compile_encoder(load_source(str(small_transformer)), tmp_path, threads=1)
    other = CompiledEncoder(tmp_path, 1)
    decided = np.where(data.labels, PRESENT, ABSENT).astype(np.int8)
    whole = Tried(2, Answers(right, decided, data.labels), graph)
    short = Tried(1, Answers(1 - right, PRESENT - decided, data.labels), other)
    monkeypatch.setattr(layers, "_seconds", lambda encoder, _: {graph: 3.0, other: 2.0}[encoder])
    first, second = table_rows([whole, short], data)
    assert first == ["2", "1.000 [1.000, 1.000]", "0.000 [0.000, 0.000]", "1.000 [1.000, 1.000]", "0.000 [0.000, 0.000]", "1"]
    assert (second[0], float(second[2][:5]) > 0.5, second[5]) == ("1", True, "1.50")
